package kernel

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// What people do not expect, and the kernel does. TestModelOfHosts of package
// scenarios compares such hosts with real ones.
func TestCorners(t *testing.T) {
	at := netip.MustParseAddr
	down := func(name string) change { return func(h *Host) { h.Interface(name).Down = true } }
	noPrefix := func(h *Host) { h.Interface("eth1").Addresses[0].NoPrefixRoute = true }
	multipath := func(devs ...string) change {
		return func(h *Host) {
			h.Routes = nil
			for i, dev := range devs {
				h.Routes = append(h.Routes, Route{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: dev, Further: i > 0})
			}
		}
	}
	twice := func(h *Host) { multipath("other", "eth1")(h); h.Routes[1].Further = false }
	elsewhere := on("other", "10.5.0.1/24")
	echo := func(target, source netip.Addr, known bool) Stimulus {
		return Stimulus{Kind: Echo, In: "eth1", Sender: source, Target: target, Known: known}
	}
	for _, tc := range []struct {
		rule string
		host *Host
		ask  Stimulus
		want Reply
	}{
		{"an interface that is down keeps its addresses", host(on("other", "10.96.0.1/32"), down("other")), whoHas(at("10.96.0.1"), client), AtOnce},
		{"whatever their mask", host(on("other", "10.96.0.1/24"), down("other")), whoHas(at("10.96.0.1"), client), AtOnce},
		{"as their own they are martian", host(on("other", "10.96.0.1/32"), down("other")), whoHas(rip, at("10.96.0.1")), Silent},
		{"arp_ignore 3 asks for their scope, too", host(on("other", "10.96.0.1/32", ScopeHost), down("other"), all(ignore(3))), whoHas(at("10.96.0.1"), client), Silent},
		{"but not its subnets", host(on("other", "10.96.0.1/24"), down("other"), forwards, all(proxyARP)), whoHas(at("10.96.0.9"), client), Silent},
		{"which a gateway may lead to", host(on("other", "10.96.0.1/24"), down("other"), all(rpFilter(1))), whoHas(rip, at("10.96.0.9")), AtOnce},
		{"nor their broadcast addresses", host(on("other", "10.96.0.1/24"), down("other"), all(rpFilter(1))), whoHas(rip, at("10.96.0.255")), AtOnce},
		{"and it hears nothing itself", host(down("eth1")), whoHas(rip, client), Silent},

		{"forwarding is that of the interface", host(elsewhere, all(proxyARP), forwards), whoHas(at("10.5.0.9"), client), Late},
		{"not of the other one", host(elsewhere, all(proxyARP), func(h *Host) { h.Interface("other").Forwarding = true }), whoHas(at("10.5.0.9"), client), Silent},
		{"nor of all", host(elsewhere, all(proxyARP), all(func(s *Settings) { s.Forwarding = true })), whoHas(at("10.5.0.9"), client), Silent},

		{"rp_filter is content with any nexthop", host(onLo, multipath("other", "eth1"), all(rpFilter(1))), whoHas(vip, far), AtOnce},
		{"in any order", host(onLo, multipath("eth1", "other"), all(rpFilter(1))), whoHas(vip, far), AtOnce},
		{"if it is one of them", host(onLo, multipath("other", "another"), all(rpFilter(1))), whoHas(vip, far), Silent},
		{"of the first route", host(onLo, twice, all(rpFilter(1))), whoHas(vip, far), Silent},

		{"NOARP finds nobody", host(noARP), echo(rip, unused, false), Silent},
		{"but who was made known by hand", host(noARP), echo(rip, unused, true), AtOnce},

		{"the first address of a subnet asks like any other", host(all(rpFilter(1))), whoHas(rip, at("192.168.1.0")), AtOnce},
		{"the last does not", host(all(rpFilter(1))), whoHas(rip, at("192.168.1.255")), Silent},
		{"a wide mask on lo makes the first address local", host(on("lo", "192.168.7.99/24")), whoHas(at("192.168.7.0"), client), AtOnce},
		{"but not the last", host(on("lo", "192.168.7.99/24")), whoHas(at("192.168.7.255"), client), Silent},
		{"nor the last of a subnet in it", host(on("lo", "192.168.0.99/16")), whoHas(at("192.168.1.255"), client), Silent},

		{"noprefixroute brings no way back", host(noPrefix, noGateway, all(rpFilter(1))), whoHas(rip, client), Silent},
		{"but its broadcast address", host(noPrefix, all(rpFilter(1))), whoHas(rip, at("192.168.1.255")), Silent},
		{"and a gateway may do", host(noPrefix, all(rpFilter(1))), whoHas(rip, client), AtOnce},

		{"a stimulus of no kind is none", host(onLo), Stimulus{In: "eth1", Sender: client, Target: vip}, Silent},
		{"nor is one of an unknown kind", host(onLo), Stimulus{Kind: 7, In: "eth1", Sender: client, Target: vip, Known: true}, Silent},
	} {
		if got := tc.host.React(tc.ask).Reply; got != tc.want {
			t.Errorf("%s: it %s, want that it %s", tc.rule, got, tc.want)
		}
		if got := tc.host.Steady().React(tc.ask).Reply; got != tc.want {
			t.Errorf("%s, out of memory: it %s, want that it %s", tc.rule, got, tc.want)
		}
	}
}

// What is out of range has a name, too: a hypothesis or a file may hold anything.
func TestNames(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{ScopeGlobal.String(), "global"}, {ScopeLink.String(), "link"}, {ScopeHost.String(), "host"}, {Scope(9).String(), "scope 9"},
		{Silent.String(), "is silent"}, {AtOnce.String(), "replies at once"}, {Late.String(), "replies late"}, {Reply(9).String(), "reply 9"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

// A host that remembers reacts as one that does not, and what is made of it
// forgets.
func TestSteady(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	addrs := []netip.Addr{vip, rip, client, far, unused, nobody, away, netip.MustParseAddr("192.168.1.255")}
	devs := []string{"lo", "eth1", "other"}
	some := func() bool { return r.IntN(3) == 0 }
	for range 2000 {
		h := host()
		for range r.IntN(4) {
			h.Interfaces[r.IntN(3)].Addresses = append(h.Interfaces[r.IntN(3)].Addresses, Address{
				Prefix: netip.PrefixFrom(addrs[r.IntN(len(addrs))], []int{16, 24, 30, 32}[r.IntN(4)]), Scope: Scope(r.IntN(3)), NoPrefixRoute: some()})
		}
		for range r.IntN(3) {
			h.Routes = append(h.Routes, Route{Destination: netip.PrefixFrom(addrs[r.IntN(len(addrs))], 8*r.IntN(5)).Masked(), Dev: devs[r.IntN(3)], Further: some()})
		}
		for i := range h.Interfaces {
			in := &h.Interfaces[i]
			in.ARPIgnore, in.ARPAnnounce, in.RPFilter = r.IntN(4), r.IntN(3), r.IntN(3)
			in.ARPFilter, in.ProxyARP, in.ProxyPVLAN, in.AcceptLocal, in.Forwarding, in.NoARP, in.Down = some(), some(), some(), some(), some(), some(), some()
		}
		steady := h.Steady()
		for range 30 {
			s := Stimulus{Kind: Kind(1 + r.IntN(2)), In: devs[r.IntN(3)], Sender: addrs[r.IntN(len(addrs))], Target: addrs[r.IntN(len(addrs))], Broadcast: some(), Known: some()}
			if got, want := steady.React(s), h.React(s); got != want {
				t.Fatalf("seed %d: %+v: %+v, want %+v\n%+v", seed, s, got, want, h)
			}
		}
	}

	steady := host(onLo).Steady()
	steady.React(whoHas(vip, client))
	other := *steady
	other.Interfaces = host().Interfaces
	if got := other.React(whoHas(vip, client)).Reply; got != Silent {
		t.Errorf("a copy without the VIP %s", got)
	}
}
