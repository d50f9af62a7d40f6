package diagnose

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// splitBrain reports whether two VRRP masters are there at once: after the first
// advert of the one, the other still sends adverts, or still answers.
func (s *scene) splitBrain() bool {
	if s.witness {
		return s.masters() > 1
	}
	first, last := map[evidence.MAC]evidence.Record{}, map[evidence.MAC]evidence.Record{}
	for _, a := range s.adverts {
		if a.Priority == 0 {
			continue // a master that resigns (RFC 5798, section 6.4.3)
		}
		if _, ok := first[a.Src]; !ok {
			first[a.Src] = a
		}
		last[a.Src] = a
	}
	for a := range first {
		still := last[a].Number
		if replies := s.did(a).replies; len(replies) > 0 {
			still = max(still, replies[len(replies)-1].Number)
		}
		for b := range first {
			if a != b && first[a].Number < first[b].Number && first[b].Number < still {
				return true
			}
		}
	}
	return false
}

// mostSilent is how long a virtual router may be silent and still be up: the
// usual interval of one second, with some time to spare. A master that another
// one takes over from is silent for three (RFC 5798, section 6.1).
const mostSilent = 2500 * time.Millisecond

// silence is the same for an advert: HSRP says hello every three seconds (RFC 2281,
// section 5.2).
func silence(a *evidence.Record) time.Duration {
	if a.Kind == evidence.HSRPHello {
		return mostSilent + 2*time.Second
	}
	return mostSilent
}

// masters counts the virtual routers that advertise the VIP at the same time,
// in a log that may be long enough to hold several elections. Of GLBP those that
// stand by send hellos, too, so nothing follows from several.
func (s *scene) masters() int {
	last := map[sender]evidence.Record{}
	between := map[sender]int{} // how often another one spoke between two adverts of one
	var previous sender
	for _, a := range s.adverts {
		if a.Priority == 0 && a.Kind == evidence.VRRPAdvert || a.Kind == evidence.GLBPHello {
			continue // a master that resigns (RFC 5798, section 6.4.3)
		}
		from := senderOf(a)
		if old, ok := last[from]; ok && previous != from && a.Time.Sub(old.Time) <= silence(&a) {
			between[from]++
		}
		last[from], previous = a, from
	}
	n := 0
	for _, times := range between {
		if times > 1 { // once is an election
			n++
		}
	}
	return max(n, 1)
}

// contested are the addresses that two virtual routers advertise at the same
// time, even if both do it with the one MAC address that they share.
func (s *segment) contested() (all []netip.Addr) {
	first, last := map[netip.Addr]map[sender]int{}, map[netip.Addr]map[sender]int{}
	for n, i := range s.adverts {
		rec := &s.records[i]
		if rec.Kind == evidence.GLBPHello || rec.Kind == evidence.VRRPAdvert && rec.Priority == 0 {
			continue
		}
		from := senderOf(*rec)
		for _, addr := range s.advertised(rec) {
			if first[addr] == nil {
				first[addr], last[addr] = map[sender]int{}, map[sender]int{}
			}
			if _, known := first[addr][from]; !known {
				first[addr][from] = n
			}
			last[addr][from] = n
		}
	}
	for addr, began := range first {
		both := false
		for a := range began {
			for b := range began {
				both = both || began[a] < began[b] && began[b] < last[addr][a] && last[addr][b] > began[b]
			}
		}
		if both {
			all = append(all, addr)
		}
	}
	return all
}

// advertised are the addresses that an advert is about. CARP does not tell them,
// but they are claimed for the MAC address of its virtual host.
func (s *segment) advertised(rec *evidence.Record) []netip.Addr {
	if rec.Kind != evidence.CARPAdvert {
		return rec.Virtual
	}
	if s.carp == nil {
		s.carp = map[uint8][]netip.Addr{}
		for i := range s.claims {
			if vhid, ok := s.claims[i].MAC.VirtualRouter(); ok && s.claims[i].Claims() > 0 {
				s.carp[vhid] = append(s.carp[vhid], s.claims[i].Addr)
			}
		}
	}
	return s.carp[rec.VRID]
}

// A sender is who sends adverts. All that share a virtual MAC address send with
// it, so their own address tells them apart.
type sender struct {
	mac evidence.MAC
	ip  string
}

func senderOf(a evidence.Record) sender {
	if _, _, virtual := a.Src.Virtual(); virtual {
		return sender{a.Src, a.SenderIP.String()}
	}
	return sender{mac: a.Src}
}

// advertised puts an advert into words.
func advertised(a evidence.Record) string {
	switch a.Kind {
	case evidence.CARPAdvert:
		return fmt.Sprintf("CARP adverts for it (virtual host %d, advskew %d)", a.VRID, a.Priority)
	case evidence.HSRPHello:
		return fmt.Sprintf("HSRP hellos for it (group %d, priority %d)", a.VRID, a.Priority)
	case evidence.GLBPHello:
		return fmt.Sprintf("GLBP hellos for it (group %d, priority %d)", a.VRID, a.Priority)
	}
	return fmt.Sprintf("VRRP adverts for it (router %d, priority %d)", a.VRID, a.Priority)
}
