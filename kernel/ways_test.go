package kernel

import (
	"net/netip"
	"testing"
)

// Which way is taken, whose subnet an address is in, and what is local without
// an address. TestInspectLikeTheKernel of the command compares such hosts with
// real ones.
func TestWays(t *testing.T) {
	at, prefix := netip.MustParseAddr, netip.MustParsePrefix
	peered := func(h *Host) {
		h.Interface("eth1").Addresses = []Address{{Prefix: prefix("192.168.1.41/32"), Peer: prefix("192.168.1.1/24")}}
	}
	anyIP := func(h *Host) {
		h.Routes = append(h.Routes, Route{Destination: prefix("192.168.7.0/24"), Dev: "lo", Local: true})
	}
	localnet := all(func(s *Settings) { s.RouteLocalnet = true })
	elsewhere := on("other", "10.5.0.1/24")
	medium := func(a, b int) change {
		return func(h *Host) { h.Interface("eth1").MediumID, h.Interface("other").MediumID = a, b }
	}
	ranked := func(a, b int) change {
		return func(h *Host) {
			h.Interface("eth1").Addresses[0].Rank = a
			o := h.Interface("other")
			o.Addresses = append(o.Addresses, Address{Prefix: prefix("192.168.1.42/24"), Rank: b})
		}
	}
	for _, tc := range []struct {
		rule string
		host *Host
		ask  Stimulus
		want Reply
	}{
		{"arp_ignore 1: an address is confirmed by the subnet of its peer", host(peered, all(ignore(1))), whoHas(rip, client), AtOnce},
		{"which it is not in here", host(all(ignore(1)), func(h *Host) {
			h.Interface("eth1").Addresses = []Address{{Prefix: prefix("192.168.1.41/32"), Peer: prefix("10.9.9.1/32")}}
		}), whoHas(rip, client), Silent},
		{"a local route makes addresses local", host(anyIP), whoHas(at("192.168.7.9"), client), AtOnce},
		{"which no interface has", host(anyIP, all(ignore(1))), whoHas(at("192.168.7.9"), client), Silent},
		{"arp_ignore 3 finds no scope for them", host(anyIP, all(ignore(3))), whoHas(at("192.168.7.9"), client), Silent},
		{"route_localnet widens scope host", host(on("lo", "192.168.1.99/32", ScopeHost), all(ignore(3)), localnet), whoHas(vip, client), AtOnce},
		{"and only that does", host(on("lo", "192.168.1.99/32", ScopeHost), all(ignore(3))), whoHas(vip, client), Silent},
		{"proxy_arp", host(elsewhere, all(proxyARP), forwards, medium(0, 5)), whoHas(at("10.5.0.9"), client), Late},
		{"medium_id -1 is no proxy", host(elsewhere, all(proxyARP), forwards, medium(-1, 0)), whoHas(at("10.5.0.9"), client), Silent},
		{"nor one to it", host(elsewhere, all(proxyARP), forwards, medium(5, -1)), whoHas(at("10.5.0.9"), client), Silent},
		{"nor one on the same medium", host(elsewhere, all(proxyARP), forwards, medium(5, 5)), whoHas(at("10.5.0.9"), client), Silent},
		{"but on another", host(elsewhere, all(proxyARP), forwards, medium(5, 6)), whoHas(at("10.5.0.9"), client), Late},
		{"the better of two routes to a subnet is the way", host(ranked(1, 2), all(rpFilter(1))), whoHas(rip, client), AtOnce},
		{"whichever interface is first", host(ranked(2, 1), all(rpFilter(1))), whoHas(rip, client), Silent},
		{"what was a broadcast address first stays one", host(func(h *Host) {
			h.Interface("lo").Addresses = []Address{{Prefix: prefix("192.168.1.255/32"), Shadowed: true}}
		}), whoHas(at("192.168.1.255"), client), Silent},
	} {
		if got := tc.host.React(tc.ask).Reply; got != tc.want {
			t.Errorf("%s: %s, want it %s", tc.rule, got, tc.want)
		}
		if got := tc.host.Steady().React(tc.ask).Reply; got != tc.want {
			t.Errorf("%s, from memory: %s, want it %s", tc.rule, got, tc.want)
		}
	}
}

func TestSolicits(t *testing.T) {
	for _, tc := range []struct {
		rule string
		host *Host
		want netip.Addr
	}{
		{"0 announces the source", host(onLo), vip},
		{"1, too, in the subnet", host(onLo, all(func(s *Settings) { s.ARPAnnounce = 1 })), vip},
		{"which is the peer's", host(onLo, all(func(s *Settings) { s.ARPAnnounce = 1 }), func(h *Host) {
			h.Interface("eth1").Addresses = []Address{{Prefix: netip.MustParsePrefix("10.5.5.41/32"), Peer: netip.MustParsePrefix("192.168.1.1/24")}}
		}), vip},
		{"2 the own address", host(onLo, all(func(s *Settings) { s.ARPAnnounce = 2 })), rip},
		{"without one what is on lo", host(onLo, all(func(s *Settings) { s.ARPAnnounce = 2 }), func(h *Host) { h.Interface("eth1").Addresses = nil }), vip},
		{"NOARP asks nobody", host(onLo, noARP), netip.Addr{}},
	} {
		if got := tc.host.Solicits("eth1", vip, client); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.rule, got, tc.want)
		}
	}
}
