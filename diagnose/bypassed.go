package diagnose

import (
	"fmt"

	"github.com/arpcheck/arpcheck/evidence"
)

// bypassed is what is left to see of a leak after the ARP is over: the neighbour
// entries of clients point to a host that is not the director, and it serves
// them. Where its ARP was captured, that is the finding.
func (s *scene) bypassed(x *suspect) (f Finding, ok bool) {
	if x.part.role == Director || len(x.replies)+len(x.gratuitous)+len(x.announcements) > 0 || s.former[x.mac] || s.spoofs(x.mac) || !s.notDirector(x) {
		return f, false
	}
	all := s.directly(x.mac)
	if len(all) == 0 {
		return f, false
	}
	var proof []evidence.Record
	clients := map[evidence.MAC]bool{}
	for _, d := range all {
		proof = append(proof, d.ask, d.answer)
		clients[d.ask.Src] = true
	}
	f = s.about(x, Bypassed, Critical, proof)
	name := s.people.call(x.mac)
	who := s.people.call(all[0].ask.Src) + " sends"
	if len(clients) > 1 {
		who = fmt.Sprintf("%d clients send", len(clients))
	}
	f.Summary = fmt.Sprintf("%s what is for %s to %s, not to the director, and it answers.", who, s.vip, name)
	f.Why = fmt.Sprintf("The neighbour entry of the sender says that the VIP is at %s. No ARP that put it there is in this capture: it answered who-has, or announced the VIP, before. As long as the entry stands, these connections get past the director.", x.mac)
	f.Fix = append(setting("arp_ignore", 1), setting("arp_announce", 2)...)
	f.Fix = append(f.Fix, "# on the sender, to see the entry:", fmt.Sprintf("ip neigh show to %s", s.vip))
	f.Causes = []string{
		"arp_ignore is not set (or on lo alone): `sysctl -a 2>/dev/null | grep 'arp_ignore '`",
		"arp_announce is not set (or on lo alone): `sysctl -a 2>/dev/null | grep 'arp_announce '`",
	}
	f.Variants = elsewhere
	return f, true
}

// notDirector reports whether a host is known not to be the director: another
// one is, or this one was named as something else.
func (s *scene) notDirector(x *suspect) bool {
	return s.ownerKnown() || x.part.role == RealServer && s.isNamed(x.mac) ||
		!s.cfg.Director.MAC.IsZero() && s.cfg.Director.MAC != x.mac
}
