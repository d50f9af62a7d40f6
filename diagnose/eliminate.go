package diagnose

import (
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A class is what is left of a grid for one host: every hypothesis that would
// have done all that the host did, and none that would not.
type class struct {
	grid *grid
	left []int // indices into grid.hyps; empty: no Linux setting fits
	// contradiction is the first observation that struck out the last
	// hypotheses; meaningful only if left is empty.
	contradiction observation
	// since is when the host's behaviour changed to what is left; zero: it
	// was the same all the time.
	since time.Time
	// until is when a host left; zero: it was there to the end.
	until time.Time
}

// eliminate strikes out the hypotheses that do not fit what the host did.
func (s *scene) eliminate(mac evidence.MAC) class {
	c := s.eliminateIn(mac, span{})
	if len(c.left) > 0 {
		return c
	}
	// Somebody may have changed its settings. Then the latest are in force.
	find := s.turn
	if s.witness {
		find = s.latest
	}
	if part, ok := find(mac); ok {
		if fits := s.eliminateIn(mac, part); len(fits.left) > 0 {
			fits.since, fits.until = part.from, part.to
			return fits
		}
	}
	return c
}

// eliminateIn does so with what was seen in a part of the log.
func (s *scene) eliminateIn(mac evidence.MAC, part span) class {
	m := s.model(mac)
	c := class{grid: m.grid, left: make([]int, len(m.grid.hyps))}
	for i := range c.left {
		c.left[i] = i
	}
	// A host that completes connections to the VIP has it; so has one that
	// answers pings as the VIP, where no router can have passed them on.
	uses := s.did(mac).synAcks
	if s.witness {
		uses = append(slices.Clone(uses), s.did(mac).echoes...)
	}
	near, far := false, false // to whom
	for _, rec := range uses {
		if part.has(rec.Time) {
			near = near || m.prefix.Contains(rec.TargetIP)
			far = true
		}
	}
	if serving := c.grid.servers(); near {
		c.left = slices.DeleteFunc(c.left, func(i int) bool { return !serving[i] })
	} else if far {
		c.keep(func(h hypothesis) bool { return h.Place.holds() })
	}
	if s.witness {
		s.announced(mac, m, part, &c)
		s.usesARP(mac, part, &c)
	}
	if s.asksFor(mac, part) {
		c.keep(func(h hypothesis) bool { return !h.NoARP })
	}
	for _, o := range s.views(mac, part) {
		reactions := c.grid.react(o.stimulus)
		before := len(c.left)
		c.left = slices.DeleteFunc(c.left, func(i int) bool { return !o.fits(reactions[i]) })
		if len(c.left) == 0 && before > 0 {
			c.contradiction = o
			break
		}
	}
	return c
}

// asksFor reports whether a host has asked for this one by ARP, which no kernel
// does on an interface with NOARP (arp_constructor).
func (s *scene) asksFor(mac evidence.MAC, part span) bool {
	return !s.witness && slices.ContainsFunc(s.by[mac], func(rec evidence.Record) bool {
		return rec.Kind == evidence.ARPRequest && rec.TargetIP == s.cfg.Self.Addr && !rec.IsProbe() && !rec.IsGratuitous() && part.has(rec.Time)
	})
}

// fits reports whether the reaction of a hypothesis is what was observed.
func (o observation) fits(r kernel.Reaction) bool {
	if o.announced.IsValid() {
		// A host that forwards asks, too, and does not reply: it has an error
		// to send. So only an echo reply shows that it holds the address.
		replies := r.Reply != kernel.Silent
		return r.Announces == o.announced && (!o.replied || replies) && (!o.refused || !replies)
	}
	switch r.Reply {
	case kernel.Silent:
		return !o.replied
	case kernel.Late: // a random delay may be short, but not each time
		return o.replied && !o.prompt
	}
	return o.replied // the network may delay what was sent at once
}

// keep strikes out the hypotheses for which ok is false.
func (c *class) keep(ok func(hypothesis) bool) {
	c.left = slices.DeleteFunc(c.left, func(i int) bool { return !ok(c.grid.hyps[i]) })
}

// values returns what is left of one setting, ascending.
func (c class) values(of func(hypothesis) int) []int {
	var seen [16]bool // far more than any of them has
	for _, i := range c.left {
		seen[of(c.grid.hyps[i])] = true
	}
	var all []int
	for v, is := range seen {
		if is {
			all = append(all, v)
		}
	}
	return all
}

func (c class) ignore() []int   { return c.values(func(h hypothesis) int { return h.Ignore }) }
func (c class) announce() []int { return c.values(func(h hypothesis) int { return h.Announce }) }

// agree returns the answer on which all hypotheses that are left agree.
func (c class) agree(yes func(i int) bool) Answer {
	var y, n bool
	for _, i := range c.left {
		if yes(i) {
			y = true
		} else {
			n = true
		}
	}
	switch {
	case y && !n:
		return Yes
	case n && !y:
		return No
	}
	return Unknown
}

// any reports whether some hypothesis that is left is so.
func (c class) any(is func(hypothesis) bool) bool {
	return slices.ContainsFunc(c.left, func(i int) bool { return is(c.grid.hyps[i]) })
}

// answersVIP, holdsVIP and announcesVIP are the three questions about a host,
// answered by what is left.
func (c class) answersVIP() Answer {
	reactions := c.grid.react(kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: c.grid.client, Target: c.grid.vip, Broadcast: true})
	return c.agree(func(i int) bool { return reactions[i].Reply != kernel.Silent })
}

func (c class) holdsVIP() Answer {
	return c.agree(func(i int) bool { return c.grid.hyps[i].Place.holds() })
}

func (c class) announcesVIP() Answer {
	announcing := c.grid.announcers()
	return c.agree(func(i int) bool { return announcing[i] })
}

// unite makes the classes of one host under several VIPs agree: the settings
// belong to the host, so a value that one VIP excludes is excluded for all.
func unite(classes []*class) {
	ignore, announce := sharedValues(classes, class.ignore), sharedValues(classes, class.announce)
	if len(ignore) == 0 || len(announce) == 0 {
		return // they changed in between, or no Linux setting fits
	}
	for _, c := range classes {
		before := slices.Clone(c.left)
		c.keep(func(h hypothesis) bool {
			return slices.Contains(ignore, h.Ignore) && slices.Contains(announce, h.Announce)
		})
		if len(c.left) == 0 {
			c.left = before
		}
	}
}

// sharedValues returns the values that are left in every class.
func sharedValues(classes []*class, of func(class) []int) []int {
	var shared []int
	for i, c := range classes {
		values := of(*c)
		if i == 0 {
			shared = values
			continue
		}
		shared = slices.DeleteFunc(shared, func(v int) bool { return !slices.Contains(values, v) })
	}
	return shared
}
