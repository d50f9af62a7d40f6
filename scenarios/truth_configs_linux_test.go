package scenarios_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// A config is one configuration of the target, with the VIP that it is about.
type config struct {
	kernel.Host
	vip   netip.Addr
	place string
}

// plain is how the target starts: no VIP, all settings at their defaults.
func plain() kernel.Host {
	return kernel.Host{Interfaces: []kernel.Interface{
		{Name: "lo", Loopback: true, Addresses: []kernel.Address{{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Scope: kernel.ScopeHost}}},
		{Name: "eth1", Addresses: []kernel.Address{{Prefix: truthRIP}}},
		{Name: "eth2", Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(fenceTarget, 24)}}},
		{Name: "other"},
	}}
}

// The places that a VIP can have, by the name of the interface.
var places = []string{
	"absent",
	"lo/32", "lo/32 host", "lo/32 link", "lo/24",
	"other/32", "other/24", "other/32 host",
	"eth1/32", "eth1/24", "eth1/32 host", "eth1/32 link",
	"routed", // absent, with a route to it by the other interface
}

// placed is a configuration with the VIP in one of the places.
func placed(vip netip.Addr, place string, gateway bool) config {
	c := config{plain(), vip, place}
	if gateway {
		c.Routes = append(c.Routes, kernel.Route{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth1", Via: truthGateway})
	}
	where, scope, _ := strings.Cut(place, " ")
	dev, bits, _ := strings.Cut(where, "/")
	switch place {
	case "absent":
		return c
	case "routed":
		c.Routes = append(c.Routes, kernel.Route{Destination: netip.PrefixFrom(vip, 32), Dev: "other"})
		return c
	}
	a := kernel.Address{
		Prefix: netip.PrefixFrom(vip, map[string]int{"32": 32, "24": 24}[bits]),
		Scope:  map[string]kernel.Scope{"host": kernel.ScopeHost, "link": kernel.ScopeLink}[scope],
	}
	in := c.Interface(dev)
	// __inet_insert_ifa: the same mask and the same subnet.
	a.Secondary = slices.ContainsFunc(in.Addresses, func(b kernel.Address) bool { return a.Masked() == b.Masked() })
	in.Addresses = append(in.Addresses, a)
	return c
}

// single is every place with each setting by itself: what a reader of the
// documentation would try.
func single() (all []config) {
	for _, vip := range []netip.Addr{truthIn, truthOut} {
		for _, place := range places {
			add := func(gateway bool, change func(h *kernel.Host)) {
				c := placed(vip, place, gateway)
				change(&c.Host)
				all = append(all, c)
			}
			for _, of := range []func(h *kernel.Host) *kernel.Settings{
				func(h *kernel.Host) *kernel.Settings { return &h.All },
				func(h *kernel.Host) *kernel.Settings { return &h.Interface("eth1").Settings },
				func(h *kernel.Host) *kernel.Settings { return &h.Interface("lo").Settings },
			} {
				for ignore := range 9 {
					add(true, func(h *kernel.Host) { of(h).ARPIgnore = ignore })
				}
				for announce := range 3 {
					add(true, func(h *kernel.Host) { of(h).ARPAnnounce = announce })
				}
			}
			for _, gateway := range []bool{true, false} {
				for rp := range 3 {
					add(gateway, func(h *kernel.Host) { h.All.RPFilter = rp })
				}
				add(gateway, func(h *kernel.Host) { h.All.ARPFilter = true })
			}
			add(true, func(h *kernel.Host) { h.Interface("eth1").NoARP = true })
			add(true, func(h *kernel.Host) { h.Forwarding = true })
			add(true, func(h *kernel.Host) { h.Forwarding, h.Interface("eth1").ProxyARP = true, true })
		}
	}
	return all
}

// mixture is a random configuration of all that the model knows.
func mixture(r *rand.Rand) config {
	c := placed(pick(r, truthIn, truthOut), places[r.IntN(len(places))], r.IntN(2) == 0)
	often := func() bool { return r.IntN(2) == 0 }
	seldom := func() bool { return r.IntN(8) == 0 }
	settings := func(s *kernel.Settings) {
		if often() {
			s.ARPIgnore = pick(r, 0, 1, 2, 3, 8, r.IntN(9))
		}
		if often() {
			s.ARPAnnounce = r.IntN(3)
		}
		if often() {
			s.RPFilter = r.IntN(3)
		}
		s.ARPFilter, s.ProxyARP, s.ProxyPVLAN, s.AcceptLocal = seldom(), seldom(), seldom(), seldom()
		s.DropUnicastInL2Multicast = seldom()
	}
	settings(&c.All)
	settings(&c.Interface("eth1").Settings)
	settings(&c.Interface("lo").Settings)
	c.Forwarding = often()
	if seldom() {
		c.Interface("eth1").Proxied = []netip.Addr{c.vip}
	}
	c.Interface("eth1").NoARP = seldom()
	return c
}

// String says what differs from the defaults.
func (c config) String() string {
	text := []string{fmt.Sprintf("VIP %s: %s", c.vip, c.place)}
	say := func(of string, s kernel.Settings) {
		if s != (kernel.Settings{}) {
			text = append(text, fmt.Sprintf("%s %+v", of, s))
		}
	}
	say("all", c.All)
	for _, in := range c.Interfaces {
		say(in.Name, in.Settings)
		if in.NoARP {
			text = append(text, in.Name+" NOARP")
		}
		if len(in.Proxied) > 0 {
			text = append(text, fmt.Sprintf("%s proxy entries %v", in.Name, in.Proxied))
		}
	}
	if c.Forwarding {
		text = append(text, "ip_forward")
	}
	for _, r := range c.Routes {
		text = append(text, fmt.Sprintf("route %s dev %s", r.Destination, r.Dev))
	}
	return strings.Join(text, "; ")
}
