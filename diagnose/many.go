package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// From how many addresses on a host that answers for them, and never asks with
// them, is worth a word: by itself, and where it is in question anyway.
const (
	manyAddresses = 8
	someAddresses = 4
)

// A crowd is the addresses that one host answers for without using them itself.
type crowd struct {
	mac    evidence.MAC
	claims []*evidence.Claim
}

// crowds finds the hosts of a segment that answer for many addresses, those
// with the most first.
func crowds(claims []evidence.Claim) (all []crowd) {
	of := map[evidence.MAC][]*evidence.Claim{}
	for i := range claims {
		if c := &claims[i]; c.Replies > 0 && c.Requests == 0 && c.Gratuitous == 0 && !byOthers(c) {
			of[c.MAC] = append(of[c.MAC], c)
		}
	}
	for mac, claims := range of {
		if len(claims) >= someAddresses {
			all = append(all, crowd{mac, claims})
		}
	}
	slices.SortFunc(all, func(a, b crowd) int {
		return cmp.Or(len(b.claims)-len(a.claims), slices.Compare(a.mac[:], b.mac[:]))
	})
	return all
}

// many is a host that answers for the VIP and for many other addresses.
func (s *scene) many(x *suspect) (Finding, bool) {
	if len(x.replies) == 0 || x.part.role == Director || s.spoofs(x.mac) || x.class.holdsVIP() == No {
		return Finding{}, false
	}
	for _, c := range s.people.crowds {
		if c.mac == x.mac {
			f := c.finding(s.people)
			prove(&f, x.replies)
			return f, true
		}
	}
	return Finding{}, false
}

// finding says that a host answers for many addresses.
func (c crowd) finding(p *people) Finding {
	f := Finding{Code: ProxyARP, Severity: Warning, MAC: c.mac, IPs: p.ips[c.mac]}
	first, last := c.claims[0], c.claims[len(c.claims)-1]
	f.Summary = fmt.Sprintf("%s answers who-has for %d addresses, from %s to %s, and uses none of them itself.", p.call(c.mac), len(c.claims), first.Addr, last.Addr)
	f.Why = "A router with proxy ARP does so, a firewall for its address pool, and a host with many addresses; so does one whose VIP has a wide netmask on lo, and one that draws other people's traffic to itself. Traffic for these addresses passes through it."
	f.Fix = []string{"# is it meant to? On it, if it is Linux:", "sysctl -a 2>/dev/null | grep 'proxy_arp '", "ip -o -4 addr show dev lo   # an address there with a mask other than /32 makes its whole subnet local"}
	var recs []evidence.Record
	for _, claim := range c.claims {
		if claim.Probes > 0 || len(recs) == mostFiltered {
			continue // its first frame may be no answer
		}
		recs = append(recs, evidence.Record{Kind: evidence.ARPReply, Number: claim.First.Frame, File: claim.First.File, Time: claim.First.Time,
			SenderMAC: c.mac, SenderIP: claim.Addr})
	}
	prove(&f, recs)
	return f
}
