package scenarios

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestHostChanges(t *testing.T) {
	lab := Start(t, Classic(Server{Ignore: 1, Announce: 2}))
	client, r1 := lab.Host("client"), lab.Host("r1")
	second := AddressSpec{Prefix: netip.MustParsePrefix("192.168.1.50/24")}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	answers := func(when string, want bool) {
		t.Helper()
		expected := 0
		if want {
			expected = 1
		}
		if got := len(whoHas(t, client, ClassicClient, second.Prefix.Addr(), expected)) > 0; got != want {
			t.Errorf("%s: answered = %t, want %t", when, got, want)
		}
	}

	answers("before the address is there", false)
	must("add", r1.AddAddress("eth1", second))
	answers("with the address", true)
	must("arp off", r1.SetARP("eth1", false))
	answers("with NOARP", false)
	must("arp on", r1.SetARP("eth1", true))
	answers("with ARP again", true)
	must("down", r1.SetUp("eth1", false))
	answers("when down", false)
	must("up", r1.SetUp("eth1", true))
	answers("when up again", true)
	must("rename", r1.RenameLink("eth1", "lan.100"))
	answers("when renamed", true)
	must("sysctl", r1.Sysctl("net.ipv4.conf.lan/100.arp_ignore", "8"))
	got, err := r1.SysctlGet("net/ipv4/conf/lan.100/arp_ignore")
	must("read sysctl", err)
	if got != "8" {
		t.Errorf("arp_ignore: got %q, want 8", got)
	}
	answers("with arp_ignore 8", false)
	must("sysctl", r1.Sysctl("net.ipv4.conf.lan/100.arp_ignore", "0"))
	must("del", r1.DelAddress("lan.100", second))
	answers("without the address", false)
	must("add", r1.AddAddress("lan.100", second))
	must("route", r1.AddRoute(RouteSpec{Destination: netip.MustParsePrefix("0.0.0.0/0"), Via: ClassicDirector}))
	must("delete", r1.DeleteLink("lan.100"))
	answers("without the card", false)

	err = r1.SetUp("lan.100", true)
	if err == nil || !strings.Contains(err.Error(), `host r1: interface "lan.100": there is no such interface`) {
		t.Errorf("got %v for a lost interface", err)
	}
}

func TestTCP(t *testing.T) {
	lab := Start(t, Classic())
	addr, err := lab.Host("director").ListenTCP(netip.AddrPortFrom(ClassicVIP, 0))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := lab.Host("client").DialTCP(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != "director\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDummyHoldsAnAddress(t *testing.T) {
	top := Classic(Server{Ignore: 0})
	service := AddressSpec{Prefix: netip.MustParsePrefix("10.96.0.1/32")}
	top.Hosts[2].Interfaces = append(top.Hosts[2].Interfaces,
		InterfaceSpec{Name: "kube-ipvs0", Kind: Dummy, NoARP: true, Addresses: []AddressSpec{service}})
	lab := Start(t, top)
	got := whoHas(t, lab.Host("client"), ClassicClient, service.Prefix.Addr(), 1)
	if len(got) != 1 || got[0] != macR1 {
		t.Errorf("got replies from %v, want %v: the address is local to r1", got, macR1)
	}
}

// Routes, a second segment and forwarding: the router answers by proxy.
func TestTwoSegments(t *testing.T) {
	net1, net2 := netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("10.0.2.0/24")
	eth := func(name, segment, addr string) InterfaceSpec {
		return InterfaceSpec{Name: name, Segment: segment, Addresses: []AddressSpec{{Prefix: netip.MustParsePrefix(addr)}}}
	}
	lab := Start(t, Topology{Hosts: []HostSpec{
		{Name: "a", Interfaces: []InterfaceSpec{eth("eth1", "one", "192.168.1.1/24")},
			Routes: []RouteSpec{{Destination: net2, Dev: "eth1"}}},
		{Name: "router", Interfaces: []InterfaceSpec{eth("eth1", "one", "192.168.1.254/24"), eth("eth2", "two", "10.0.2.254/24")},
			Sysctls: map[string]string{
				"net.ipv4.ip_forward":                       "1",
				"net.ipv4.conf.eth1.proxy_arp":              "1",
				"net.ipv4.neigh.eth1.proxy_delay":           "0",
				"net.ipv4.conf.default.promote_secondaries": "1",
			}},
		{Name: "b", Interfaces: []InterfaceSpec{eth("eth1", "two", "10.0.2.1/24")},
			Routes: []RouteSpec{{Destination: net1, Via: netip.MustParseAddr("10.0.2.254")}}},
	}})
	a, b := lab.Host("a"), netip.MustParseAddr("10.0.2.1")
	if err := a.Ping(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if mac, ok, err := a.Neighbour("eth1", b); mac != macOf(2) {
		t.Errorf("b is at %s (%t, %v), want the router's %s", mac, ok, err, macOf(2))
	}
}

func TestNetNSFromAnotherProcess(t *testing.T) {
	h := Start(t, Classic()).Host("client")
	var want string
	if err := h.Do(func() (err error) { want, err = os.Readlink("/proc/thread-self/ns/net"); return err }); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("stat", "-L", "-c", "net:[%i]", h.NetNS()).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != want {
		t.Errorf("%s is %q (%v), want %q", h.NetNS(), got, err, want)
	}
	// A command started by Do runs on the host.
	err = h.Do(func() error {
		out, err := exec.Command("readlink", "/proc/self/ns/net").Output()
		if got := strings.TrimSpace(string(out)); got != want {
			t.Errorf("a command ran in %q, want %q", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDo(t *testing.T) {
	h := Start(t, Classic()).Host("client")
	oops := errors.New("oops")
	if err := h.Do(func() error { return oops }); err != oops {
		t.Errorf("got %v, want the function's own error", err)
	}
	err := h.Do(func() error { runtime.Goexit(); return nil })
	if err == nil || !strings.Contains(err.Error(), "ended its goroutine") {
		t.Errorf("got %v after Goexit", err)
	}
}
