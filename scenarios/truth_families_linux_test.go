package scenarios_test

import (
	"net/netip"

	"github.com/arpcheck/arpcheck/kernel"
)

// A family is a set of configurations, each of which has a number and is made
// from it alone: so any of them can be repeated, and a walk be shared out.
type family struct {
	name  string
	count int
	at    func(i int) config
	ask   func(vip netip.Addr) []kernel.Stimulus
}

// families are all that is walked, but for the diagnosis.
//
// The product of all settings is far too large. What decides most, arp_ignore
// and arp_announce, is walked in full, on all × NIC × lo, in every place; what
// else has a say is walked in full together with what it interacts with, and
// the mixtures look for interactions that nobody thought of.
func families(seed uint64) []family {
	return []family{
		{"single", len(singles()), at(singles()), everything},
		grid("ignore-announce", plain, places, decided, ignores(9, "all", "eth1", "lo"), announces(3, "all", "eth1", "lo")),
		grid("out-of-range", plain, places, decided, []setting{undefined("all"), undefined("eth1")}),
		grid("filters", plain, places, sources, filters("all", "eth1", "lo"), sparse("all"), routes(nil, []kernel.Route{gateway})),
		grid("proxies", plain, []string{"absent", "lo/32", "lo/24", "eth1/32"}, proxied, proxies()),
		grid("two-nics", twin, fluxPlaces, flow, routes([]kernel.Route{gateway}), filters("all", "eth1", "eth3"), sparse("all")),
		grid("two-nics-ignore", twin, fluxPlaces, flow, sparse("all"), sparse("eth1"), sparse("eth3"), announces(3, "eth3"), routes([]kernel.Route{gateway})),
		grid("two-nics-announce", twin, fluxPlaces, flow, announces(3, "all", "eth1", "eth3"), routes([]kernel.Route{gateway})),
		{"mixtures", 8_000, func(i int) config { return mixture(seed, uint64(i), false) }, everything},
		{"two-nics-mixtures", 12_000, func(i int) config { return mixture(seed, uint64(i), true) }, flow},
	}
}

// A setting is something that takes one of several values.
type setting []func(c *config)

// grid is the product of several settings in each of the places, the first
// changing fastest: each step writes as little as can be.
func grid(name string, start func() kernel.Host, where []string, ask func(netip.Addr) []kernel.Stimulus, of ...[]setting) family {
	var all []setting
	size := 1
	for _, settings := range of {
		for _, s := range settings {
			all = append(all, s)
			size *= len(s)
		}
	}
	return family{name, size * len(where) * len(truthVIPs), func(i int) config {
		at := i / size
		c := placed(start(), truthVIPs[at/len(where)], where[at%len(where)])
		for _, s := range all {
			s[i%len(s)](&c)
			i /= len(s)
		}
		return c
	}, ask}
}

// on gives the settings of net.ipv4.conf.<name>.
func (c *config) on(name string) *kernel.Settings {
	if name == "all" {
		return &c.All
	}
	return &c.Interface(name).Settings
}

func values(where string, of []int, set func(s *kernel.Settings, v int)) (all setting) {
	for _, v := range of {
		all = append(all, func(c *config) { set(c.on(where), v) })
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func setIgnore(s *kernel.Settings, v int)   { s.ARPIgnore = v }
func setAnnounce(s *kernel.Settings, v int) { s.ARPAnnounce = v }

// ignores is arp_ignore from 0 on each of these.
func ignores(n int, on ...string) (all []setting) {
	for _, name := range on {
		all = append(all, values(name, upTo(n), setIgnore))
	}
	return all
}

func announces(n int, on ...string) (all []setting) {
	for _, name := range on {
		all = append(all, values(name, upTo(n), setAnnounce))
	}
	return all
}

// sparse is each value of arp_ignore that does something of its own.
func sparse(on string) []setting { return []setting{values(on, []int{0, 1, 2, 3, 8}, setIgnore)} }

// undefined are values without a meaning, which the kernel takes all the same,
// among some that have one: the greater of two decides, even if it means nothing.
func undefined(on string) setting {
	all := values(on, []int{-1, 0, 1, 2, 3, 7, 8, 9, 100}, setIgnore)
	return append(all, values(on, []int{-1, 1, 2, 3, 4}, setAnnounce)...)
}

// filters is arp_filter and rp_filter on each of these.
func filters(on ...string) (all []setting) {
	for _, name := range on {
		all = append(all,
			values(name, upTo(2), func(s *kernel.Settings, v int) { s.ARPFilter = v == 1 }),
			values(name, upTo(3), func(s *kernel.Settings, v int) { s.RPFilter = v }))
	}
	return all
}

func routes(of ...[]kernel.Route) []setting {
	var all setting
	for _, r := range of {
		all = append(all, func(c *config) { c.Routes = append(c.Routes, r...) })
	}
	return []setting{all}
}

// proxies is all that makes a host answer for others, with and without delay.
func proxies() []setting {
	proxy := func(s *kernel.Settings, v int) { s.ProxyARP = v == 1 }
	pvlan := func(s *kernel.Settings, v int) { s.ProxyPVLAN = v == 1 }
	entry := func(dev string, of func(c *config) netip.Addr) func(*config) {
		return func(c *config) { c.Interface(dev).Proxied = []netip.Addr{of(c)} }
	}
	vip := func(c *config) netip.Addr { return c.vip }
	nothing := func(*config) {}
	return append([]setting{
		{nothing, func(c *config) { c.later = true }},
		values("all", upTo(2), proxy), values("eth1", upTo(2), proxy), values("other", upTo(2), proxy),
		values("all", upTo(2), pvlan), values("eth1", upTo(2), pvlan),
		{nothing, entry("eth1", vip), entry("eth1", func(*config) netip.Addr { return truthUnused }), entry("other", vip)},
		{(*config).forward, nothing},
		values("eth1", []int{0, 1, 8}, setIgnore), // which does not bind a proxy
	}, routes(
		[]kernel.Route{gateway},
		[]kernel.Route{{Destination: anywhere, Dev: "other"}},
		// Some addresses of the subnet are said to be elsewhere.
		[]kernel.Route{gateway, {Destination: netip.MustParsePrefix("192.168.1.96/27"), Dev: "other"},
			{Destination: netip.PrefixFrom(truthUnused, 32), Dev: "other"}},
	)...)
}

// singles is every place with each setting by itself: what a reader of the
// documentation would try.
func singles() (all []func() config) {
	for _, vip := range truthVIPs {
		for _, place := range places {
			add := func(change func(c *config), routes ...kernel.Route) {
				all = append(all, func() config {
					c := placed(plain(), vip, place)
					c.Routes = append(c.Routes, routes...)
					change(&c)
					return c
				})
			}
			for _, name := range []string{"all", "eth1", "lo"} {
				for _, s := range append(ignores(9, name), announces(3, name)...) {
					for _, change := range s {
						add(change, gateway)
					}
				}
			}
			for _, s := range filters("all") {
				for _, change := range s {
					add(change, gateway)
					add(change)
				}
			}
			for _, dev := range []string{"eth1", "other"} {
				add(func(c *config) { c.Interface(dev).NoARP = true }, gateway)
			}
			add(func(c *config) { c.IgnoreEcho = true }, gateway)
			add(func(c *config) { c.All.DropUnicastInL2Multicast = true }, gateway)
			add((*config).forward, gateway)
			add(func(c *config) { c.forward(); c.All.ProxyARP = true }, gateway)
		}
	}
	return all
}

func at(of []func() config) func(int) config { return func(i int) config { return of[i]() } }
