package kernel

import (
	"fmt"
	"net/netip"
	"testing"
)

// The cast of the tests: a real server of the classic cluster and its segment.
var (
	vip    = netip.MustParseAddr("192.168.1.99")
	rip    = netip.MustParseAddr("192.168.1.41")
	client = netip.MustParseAddr("192.168.1.182")
	unused = netip.MustParseAddr("192.168.1.200")
	far    = netip.MustParseAddr("198.51.100.7")
	nobody = netip.IPv4Unspecified()
	away   = netip.MustParseAddr("10.9.9.99") // a VIP outside the subnet of the RIP
)

// A change turns the plain host, which has no VIP and no settings, into
// another one.
type change func(h *Host)

// host is lo, eth1 with the RIP, and another interface that leads elsewhere;
// the default route is by eth1.
func host(changes ...change) *Host {
	h := &Host{
		Interfaces: []Interface{
			{Name: "lo", Loopback: true, Addresses: []Address{{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Scope: ScopeHost}}},
			{Name: "eth1", Addresses: []Address{{Prefix: netip.PrefixFrom(rip, 24)}}},
			{Name: "other"},
		},
		Routes: []Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth1", Via: netip.MustParseAddr("192.168.1.1")}},
	}
	for _, c := range changes {
		c(h)
	}
	return h
}

// on adds an address to an interface.
func on(dev, prefix string, scope ...Scope) change {
	return func(h *Host) {
		a := Address{Prefix: netip.MustParsePrefix(prefix)}
		for _, s := range scope {
			a.Scope = s
		}
		in := h.Interface(dev)
		for _, b := range in.Addresses {
			a.Secondary = a.Secondary || a.Masked() == b.Masked()
		}
		in.Addresses = append(in.Addresses, a)
	}
}

func onLo(h *Host) { on("lo", "192.168.1.99/32")(h) }

// all, eth1 and lo change the settings of net.ipv4.conf.<name>.
func all(set func(*Settings)) change  { return func(h *Host) { set(&h.All) } }
func eth1(set func(*Settings)) change { return func(h *Host) { set(&h.Interface("eth1").Settings) } }
func lo(set func(*Settings)) change   { return func(h *Host) { set(&h.Interface("lo").Settings) } }

func ignore(n int) func(*Settings)   { return func(s *Settings) { s.ARPIgnore = n } }
func announce(n int) func(*Settings) { return func(s *Settings) { s.ARPAnnounce = n } }
func rpFilter(n int) func(*Settings) { return func(s *Settings) { s.RPFilter = n } }

func arpFilter(s *Settings)   { s.ARPFilter = true }
func proxyARP(s *Settings)    { s.ProxyARP = true }
func pvlan(s *Settings)       { s.ProxyPVLAN = true }
func acceptLocal(s *Settings) { s.AcceptLocal = true }
func noARP(h *Host)           { h.Interface("eth1").NoARP = true }
func noGateway(h *Host)       { h.Routes = nil }
func forwards(h *Host)        { h.Interface("eth1").Forwarding = true }

// routed sends what is for the VIP out of the other interface.
func routed(h *Host) {
	h.Routes = append(h.Routes, Route{Destination: netip.PrefixFrom(vip, 32), Dev: "other"})
}

// elsewhere sends what is for the unused address out of the other interface.
func elsewhere(h *Host) {
	h.Routes = append(h.Routes, Route{Destination: netip.PrefixFrom(unused, 32), Dev: "other"})
}

func whoHas(target, sender netip.Addr) Stimulus {
	return Stimulus{Kind: WhoHas, In: "eth1", Sender: sender, Target: target, Broadcast: true}
}

// answers writes down what a host replies to, in the order of the columns of
// the table of states: R for at once, L for late, - for silence.
func answers(h *Host, of netip.Addr, broadcast bool) string {
	var row string
	for _, s := range []Stimulus{whoHas(of, client), whoHas(of, nobody), whoHas(of, far), whoHas(unused, client), whoHas(rip, client), whoHas(rip, far)} {
		s.Broadcast = broadcast
		row += map[Reply]string{Silent: "-", AtOnce: "R", Late: "L"}[h.React(s).Reply]
	}
	return row
}

// The states of a real server with what they make of who-has for the VIP (from
// the subnet, from nobody, from off the subnet), for an unused address, and
// for the RIP (from the subnet, from off it). The truth test of package
// scenarios compares all of them with the real kernel, and many more.
func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		rule string
		host *Host
		want string
	}{
		{"without the VIP there is nothing to answer for", host(), "----RR"},
		{"0 answers for every address", host(onLo), "RRR-RR"},
		{"set on lo alone nothing changes", host(onLo, lo(ignore(1))), "RRR-RR"},
		{"lo does not lower what is set elsewhere either", host(onLo, lo(ignore(0)), all(ignore(1))), "----RR"},
		{"1 on all hides what is on lo", host(onLo, all(ignore(1))), "----RR"},
		{"1 on the NIC alone is enough", host(onLo, eth1(ignore(1))), "----RR"},
		{"1 hides what is on any other interface", host(on("other", "192.168.1.99/32"), all(ignore(1))), "----RR"},
		{"1 does not hide what is on the NIC", host(on("eth1", "192.168.1.99/32"), all(ignore(1))), "RRR-RR"},
		{"2 hides what is on lo, and all from off the subnet", host(onLo, all(ignore(2))), "----R-"},
		{"2 lets another address of the NIC vouch for a /32", host(on("eth1", "192.168.1.99/32"), all(ignore(2))), "RR--R-"},
		{"the greater of all and NIC counts", host(onLo, all(ignore(1)), eth1(ignore(2))), "----R-"},
		{"3 does not hide scope global", host(onLo, all(ignore(3))), "RRR-RR"},
		{"3 does not hide scope link", host(on("lo", "192.168.1.99/32", ScopeLink), all(ignore(3))), "RRR-RR"},
		{"3 hides scope host", host(on("lo", "192.168.1.99/32", ScopeHost), all(ignore(3))), "----RR"},
		{"0 does not care for the scope", host(on("lo", "192.168.1.99/32", ScopeHost)), "RRR-RR"},
		{"4 is 0", host(onLo, all(ignore(4))), "RRR-RR"},
		{"5 is 0", host(onLo, all(ignore(5))), "RRR-RR"},
		{"6 is 0", host(onLo, all(ignore(6))), "RRR-RR"},
		{"7 is 0", host(onLo, all(ignore(7))), "RRR-RR"},
		{"8 never answers, not even for the RIP", host(onLo, all(ignore(8))), "------"},
		{"NOARP never answers", host(onLo, noARP), "------"},
		{"a wide mask on lo makes the whole subnet local", host(on("lo", "192.168.1.99/24")), "RRRRRR"},
		{"1 hides a wide mask on lo too", host(on("lo", "192.168.1.99/24"), all(ignore(1))), "----RR"},
		{"a wide mask on the NIC makes nothing local but itself", host(on("eth1", "192.168.1.99/24")), "RRR-RR"},
		{"arp_filter wants the way back on the same interface", host(onLo, all(arpFilter), noGateway), "RR--R-"},
		{"arp_filter is content with a default route", host(onLo, all(arpFilter)), "RRR-RR"},
		{"strict rp_filter wants a way back", host(onLo, all(rpFilter(1)), noGateway), "RR--R-"},
		{"loose rp_filter wants one too", host(onLo, all(rpFilter(2)), noGateway), "RR--R-"},
		{"without rp_filter no way back is needed", host(onLo, noGateway), "RRR-RR"},
		{"a proxy answers late for what it routes to", host(forwards, routed, all(proxyARP)), "L-L-RR"},
		{"arp_ignore does not bind a proxy", host(forwards, routed, all(proxyARP), all(ignore(8))), "L-L---"},
		{"without forwarding there is no proxy", host(routed, all(proxyARP)), "----RR"},
		{"proxy_arp_pvlan answers for its own segment", host(forwards, all(pvlan)), "L-LLRR"},
		{"a proxy entry serves one address", host(forwards, routed, func(h *Host) { h.Interface("eth1").Proxied = []netip.Addr{vip} }), "L-L-RR"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := answers(tc.host, vip, true); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			// One host can be asked alone: only a proxy is quicker then.
			want := ""
			for _, c := range tc.want {
				want += map[rune]string{'L': "R", 'R': "R", '-': "-"}[c]
			}
			if got := answers(tc.host, vip, false); got != want {
				t.Errorf("in unicast: got %s, want %s", got, want)
			}
		})
	}
}

// A VIP of another subnet on the NIC is silent to real senders with 2, and
// still answers an ARP probe, whose sender counts as held.
func TestAnswersOtherSubnet(t *testing.T) {
	for _, tc := range []struct {
		value int
		want  string
	}{{0, "RRR-RR"}, {1, "RRR-RR"}, {2, "-R--R-"}, {3, "RRR-RR"}, {8, "------"}} {
		h := host(on("eth1", "10.9.9.99/32"), all(ignore(tc.value)))
		if got := answers(h, away, true); got != tc.want {
			t.Errorf("arp_ignore %d: got %s, want %s", tc.value, got, tc.want)
		}
	}
}

// Who asks with an address of the host itself is a martian, and gets no answer.
func TestMartians(t *testing.T) {
	for _, tc := range []struct {
		rule   string
		host   *Host
		ask    Stimulus
		answer Reply
	}{
		{"the RIP, from who claims to have the VIP", host(onLo), whoHas(rip, vip), Silent},
		{"the VIP, from who claims to have the RIP", host(onLo), whoHas(vip, rip), Silent},
		{"the VIP, from itself", host(onLo), whoHas(vip, vip), Silent},
		{"the RIP, from who has the VIP elsewhere", host(), whoHas(rip, vip), AtOnce},
		{"accept_local lets them in", host(onLo, all(acceptLocal)), whoHas(rip, vip), AtOnce},
		{"but strict rp_filter only by their own interface", host(onLo, all(acceptLocal), all(rpFilter(1))), whoHas(rip, vip), Silent},
		{"which that of the RIP is", host(onLo, all(acceptLocal), all(rpFilter(1))), whoHas(vip, rip), AtOnce},
		{"loopback addresses are never let in", host(onLo, all(acceptLocal)), whoHas(vip, netip.MustParseAddr("127.0.0.5")), Silent},
		{"nor asked for", host(onLo), whoHas(netip.MustParseAddr("127.0.0.1"), client), Silent},
		{"multicast is not asked for", host(onLo), whoHas(netip.MustParseAddr("224.0.0.18"), client), Silent},
		{"the segment's broadcast address is no host's", host(onLo), whoHas(netip.MustParseAddr("192.168.1.255"), client), Silent},
		{"nor on lo, where the rest of the subnet is local", host(on("lo", "192.168.1.99/24")), whoHas(netip.MustParseAddr("192.168.1.255"), client), Silent},
		{"which the first address of the subnet is, too", host(on("lo", "192.168.1.99/24")), whoHas(netip.MustParseAddr("192.168.1.0"), client), AtOnce},
		{"but a longer route is not local any more", host(on("lo", "192.168.1.99/24"), elsewhere), whoHas(unused, client), Silent},
		{"not even to an ARP probe", host(on("lo", "192.168.1.99/24"), elsewhere), whoHas(unused, nobody), Silent},
		{"nor does one ask, with rp_filter", host(onLo, all(rpFilter(1))), whoHas(vip, netip.MustParseAddr("192.168.1.255")), Silent},
		{"pvlan does not answer who asks for itself", host(forwards, all(pvlan)), whoHas(unused, unused), Silent},
	} {
		if got := tc.host.React(tc.ask).Reply; got != tc.answer {
			t.Errorf("%s: it %s, want that it %s", tc.rule, got, tc.answer)
		}
	}
}

// A frame on an interface that the host does not have reaches nobody.
func TestNoInterface(t *testing.T) {
	s := whoHas(vip, client)
	s.In = "eth7"
	if got := host(onLo).React(s); got != (Reaction{}) {
		t.Errorf("got %v, want nothing", got)
	}
	if got := new(Host).React(whoHas(vip, client)); got != (Reaction{}) {
		t.Errorf("the zero host: got %v, want nothing", got)
	}
}

// Example shows the one fact that most set-ups get wrong.
func Example() {
	h := host(onLo, lo(ignore(1)))
	fmt.Println("arp_ignore 1 on lo:  it", h.React(whoHas(vip, client)).Reply)
	h = host(onLo, eth1(ignore(1)))
	fmt.Println("arp_ignore 1 on eth1: it", h.React(whoHas(vip, client)).Reply)
	// Output:
	// arp_ignore 1 on lo:  it replies at once
	// arp_ignore 1 on eth1: it is silent
}
