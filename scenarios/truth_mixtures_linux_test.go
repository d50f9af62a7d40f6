package scenarios_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/kernel"
)

// mixture is a random configuration of all that the model knows.
func mixture(seed, i uint64, two bool) config {
	r := rand.New(rand.NewPCG(seed, i))
	often := func() bool { return r.IntN(2) == 0 }
	seldom := func() bool { return r.IntN(8) == 0 }

	start, where := plain, places
	if two {
		start, where = twin, fluxPlaces
	}
	c := placed(start(), pick(r, truthVIPs...), pick(r, where...))
	c.mixAddresses(r, two)
	c.mixRoutes(r)
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
	for _, name := range []string{"all", "eth1", "lo", "other", "eth3"} {
		settings(c.on(name))
	}
	if other := c.Interface("other"); seldom() {
		other.Down = true
		c.Routes = slices.DeleteFunc(c.Routes, func(r kernel.Route) bool { return r.Dev == other.Name })
	}
	c.later, c.IgnoreEcho = often(), seldom()
	for _, dev := range []string{"eth1", "eth3", "other"} {
		c.Interface(dev).Forwarding = often()
	}
	for _, dev := range []string{"eth1", "other"} {
		in := c.Interface(dev)
		in.NoARP = seldom()
		if seldom() {
			in.Proxied = []netip.Addr{pick(r, c.vip, truthUnused, truthNear)}
		}
	}
	return c
}

// mixAddresses adds up to three further addresses: of the subnet and others,
// with any mask and scope, primary or secondary as the kernel makes them.
func (c *config) mixAddresses(r *rand.Rand, two bool) {
	devs := []string{"lo", "eth1", "eth1", "other"}
	if two {
		devs = append(devs, "eth3")
	}
	for range r.IntN(4) {
		c.add(pick(r, devs...), kernel.Address{
			Prefix: netip.PrefixFrom(
				pick(r, c.vip, netip.MustParseAddr("192.168.1.45"), netip.MustParseAddr("192.168.1.98"),
					netip.MustParseAddr("10.9.9.5"), netip.MustParseAddr("172.17.0.1")),
				pick(r, 32, 32, 24, 25, 16, 26)),
			Scope: pick(r, kernel.ScopeGlobal, kernel.ScopeGlobal, kernel.ScopeLink, kernel.ScopeHost),
		})
	}
}

// mixRoutes adds routes that send the way back, or the target, elsewhere.
func (c *config) mixRoutes(r *rand.Rand) {
	add := func(route kernel.Route) {
		for _, have := range c.Routes {
			if have.Destination == route.Destination {
				return
			}
		}
		c.Routes = append(c.Routes, route)
	}
	add(pick(r, gateway, gateway, gateway, kernel.Route{Destination: anywhere, Dev: "other"}))
	if r.IntN(3) > 0 {
		return
	}
	add(pick(r,
		kernel.Route{Destination: netip.MustParsePrefix("198.51.100.0/24"), Dev: "other"},
		kernel.Route{Destination: netip.MustParsePrefix("10.8.0.0/15"), Dev: pick(r, "other", "eth1")},
		kernel.Route{Destination: netip.PrefixFrom(truthUnused, 32), Dev: pick(r, "other", "eth1")},
		kernel.Route{Destination: netip.MustParsePrefix("192.168.1.96/27"), Dev: pick(r, "other", "eth1")},
		kernel.Route{Destination: netip.MustParsePrefix("192.168.0.0/22"), Dev: pick(r, "other", "eth1")},
	))
}

// pick returns one of several values.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
