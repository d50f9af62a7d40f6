package kernel

import (
	"net/netip"
	"testing"
)

// echoOf asks for an echo reply, as somebody whom the host does not know yet.
func echoOf(target, source netip.Addr) Stimulus {
	return Stimulus{Kind: Echo, In: "eth1", Sender: source, Target: target, Broadcast: true}
}

// What a holder of the VIP announces when it looks for who sent it an echo
// request.
func TestAnnounces(t *testing.T) {
	for _, tc := range []struct {
		rule string
		host *Host
		ask  Stimulus
		want netip.Addr
	}{
		{"0 announces the VIP", host(onLo), echoOf(vip, unused), vip},
		{"1 does so where it is in the subnet", host(onLo, all(announce(1))), echoOf(vip, unused), vip},
		{"2 announces the RIP", host(onLo, all(announce(2))), echoOf(vip, unused), rip},
		{"2 on the NIC alone is enough", host(onLo, eth1(announce(2))), echoOf(vip, unused), rip},
		{"2 on lo alone does nothing", host(onLo, lo(announce(2))), echoOf(vip, unused), vip},
		{"the greater of all and NIC counts", host(onLo, all(announce(2)), eth1(announce(1))), echoOf(vip, unused), rip},
		{"arp_ignore has no say", host(onLo, all(ignore(8))), echoOf(vip, unused), vip},
		{"0 announces a VIP of another subnet", host(on("lo", "10.9.9.99/32")), echoOf(away, unused), away},
		{"1 does not", host(on("lo", "10.9.9.99/32"), all(announce(1))), echoOf(away, unused), rip},
		{"2 does not", host(on("lo", "10.9.9.99/32"), all(announce(2))), echoOf(away, unused), rip},
		{"1 does if the NIC has its subnet", host(on("eth1", "10.9.9.99/24"), all(announce(1))), echoOf(away, unused), rip},
		{"2 prefers the first address of the subnet", host(on("eth1", "192.168.1.99/24"), all(announce(2))), echoOf(vip, unused), rip},
		{"2 takes a /32 only if nothing fits better", host(on("eth1", "192.168.1.99/32"), all(announce(2))), echoOf(vip, unused), rip},
		{"scope host is announced like any other", host(on("lo", "192.168.1.99/32", ScopeHost)), echoOf(vip, unused), vip},
		{"an echo for the RIP announces the RIP", host(onLo), echoOf(rip, unused), rip},
		{"who is far is reached by the gateway", host(onLo), echoOf(vip, far), vip},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := tc.host.React(tc.ask); got.Reply != AtOnce || got.Announces != tc.want {
				t.Errorf("got %v, want a reply and %s announced", got, tc.want)
			}
			tc.ask.Broadcast = false
			if got := tc.host.React(tc.ask); got.Reply != AtOnce || got.Announces != tc.want {
				t.Errorf("in a unicast frame: got %v, want a reply and %s announced", got, tc.want)
			}
			tc.ask.Known = true
			if got := tc.host.React(tc.ask); got.Reply != AtOnce || got.Announces.IsValid() {
				t.Errorf("from who is known: got %v, want a reply alone", got)
			}
		})
	}
}

// Where an echo request comes to nothing.
func TestEchoSilence(t *testing.T) {
	unicast := func(s Stimulus) Stimulus { s.Broadcast = false; return s }
	drop := func(s *Settings) { s.DropUnicastInL2Multicast = true }
	for _, tc := range []struct {
		rule string
		host *Host
		ask  Stimulus
		want Reaction
	}{
		{"without the VIP", host(), echoOf(vip, unused), Reaction{}},
		{"to an address that is only routed to", host(forwards, routed, all(proxyARP)), echoOf(vip, unused), Reaction{}},
		{"drop_unicast_in_l2_multicast, broadcast", host(onLo, all(drop)), echoOf(vip, unused), Reaction{}},
		{"drop_unicast_in_l2_multicast, unicast", host(onLo, eth1(drop)), unicast(echoOf(vip, unused)), Reaction{Reply: AtOnce, Announces: vip}},
		{"icmp_echo_ignore_all", host(onLo, func(h *Host) { h.IgnoreEcho = true }), unicast(echoOf(vip, unused)), Reaction{}},
		{"NOARP cannot find the way back", host(onLo, noARP), echoOf(vip, unused), Reaction{}},
		{"no way back", host(onLo, noGateway), echoOf(vip, far), Reaction{}},
		{"a wide mask on lo makes the source its own", host(on("lo", "192.168.1.99/24")), echoOf(vip, unused), Reaction{}},
		{"a martian source", host(onLo), echoOf(vip, rip), Reaction{}},
		{"who forwards has an error to send, from its own address", host(forwards), unicast(echoOf(vip, unused)), Reaction{Announces: rip}},
		{"from that of the subnet which is the way back", host(forwards, first("192.168.1.98/16")), unicast(echoOf(vip, unused)), Reaction{Announces: rip}},
		{"icmp_echo_ignore_all does not keep it from that", host(forwards, func(h *Host) { h.IgnoreEcho = true }), unicast(echoOf(vip, unused)), Reaction{Announces: rip}},
		{"but not about a broadcast frame", host(forwards), echoOf(vip, unused), Reaction{}},
		{"also when it routes it elsewhere", host(forwards, routed), unicast(echoOf(vip, unused)), Reaction{Announces: rip}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := tc.host.React(tc.ask); got.Reply != tc.want.Reply || got.Announces != tc.want.Announces {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// An interface without an address borrows one from another.
func TestBorrowedAddress(t *testing.T) {
	bare := func(changes ...change) *Host {
		h := host(changes...)
		h.Interface("eth1").Addresses = nil
		h.Routes = []Route{{Destination: netip.MustParsePrefix("192.168.1.0/24"), Dev: "eth1"}}
		return h
	}
	for _, tc := range []struct {
		rule string
		host *Host
		want netip.Addr
	}{
		{"from lo", bare(onLo, all(announce(2))), vip},
		{"from lo first", bare(on("other", "10.0.0.1/24"), onLo, all(announce(2))), vip},
	} {
		if got := tc.host.React(echoOf(vip, unused)).Announces; got != tc.want {
			t.Errorf("%s: announces %s, want %s", tc.rule, got, tc.want)
		}
	}
}

// first puts an address of scope link on the NIC; it comes before the RIP.
func first(prefix string) change {
	return func(h *Host) {
		in := h.Interface("eth1")
		in.Addresses = append([]Address{{Prefix: netip.MustParsePrefix(prefix), Scope: ScopeLink}}, in.Addresses...)
	}
}
