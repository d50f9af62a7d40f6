package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A use is what a host was seen to do with its own addresses.
type use struct {
	asks    bool // who-has
	answers bool // who-has for them
	from    time.Time
}

// usesARP strikes out what cannot do the ARP that the list of claims shows. It
// does not tell who had asked, so any sender that there may be will do.
func (s *scene) usesARP(mac evidence.MAC, part span, c *class) {
	u := s.people.used[mac]
	if !part.has(u.from) {
		return // that may have been before its settings were changed
	}
	if u.asks {
		c.keep(func(h hypothesis) bool { return !h.NoARP })
	}
	if !u.answers {
		return
	}
	var reactions [][]kernel.Reaction
	for _, sender := range []netip.Addr{c.grid.client, modelFarther, modelFar, netip.IPv4Unspecified()} {
		reactions = append(reactions, c.grid.react(kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: sender, Target: modelRIP, Broadcast: true}))
	}
	c.left = slices.DeleteFunc(c.left, func(i int) bool {
		return !slices.ContainsFunc(reactions, func(r []kernel.Reaction) bool { return r[i].Reply != kernel.Silent })
	})
}
