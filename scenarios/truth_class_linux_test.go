package scenarios_test

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A candidate is one configuration that a diagnosis can find, with what it
// should say of it.
type candidate struct {
	config
	ignore, announce int
	proxies          bool

	// skip is set where the target is not taken to this configuration, which
	// others can be taken for all the same.
	//
	// A proxy that also has one of the addresses that the check asks for
	// (docker0's and such) answers for some of them by itself and for the rest
	// as a proxy; the diagnosis takes all for one. And a host that forwards
	// without a route sends few errors to one address (ip_error), of which the
	// walk has asked for more.
	skip bool
}

// A crowd is all candidates for one VIP, with what the model says of each about
// every stimulus that was asked for so far.
type crowd struct {
	vip       netip.Addr
	all       []candidate
	reactions map[kernel.Stimulus][]kernel.Reaction
}

// truthElse is an address that many hosts have on an interface of their own.
var truthElse = netip.MustParsePrefix("172.17.0.1/16")

// newCrowd makes the product of arp_ignore and arp_announce with each place of
// the VIP and all else that can keep a host from answering, or make it answer.
func newCrowd(vip netip.Addr) *crowd {
	c := &crowd{vip: vip, reactions: map[kernel.Stimulus][]kernel.Reaction{}}
	type change func(c *config)
	echoes := []change{
		func(*config) {},
		func(c *config) { c.Interface("eth1").DropUnicastInL2Multicast = true },
		func(c *config) { c.IgnoreEcho = true },
	}
	ways := []change{
		func(c *config) { c.Routes = append(c.Routes, gateway) },
		func(c *config) { c.Interface("eth1").ARPFilter = true },
		func(c *config) {
			c.forward()
			c.Interface("eth1").ProxyARP = true
			c.Routes = append(c.Routes, kernel.Route{Destination: anywhere, Dev: "other"})
		},
		func(c *config) {
			c.forward()
			c.Interface("eth1").ProxyARP, c.Interface("eth1").ARPFilter = true, true
			c.Routes = append(c.Routes, kernel.Route{Destination: anywhere, Dev: "other"})
		},
		func(c *config) { c.Routes = append(c.Routes, gateway); c.Interface("eth1").NoARP = true },
	}
	further := []change{
		func(*config) {},
		func(c *config) { c.add("other", kernel.Address{Prefix: truthElse}) },
	}
	add := func(place string, of ...change) {
		for _, ignore := range []int{0, 1, 2, 3, 8} {
			for _, announce := range []int{0, 1, 2} {
				n := candidate{config: placed(plain(), vip, place), ignore: ignore, announce: announce}
				n.later = true
				n.Interface("eth1").ARPIgnore, n.Interface("eth1").ARPAnnounce = ignore, announce
				for _, change := range of {
					change(&n.config)
				}
				n.proxies = n.Interface("eth1").ProxyARP
				n.skip = n.Interface("eth1").Forwarding && len(n.Routes) == 0
				c.all = append(c.all, n)
			}
		}
	}
	for _, place := range []string{"absent", "lo/32", "lo/32 host", "lo/24", "other/32", "eth1/32", "eth1/24", "eth1/24 first"} {
		for _, more := range further {
			for _, way := range ways {
				for _, echo := range echoes {
					add(place, more, way, echo)
				}
			}
		}
	}
	// The way back to its own subnet leads by another interface.
	away := func(c *config) {
		c.Interface("eth1").ARPFilter = true
		for _, half := range []string{"192.168.1.0/25", "192.168.1.128/25"} {
			c.Routes = append(c.Routes, kernel.Route{Destination: netip.MustParsePrefix(half), Dev: "other"})
		}
	}
	for _, place := range []string{"absent", "lo/32", "lo/32 host", "lo/24", "other/32", "eth1/32", "eth1/24", "eth1/24 first"} {
		for _, more := range further {
			add(place, more, away)
		}
	}
	forwards := (*config).forward
	add("absent", forwards, ways[0])
	add("absent", forwards, ways[1])
	forVIP := func(c *config) {
		c.forward()
		c.Interface("eth1").ProxyARP = true
		c.Routes = append(c.Routes, kernel.Route{Destination: netip.PrefixFrom(vip, 32), Dev: "other"})
	}
	for _, more := range further {
		add("absent", more, forVIP, ways[0])
		add("absent", more, forVIP, ways[1])
	}
	return c
}

func (c *crowd) react(s kernel.Stimulus) []kernel.Reaction {
	if got, ok := c.reactions[s]; ok {
		return got
	}
	all := make([]kernel.Reaction, len(c.all))
	for i := range c.all {
		if r := c.all[i].React(s); r.Out == "" || r.Out == "eth1" {
			all[i] = r
		}
	}
	c.reactions[s] = all
	return all
}

// fitting returns the values of arp_ignore and arp_announce for which some
// candidate does all that was heard of the target.
func (c *crowd) fitting(all []heard) (ignore, announce []int) {
	left := make([]int, len(c.all))
	for i := range left {
		left[i] = i
	}
	known := map[netip.Addr]bool{}      // whom the target needs not ask for
	prompt := map[kernel.Stimulus]int{} // how often it replied at once; -1: late
	for _, h := range all {
		if h.sent.Kind == evidence.ARPReply {
			continue // which tells it where a source is that it asked for
		}
		s := c.stimulus(h.sent)
		s.Known = s.Kind == kernel.Echo && known[h.sent.SenderIP]
		known[h.sent.SenderIP] = known[h.sent.SenderIP] || h.replied && !h.sent.SenderIP.IsUnspecified() || h.asked.SenderIP.IsValid()
		switch {
		case h.late:
			prompt[s] = -1
		case h.replied && prompt[s] >= 0:
			prompt[s]++
		}
		reactions := c.react(s)
		left = slices.DeleteFunc(left, func(i int) bool {
			r := reactions[i]
			// A late reply may be one that the network delayed, and one at once
			// a proxy's that waited little, but not each time.
			return h.replied != (r.Reply != kernel.Silent) || r.Reply == kernel.Late && prompt[s] > 1 ||
				r.Announces != h.asked.SenderIP
		})
	}
	for _, i := range left {
		ignore = append(ignore, c.all[i].ignore)
		announce = append(announce, c.all[i].announce)
	}
	slices.Sort(ignore)
	slices.Sort(announce)
	return slices.Compact(ignore), slices.Compact(announce)
}

// stimulus is a frame as all candidates see it: whichever unused address it is.
func (c *crowd) stimulus(sent evidence.Record) kernel.Stimulus {
	s := kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sent.SenderIP, Target: sent.TargetIP, Broadcast: sent.Dst == evidence.Broadcast}
	if sent.Kind == evidence.EchoRequest {
		s.Kind = kernel.Echo
	}
	if truthRIP.Contains(s.Sender) {
		s.Sender = truthClient
	}
	if truthRIP.Contains(s.Target) && s.Target != c.vip && s.Target != truthRIP.Addr() {
		s.Target = truthUnused
	}
	return s
}
