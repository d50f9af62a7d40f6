package inspect_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/kernel"
	"github.com/arpcheck/arpcheck/scenarios"
)

func TestReadHost(t *testing.T) {
	h := alone(t, func(h *scenarios.HostSpec) {
		h.Interfaces[0].Addresses = []scenarios.AddressSpec{addr("192.168.1.41/24"), addr("10.0.0.2/32"), addr("192.168.1.98/24")}
		h.Interfaces = append(h.Interfaces,
			scenarios.InterfaceSpec{Name: "eth1.100", Segment: "other", NoARP: true},
			scenarios.InterfaceSpec{Name: "hold", Kind: scenarios.Dummy, Addresses: []scenarios.AddressSpec{addr("192.168.1.97/32")}},
			scenarios.InterfaceSpec{Name: "gone", Segment: "lan", Addresses: []scenarios.AddressSpec{addr("172.16.0.1/24")}})
		h.Loopback = []scenarios.AddressSpec{
			{Prefix: netip.MustParsePrefix("192.168.1.99/32"), Scope: scenarios.ScopeHost},
			{Prefix: netip.MustParsePrefix("10.1.1.1/24"), Scope: scenarios.ScopeLink}}
		h.Routes = []scenarios.RouteSpec{
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("192.168.1.1")},
			{Destination: netip.MustParsePrefix("10.9.0.0/16"), Dev: "eth1.100"}}
		h.Sysctls = map[string]string{
			"net.ipv4.ip_forward":                             "1",
			"net.ipv4.conf.all.arp_ignore":                    "2",
			"net.ipv4.conf.eth1.arp_announce":                 "1",
			"net.ipv4.conf.eth1.rp_filter":                    "1",
			"net/ipv4/conf/eth1.100/proxy_arp":                "1",
			"net/ipv4/conf/eth1.100/arp_notify":               "1",
			"net.ipv4.conf.lo.arp_filter":                     "1",
			"net.ipv4.conf.default.accept_local":              "1",
			"net.ipv4.conf.hold.proxy_arp_pvlan":              "1",
			"net.ipv4.icmp_echo_ignore_all":                   "1",
			"net.ipv4.conf.hold.accept_local":                 "0",
			"net.ipv4.conf.eth1.accept_local":                 "0",
			"net/ipv4/conf/eth1.100/accept_local":             "0",
			"net.ipv4.conf.gone.accept_local":                 "0",
			"net.ipv4.conf.eth1.drop_unicast_in_l2_multicast": "1",
		}
	})
	if err := h.SetUp("gone", false); err != nil {
		t.Fatal(err)
	}
	ip(t, h, "neigh add proxy 192.168.1.77 dev eth1")
	// All of these are the kernel's or look like it; the peer alone brings a
	// route that the model knows.
	ip(t, h, "addr add 10.8.0.1 peer 10.8.0.0/24 dev eth1", "addr add 10.6.0.1/24 noprefixroute dev eth1",
		"route add 10.5.0.0/24 dev eth1 proto kernel metric 100")
	// The switch is off: ip_forward wrote to each interface, and this comes after.
	if err := h.Sysctl("net.ipv4.conf.hold.forwarding", "0"); err != nil {
		t.Fatal(err)
	}
	ip(t, h, "route add 10.4.0.0/24 nexthop via 192.168.1.2 dev eth1 nexthop dev eth1.100")

	var got inspect.Host
	err := inspect.InNetNS(h.NetNS(), func() (err error) {
		got, err = inspect.ReadHost()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string, scope kernel.Scope, secondary bool) kernel.Address {
		return kernel.Address{Prefix: netip.MustParsePrefix(s), Scope: scope, Secondary: secondary}
	}
	want := kernel.Host{
		All: kernel.Settings{ARPIgnore: 2, Forwarding: true}, IgnoreEcho: true,
		Interfaces: []kernel.Interface{
			{Name: "lo", Loopback: true, Settings: kernel.Settings{ARPFilter: true, AcceptLocal: true, Forwarding: true}, Addresses: []kernel.Address{
				at("127.0.0.1/8", kernel.ScopeHost, false), at("192.168.1.99/32", kernel.ScopeHost, false), at("10.1.1.1/24", kernel.ScopeLink, false)}},
			{Name: "eth1", Settings: kernel.Settings{ARPAnnounce: 1, RPFilter: 1, Forwarding: true, DropUnicastInL2Multicast: true}, Proxied: []netip.Addr{netip.MustParseAddr("192.168.1.77")},
				Addresses: []kernel.Address{at("192.168.1.41/24", 0, false), at("10.0.0.2/32", 0, false),
					{Prefix: netip.MustParsePrefix("10.8.0.1/32"), Peer: netip.MustParsePrefix("10.8.0.0/24")},
					{Prefix: netip.MustParsePrefix("10.6.0.1/24"), NoPrefixRoute: true}, at("192.168.1.98/24", 0, true)}},
			{Name: "eth1.100", NoARP: true, Settings: kernel.Settings{ProxyARP: true, ARPNotify: true, Forwarding: true}},
			{Name: "hold", Settings: kernel.Settings{ProxyPVLAN: true}, Addresses: []kernel.Address{at("192.168.1.97/32", 0, false)}},
			{Name: "gone", Down: true, Settings: kernel.Settings{Forwarding: true}, Addresses: []kernel.Address{at("172.16.0.1/24", 0, false)}},
		},
		Routes: []kernel.Route{
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth1", Via: netip.MustParseAddr("192.168.1.1")},
			{Destination: netip.MustParsePrefix("10.4.0.0/24"), Dev: "eth1", Via: netip.MustParseAddr("192.168.1.2")},
			{Destination: netip.MustParsePrefix("10.4.0.0/24"), Dev: "eth1.100", Further: true},
			{Destination: netip.MustParsePrefix("10.9.0.0/16"), Dev: "eth1.100"},
			{Destination: netip.MustParsePrefix("10.5.0.0/24"), Dev: "eth1"}},
	}
	same := cmp.Options{cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(kernel.Host{}),
		cmpopts.IgnoreFields(kernel.Route{}, "Rank"), cmpopts.IgnoreFields(kernel.Address{}, "Rank")}
	if diff := cmp.Diff(want, got.Host, same); diff != "" {
		t.Errorf("the host (-want +got):\n%s", diff)
	}
	if !got.Default.AcceptLocal {
		t.Error("net.ipv4.conf.default was not read")
	}
	for name, want := range map[string][2]bool{ // segment, holder
		"lo": {false, true}, "eth1": {true, false}, "eth1.100": {true, false}, "hold": {false, true}, "gone": {false, false},
	} {
		if l := got.Links[name]; [2]bool{l.Segment, l.Holder} != want {
			t.Errorf("%s: segment, holder: %+v, want %v", name, l, want)
		}
	}
}
