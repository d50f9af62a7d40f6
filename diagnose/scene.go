package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A scene is the log as seen from one VIP.
type scene struct {
	cfg    *Config
	log    *evidence.Log
	people *people
	vip    netip.Addr

	// The records without those that are about other VIPs alone: the asks, and
	// what each host sent.
	sent []evidence.Record
	by   map[evidence.MAC][]evidence.Record

	// witness says that the log is of somebody who only listened. Then what
	// anybody asked is an ask; else what the run itself asked is, for it alone
	// knows when and to whom its questions went.
	witness bool
	onLink  bool                               // the VIP belongs to this segment, as far as can be seen
	forged  map[evidence.MAC][]evidence.Record // ARP about the VIP in another's name, by Ethernet source

	deeds map[evidence.MAC]*deeds
	order []evidence.MAC // of deeds, as they were first seen
	most  int            // hosts to examine; 0: mostSuspects

	parts  map[evidence.MAC]part
	former map[evidence.MAC]bool // owners before a failover that this log shows
	heir   evidence.MAC          // the owner after it; zero: there was none

	directorMAC evidence.MAC              // once it is known; zero: not yet, or never
	accepted    map[evidence.MAC][]served // see connections
	lied        map[evidence.MAC]*lie     // see lies
	ends        map[string]time.Time      // see end
	lost        []string                  // see losses

	adverts []evidence.Record // of virtual routers, for the VIP
	shared  bool              // it was given out twice, and nothing shows that it is a VIP
	nobody  bool              // a frame claims the VIP for the MAC address 00:00:00:00:00:00
	asked   []evidence.Record // asks: who-has for the VIP
	echoed  []evidence.Record // asks: echo requests to the VIP
	syns    []evidence.Record // asks: SYNs to the VIP
}

// deeds are the frames by which one host showed something about the VIP.
type deeds struct {
	replies       []evidence.Record // is-at
	announcements []evidence.Record // who-has with the VIP as sender
	gratuitous    []evidence.Record // ARP announcements of the VIP
	echoes        []evidence.Record // echo replies from the VIP
	synAcks       []evidence.Record // from the VIP
	solicits      []evidence.Record // who-has for the source of an echo request to the VIP
}

// newScene picks what concerns the VIP out of the log.
func newScene(log *evidence.Log, cfg *Config, p *people, vip netip.Addr) *scene {
	s := &scene{cfg: cfg, log: log, people: p, vip: vip, witness: cfg.Self.MAC.IsZero() && p.sent == 0,
		by: map[evidence.MAC][]evidence.Record{}, deeds: map[evidence.MAC]*deeds{}, forged: map[evidence.MAC][]evidence.Record{}}
	s.onLink = !s.witness || s.belongsHere()
	sources := map[netip.Addr]bool{} // of echo requests to the VIP
	drew := map[netip.Addr]bool{}    // of any
	for _, rec := range log.Records {
		if s.foreign(rec) || p.unused[rec.TargetIP] && !drew[rec.TargetIP] {
			continue
		}
		if s.isAsk(rec) {
			s.sent = append(s.sent, rec)
			drew[rec.SenderIP] = drew[rec.SenderIP] || rec.Kind == evidence.EchoRequest && !s.witness
			switch {
			case rec.TargetIP != vip:
			case rec.Kind == evidence.ARPRequest:
				s.asked = append(s.asked, rec)
			case rec.Kind == evidence.EchoRequest:
				s.echoed = append(s.echoed, rec)
				sources[rec.SenderIP] = !s.witness
			case rec.Kind == evidence.TCPSyn:
				s.syns = append(s.syns, rec)
			}
		}
		if rec.Sent {
			continue
		}
		if s.forgery(rec) {
			s.forged[rec.Src] = append(s.forged[rec.Src], rec)
			continue
		}
		if rec.IsARP() {
			s.by[rec.SenderMAC] = append(s.by[rec.SenderMAC], rec)
		} else {
			s.by[rec.Src] = append(s.by[rec.Src], rec)
		}
		switch {
		case rec.IsAdvert():
			if s.stands(rec) {
				s.adverts = append(s.adverts, rec)
			}
		case rec.IsARP() && rec.SenderMAC.IsZero():
			// Nobody's address, though clients believe it (arp_process).
			s.nobody = s.nobody || rec.SenderIP == vip
		case rec.IsGratuitous():
			if rec.SenderIP == vip {
				d := s.of(rec.SenderMAC)
				d.gratuitous = append(d.gratuitous, rec)
			}
		case rec.Kind == evidence.ARPReply:
			if rec.SenderIP == vip {
				d := s.of(rec.SenderMAC)
				d.replies = append(d.replies, rec)
			}
		case rec.Kind == evidence.ARPRequest && !rec.IsProbe():
			if rec.SenderIP == vip {
				d := s.of(rec.SenderMAC)
				d.announcements = append(d.announcements, rec)
			}
			// Only a broadcast is a search for somebody unknown: an old
			// neighbour entry is validated in unicast, from the preferred
			// address, whatever arp_announce says (arp_solicit). And for our
			// own address a host may ask on other business.
			if sources[rec.TargetIP] && rec.Dst == evidence.Broadcast && (rec.SenderIP == vip || rec.TargetIP != cfg.Self.Addr) {
				d := s.of(rec.SenderMAC)
				d.solicits = append(d.solicits, rec)
			}
		case rec.Src.IsZero() || !s.onLink:
			// A link without MAC addresses, or what a router passes on: it
			// does not show who has the address.
		case rec.SenderIP == vip && rec.Kind == evidence.EchoReply:
			d := s.of(rec.Src)
			d.echoes = append(d.echoes, rec)
		case rec.SenderIP == vip && rec.Kind == evidence.TCPSynAck:
			d := s.of(rec.Src)
			d.synAcks = append(d.synAcks, rec)
		}
	}
	s.former, s.heir = s.failover()
	s.parts = s.cast()
	return s
}

// foreign reports whether a record is about another VIP alone.
func (s *scene) foreign(rec evidence.Record) bool {
	if rec.SenderIP == s.vip || rec.TargetIP == s.vip {
		return rec.SenderIP != s.vip && s.people.isVIP[rec.SenderIP]
	}
	return s.people.isVIP[rec.SenderIP] || s.people.isVIP[rec.TargetIP]
}

// of returns the deeds of a host, to be added to.
func (s *scene) of(mac evidence.MAC) *deeds {
	d := s.deeds[mac]
	if d == nil {
		d = new(deeds)
		s.deeds[mac] = d
		s.order = append(s.order, mac)
	}
	return d
}

// did returns the deeds of a host, never nil.
func (s *scene) did(mac evidence.MAC) *deeds {
	if d := s.deeds[mac]; d != nil {
		return d
	}
	return new(deeds)
}

// claimants are the hosts that answer who-has for the VIP or announce it
// unasked, as they were first seen.
func (s *scene) claimants() []evidence.MAC {
	var all []evidence.MAC
	for _, mac := range s.order {
		if d := s.deeds[mac]; len(d.replies)+len(d.gratuitous) > 0 {
			all = append(all, mac)
		}
	}
	return all
}

// lossless reports whether everything is there that reached the interface.
func (s *scene) lossless() bool { return len(s.losses()) == 0 }

// heard reports whether the log goes on for d after a record, losing nothing.
func (s *scene) heard(rec evidence.Record, d time.Duration) bool {
	return s.lossless() && s.end(rec).Sub(rec.Time) >= d && !s.inGap(rec, d)
}

// inGap reports whether what followed a record is not in the log, though it was
// seen.
func (s *scene) inGap(rec evidence.Record, d time.Duration) bool {
	return slices.ContainsFunc(s.log.Gaps, func(g evidence.Gap) bool {
		about := g.Addr == s.vip || g.Addr == rec.TargetIP || g.Addr == rec.SenderIP
		return about && rec.Time.Before(g.To) && rec.Time.Add(d).After(g.From)
	})
}

// sampled reports whether of a moment only some of the frames are in the log
// that are about the VIP, or that say who its virtual router is.
func (s *scene) sampled(at time.Time) bool {
	return slices.ContainsFunc(s.log.Gaps, func(g evidence.Gap) bool {
		return (g.Addr == s.vip || !g.Addr.IsValid()) && !at.Before(g.From) && !at.After(g.To)
	})
}

// askedInFull reports whether silence of everyone would mean something: the
// last broadcast who-has for the VIP has been listened after to the end.
func (s *scene) askedInFull() bool {
	if s.witness {
		n, _ := s.askedInSight()
		return n >= asksNeeded
	}
	for _, rec := range slices.Backward(s.asked) {
		if rec.Dst == evidence.Broadcast && (!rec.IsProbe() || !s.cfg.Self.Addr.IsValid()) {
			return s.heard(rec, s.cfg.wait())
		}
	}
	return false
}

// stillThere reports whether the segment was heard after the last echo
// request or broadcast:
// if not, the silence that followed may be that of a cut cable.
func (s *scene) stillThere() bool {
	if s.witness {
		return true // only who has asked knows when to expect something
	}
	last := evidence.Record{}
	for _, rec := range s.sent {
		if rec.Kind == evidence.EchoRequest || rec.Dst == evidence.Broadcast {
			last = rec
		}
	}
	for _, recs := range s.by {
		if before(last, recs[len(recs)-1]) {
			return true
		}
	}
	return false
}

// noted reports whether the run has left a note about this VIP.
func (s *scene) noted(code evidence.NoteCode) (evidence.Note, bool) {
	for _, n := range s.log.Notes {
		if n.Code == code && (!n.VIP.IsValid() || n.VIP == s.vip) {
			return n, true
		}
	}
	return evidence.Note{}, false
}

// wait is how long after a who-has for a VIP silence means something.
func (c *Config) wait() time.Duration {
	if c.Wait == 0 {
		return time.Second
	}
	return c.Wait
}
