package diagnose

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// What is said of a host fits what it is, and what it is called.
func TestInspectWords(t *testing.T) {
	prefix := netip.MustParsePrefix
	on := func(dev, p string) func(*Inspection) {
		return func(in *Inspection) {
			d := in.Interface(dev)
			d.Addresses = append(d.Addresses, kernel.Address{Prefix: prefix(p)})
		}
	}
	for name, tt := range map[string]struct {
		vip  string
		edit func(*Inspection)
		says []string
		not  []string
	}{
		"the whole cure of a wide mask": {edit: func(in *Inspection) {
			in.Interface("lo").Addresses[1].Prefix = netip.PrefixFrom(testVIP, 24)
		}, says: []string{"sysctl -w net.ipv4.conf.all.arp_announce=2"}, not: []string{"127.0.0.1"}},
		"arp_ignore 3": {edit: func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 3, 2 }, says: []string{"scope global, on lo, too"}, not: []string{"With arp_ignore 0"}},
		"a port of a bridge": {edit: func(in *Inspection) {
			in.Interfaces = append(in.Interfaces, kernel.Interface{Name: "port", Settings: kernel.Settings{ARPIgnore: 1, ARPAnnounce: 2}})
			in.Links["port"] = Link{Master: "eth1"}
		}, says: []string{"arp_ignore is set on port (1), a port of eth1"}},
		"a director that is silent": {edit: func(in *Inspection) {
			in.Role, in.All.ARPIgnore = Director, 8
		}, says: []string{"Nobody finds this host at that address"}, not: []string{"the director cannot find it"}},
		"no interface": {vip: "192.168.1.98", edit: func(in *Inspection) {
			in.Role = RealServer
			for name, l := range in.Links {
				l.Segment = false
				in.Links[name] = l
			}
		}, says: []string{"it has no interface that is up"}, not: []string{"nothing to judge"}},
		"a near miss": {edit: func(in *Inspection) {
			in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2
			in.Boot = files(nil)
			in.Boot.Root = "/mnt"
			in.Boot.Near = func(name string) []string { return []string{"a line that misses " + name} }
		}, says: []string{"a line that misses arp_ignore", ">> /mnt/etc/sysctl.d/"}, not: []string{"line that counts"}},
		"a VIP that was left": {vip: "192.168.1.98", edit: func(in *Inspection) {
			in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2
			on("eth1", "192.168.1.98/32")(in)
		}, says: []string{"--role real-server judges it so"}},
		"rules": {edit: func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce, in.Rules = 1, 2, true }, says: []string{"inconclusive", "rules of its own"}},
	} {
		in := realServer(nil)
		in.Links["eth1"] = Link{Segment: true, MAC: evidence.MAC{2, 0, 0, 0, 0, 0x41}}
		vip := testVIP
		if tt.vip != "" {
			vip = netip.MustParseAddr(tt.vip)
		}
		tt.edit(in)
		r := Inspect(in, []netip.Addr{testVIP, vip})[1]
		text := fmt.Sprintf("%s %s %+v %+v", r.Verdict, r.Summary, r.Findings, r.Notes)
		for _, want := range tt.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", name, want, text)
			}
		}
		for _, no := range tt.not {
			if strings.Contains(text, no) {
				t.Errorf("%s: %q in %s", name, no, text)
			}
		}
	}
}

// Interfaces that do the same have one entry, addresses are listed up to a
// bound, and those that matter are all there.
func TestInspectAlike(t *testing.T) {
	in := realServer(func(h *Inspection) { h.All.ARPIgnore, h.All.ARPAnnounce = 1, 2 })
	for i := range 250 {
		name := fmt.Sprintf("cali%d", i)
		in.Interfaces = append(in.Interfaces, kernel.Interface{Name: name})
		in.Links[name] = Link{Segment: true}
	}
	for i := range 250 {
		nic := in.Interface("eth1")
		nic.Addresses = append(nic.Addresses, kernel.Address{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 32)})
	}
	r := Inspect(in, []netip.Addr{testVIP})[0]
	entries, all := len(r.Interfaces), 0
	for _, v := range r.Interfaces {
		all += 1 + len(v.Alike)
		if v.Name == "eth1" && len(v.Addresses)+v.Further != 251 {
			t.Errorf("eth1 has %d addresses and %d further", len(v.Addresses), v.Further)
		}
	}
	if all < 251 || entries > 4 {
		t.Errorf("%d interfaces in %d entries", all, entries)
	}
}
