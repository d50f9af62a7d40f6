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

	// The records without those that are about other VIPs alone: what the run
	// sent, and what each host sent.
	sent []evidence.Record
	by   map[evidence.MAC][]evidence.Record

	deeds map[evidence.MAC]*deeds
	order []evidence.MAC // of deeds, as they were first seen

	parts       map[evidence.MAC]part
	predecessor evidence.MAC // the owner before a failover that this run has seen; zero: none

	adverts []evidence.Record // VRRP adverts for the VIP
	nobody  bool              // a frame claims the VIP for the MAC address 00:00:00:00:00:00
	asked   []evidence.Record // who-has for the VIP that this run sent
	echoed  []evidence.Record // echo requests to the VIP that this run sent
	syns    []evidence.Record // SYNs to the VIP that this run sent
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
	s := &scene{cfg: cfg, log: log, people: p, vip: vip,
		by: map[evidence.MAC][]evidence.Record{}, deeds: map[evidence.MAC]*deeds{}}
	sources := map[netip.Addr]bool{}
	for _, rec := range log.Records {
		if s.foreign(rec) || p.unused[rec.TargetIP] && !sources[rec.TargetIP] {
			continue
		}
		switch {
		case rec.Sent:
			s.sent = append(s.sent, rec)
		case rec.IsARP():
			s.by[rec.SenderMAC] = append(s.by[rec.SenderMAC], rec)
		default:
			s.by[rec.Src] = append(s.by[rec.Src], rec)
		}
		switch {
		case rec.Sent && rec.TargetIP == vip:
			switch rec.Kind {
			case evidence.ARPRequest:
				s.asked = append(s.asked, rec)
			case evidence.EchoRequest:
				s.echoed = append(s.echoed, rec)
				sources[rec.SenderIP] = true
			case evidence.TCPSyn:
				s.syns = append(s.syns, rec)
			}
		case rec.Sent:
		case rec.Kind == evidence.VRRPAdvert:
			if slices.Contains(rec.Virtual, vip) {
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
		case rec.SenderIP == vip && rec.Kind == evidence.EchoReply:
			d := s.of(rec.Src)
			d.echoes = append(d.echoes, rec)
		case rec.SenderIP == vip && rec.Kind == evidence.TCPSynAck:
			d := s.of(rec.Src)
			d.synAcks = append(d.synAcks, rec)
		}
	}
	s.predecessor, _ = s.failover()
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

// lossless reports whether every frame that reached the interface was seen.
func (s *scene) lossless() bool { return s.log.Dropped == 0 }

// heard reports whether the run listened for d after a record, losing nothing.
func (s *scene) heard(rec evidence.Record, d time.Duration) bool {
	return s.lossless() && s.log.End.Sub(rec.Time) >= d
}

// askedInFull reports whether silence of everyone would mean something: the
// last broadcast who-has for the VIP has been listened after to the end.
func (s *scene) askedInFull() bool {
	for _, rec := range slices.Backward(s.asked) {
		if rec.Dst == evidence.Broadcast && !rec.IsProbe() || !s.cfg.Self.Addr.IsValid() {
			return s.heard(rec, s.cfg.wait())
		}
	}
	return false
}

// stillThere reports whether the segment was heard after the last echo
// request or broadcast:
// if not, the silence that followed may be that of a cut cable.
func (s *scene) stillThere() bool {
	last := evidence.Record{}
	for _, rec := range s.sent {
		if rec.Kind == evidence.EchoRequest || rec.Dst == evidence.Broadcast {
			last = rec
		}
	}
	for _, recs := range s.by {
		if recs[len(recs)-1].Number > last.Number {
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
