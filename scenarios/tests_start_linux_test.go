package scenarios

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// What a test gets wrong fails it, and says what would be right.
func TestStartWrong(t *testing.T) {
	Need(t)
	for name, plan := range map[string]Plan{"no such scenario": ByName("clasic"), "nothing": nil} {
		var r recorder
		if lab := Start(&r, plan); lab != nil || !r.failed || !strings.Contains(r.said, "classic, arp-ignore, ") {
			t.Errorf("%s: got %v, %q", name, lab, r.said)
		}
	}
	var r recorder
	lab := Start(&r, Classic(Server{}))
	defer lab.Close()
	if r.failed || lab.Host("client").Name != "client" {
		t.Fatal(r.said)
	}
	if h := lab.Host("clinet"); h != nil || !r.failed || r.said != `the lab has no host "clinet", only client, director, r1: did you mean client?` {
		t.Errorf("got %v, %q", h, r.said)
	}
}

// What is done on a host that is not there fails, and does no more.
func TestNoHost(t *testing.T) {
	lab, err := Build(Classic())
	if err != nil {
		Need(t)
		t.Fatal(err)
	}
	defer lab.Close()
	h, ctx, vip := lab.Host("nope"), context.Background(), netip.MustParseAddr("192.168.1.99")
	_, checked := h.Check(ctx, "eth1", Check{VIPs: []netip.Addr{vip}})
	_, listened := h.ListenTCP(netip.AddrPortFrom(vip, 80))
	_, dialled := h.DialTCP(ctx, netip.AddrPortFrom(vip, 80))
	_, read := h.SysctlGet("net.ipv4.ip_forward")
	_, mac := h.MAC("eth1")
	_, _, neighbour := h.Neighbour("eth1", vip)
	for name, err := range map[string]error{
		"Check": checked, "ListenTCP": listened, "DialTCP": dialled, "SysctlGet": read, "MAC": mac, "Neighbour": neighbour,
		"Do": h.Do(func() error { return nil }), "Ping": h.Ping(ctx, vip), "Sysctl": h.Sysctl("net.ipv4.ip_forward", "1"),
		"SetUp": h.SetUp("eth1", true), "SetARP": h.SetARP("eth1", true), "DeleteLink": h.DeleteLink("eth1"),
		"RenameLink": h.RenameLink("eth1", "eth2"), "FlushNeighbours": h.FlushNeighbours("eth1"),
	} {
		if !errors.Is(err, errNoHost) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if ns := h.NetNS(); ns != "" {
		t.Errorf("its namespace is %q", ns)
	}
}

// A check wants what the command line wants.
func TestHostCheckRefuses(t *testing.T) {
	lab := Start(t, Classic())
	for want, vips := range map[string][]netip.Addr{
		"there is no VIP to check":              nil,
		"VIP 0.0.0.0 is no host's address":      {netip.IPv4Unspecified()},
		"VIP invalid IP is not an IPv4 address": {{}},
		"VIP ::1 is not an IPv4 address":        {netip.IPv6Loopback()},
		"VIP 192.168.1.99 is there twice":       {ClassicVIP, ClassicVIP},
	} {
		_, err := lab.Host("client").Check(t.Context(), "eth1", Check{VIPs: vips})
		if err == nil || err.Error() != "check from host client: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
