package diagnose

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// fromClaims learns the people of a capture, of which only what concerns the
// asked addresses is there frame by frame, from the list of claims.
func (p *people) fromClaims(log *evidence.Log, named map[netip.Addr]bool) {
	claimants := map[netip.Addr]int{} // hosts that claim an address
	answers := map[evidence.MAC]int{} // addresses that a host only answers for
	for i := range log.Claims {
		c := &log.Claims[i]
		if byOthers(c) {
			continue
		}
		p.alive[c.MAC], p.speaks[c.MAC] = true, true
		if c.Claims() > 0 {
			claimants[c.Addr]++
		}
		if c.Requests+c.Gratuitous == 0 {
			answers[c.MAC]++
		}
	}
	p.crowds = crowds(log.Claims)
	if len(log.Files) > 0 {
		p.claims = map[evidence.MAC][]netip.Addr{}
	}
	for i := range log.Claims {
		if c := &log.Claims[i]; c.Claims() > 0 && !byOthers(c) && len(p.claims[c.MAC]) < mostNames {
			p.claims[c.MAC] = append(p.claims[c.MAC], c.Addr)
		}
	}
	p.disputed = map[netip.Addr][]evidence.MAC{}
	for i := range log.Claims {
		if c := &log.Claims[i]; claimants[c.Addr] > 1 && c.Claims() > 0 {
			p.disputed[c.Addr] = append(p.disputed[c.Addr], c.MAC)
		}
	}
	// What a host asks with or announces is its own; what it answers for may
	// be another's (proxy ARP, spoofing), unless that is rare and undisputed.
	order := make([]*evidence.Claim, 0, len(log.Claims))
	for i := range log.Claims {
		c := &log.Claims[i]
		if c.Claims() == 0 || byOthers(c) || p.isVIP[c.Addr] {
			continue
		}
		if c.Requests+c.Gratuitous > 0 || named[c.Addr] || answers[c.MAC] <= fewAnswers && claimants[c.Addr] == 1 {
			order = append(order, c)
		}
		if named[c.Addr] {
			p.seenAt[c.Addr] = append(p.seenAt[c.Addr], c.MAC)
		}
	}
	slices.SortStableFunc(order, func(a, b *evidence.Claim) int {
		return cmp.Or(cmp.Compare(min(b.Requests, 1), min(a.Requests, 1)), a.Addr.Compare(b.Addr))
	})
	for _, c := range order {
		p.add(c.MAC, c.Addr)
	}
	p.used = map[evidence.MAC]use{}
	for i := range log.Claims {
		c := &log.Claims[i]
		if c.Claims() == 0 || c.Mismatched > 0 || !slices.Contains(p.ips[c.MAC], c.Addr) {
			continue
		}
		u := p.used[c.MAC]
		u.asks = u.asks || c.Requests > 0
		u.answers = u.answers || c.Replies > 0
		if u.from.IsZero() || c.First.Time.Before(u.from) {
			u.from = c.First.Time
		}
		p.used[c.MAC] = u
	}
	// Failing ARP, a host that was named is at the MAC address from which its
	// packets come, for who was named is on this segment.
	for _, rec := range log.Records {
		if !shared(rec.Src) && (rec.Kind == evidence.VRRPAdvert || rec.Kind == evidence.CARPAdvert) && len(log.Files) > 0 {
			p.add(rec.Src, rec.SenderIP)
		}
		if _, known := p.macs[rec.SenderIP]; !known && named[rec.SenderIP] && !rec.IsARP() && !rec.Sent && !rec.Src.IsZero() && !rec.IsAdvert() {
			p.add(rec.Src, rec.SenderIP)
		}
	}
}

// fewAnswers is how many addresses a host may answer for, without ever asking
// with them, that are taken for its own.
const fewAnswers = 3

// elses reports whether an address is another host's than this one, or nobody
// knows whose.
func (p *people) elses(ip netip.Addr, than evidence.MAC) bool {
	return !slices.Contains(p.ips[than], ip)
}

// byOthers reports whether each frame of a claim came from another Ethernet
// source. For virtual routers that is in order.
func byOthers(c *evidence.Claim) bool {
	return !shared(c.MAC) && c.Mismatched >= c.Claims()+c.Probes
}

// disputes counts the addresses other than vip that a host claims and another
// host claims, too.
func (p *people) disputes(mac evidence.MAC, vip netip.Addr) (n int) {
	for addr, macs := range p.disputed {
		if addr != vip && slices.Contains(macs, mac) {
			n++
		}
	}
	return n
}

// forgeries are the frames in which hosts speak about the VIP in the names of
// others, in order.
func (s *scene) forgeries() (all []evidence.Record) {
	for _, recs := range s.forged {
		all = append(all, recs...)
	}
	slices.SortFunc(all, order)
	return all
}

// inNameOf are those in the name of one host.
func (s *scene) inNameOf(mac evidence.MAC) []evidence.Record {
	return slices.DeleteFunc(s.forgeries(), func(rec evidence.Record) bool { return rec.SenderMAC != mac })
}

// misleading are those that lead clients to a host which is not the owner: they
// believe the ARP sender, whoever sent it.
func (s *scene) misleading() []evidence.Record {
	return slices.DeleteFunc(s.forgeries(), func(rec evidence.Record) bool {
		return s.parts[rec.SenderMAC].role == Director || s.former[rec.SenderMAC]
	})
}
