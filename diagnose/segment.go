package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A segment is what was captured in one VLAN: one broadcast domain, in which
// alone ARP means something.
type segment struct {
	vlans   evidence.VLANs
	log     *evidence.Log
	cfg     *Config
	claims  []evidence.Claim
	records []evidence.Record
	again   []sameFrame

	asked   bool                 // somebody asked for the addresses that are diagnosed
	virtual map[netip.Addr]bool  // addresses that are advertised
	about   map[netip.Addr][]int // positions of the records with that sender or target
	adverts []int                // and of the adverts
	people  *people
	carp    map[uint8][]netip.Addr // addresses at the MAC address of a virtual host; nil: not yet looked for
}

func newSegment(vlans evidence.VLANs, log *evidence.Log) *segment {
	return &segment{vlans: vlans, log: log, virtual: map[netip.Addr]bool{}, about: map[netip.Addr][]int{}}
}

// add adds a record, of any address.
func (s *segment) add(rec *evidence.Record) {
	n := len(s.records)
	s.records = append(s.records, *rec)
	if rec.IsAdvert() {
		s.adverts = append(s.adverts, n)
		for _, addr := range rec.Virtual {
			s.virtual[addr] = true
		}
		return
	}
	s.about[rec.SenderIP] = append(s.about[rec.SenderIP], n)
	if rec.TargetIP != rec.SenderIP {
		s.about[rec.TargetIP] = append(s.about[rec.TargetIP], n)
	}
}

// A sameFrame is another sight of a frame that is among the records.
type sameFrame struct {
	first frameID
	view
	way
	ok bool // it has a way
}

// addAgain notes that a frame was captured in another place, too.
func (s *segment) addAgain(rec *evidence.Record, first frameID) {
	w, ok := wayOf(*rec)
	s.again = append(s.again, sameFrame{first, viewOf(rec), w, ok})
}

// has reports whether some frame of the segment is about an address.
func (s *segment) has(addr netip.Addr) bool {
	_, claimed := slices.BinarySearchFunc(s.claims, addr, byAddr)
	return claimed || len(s.about[addr]) > 0 || s.virtual[addr]
}

func byAddr(c evidence.Claim, addr netip.Addr) int { return c.Addr.Compare(addr) }

// fewSuspects is how many hosts are examined for an address that nobody has
// asked for.
const fewSuspects = 32

// who knows the people of the segment.
func (s *segment) who() *people {
	if s.people == nil {
		log := s.with(s.records)
		s.people = whoIsWho(&log, s.cfg)
		s.people.asked = s.asked
		for _, f := range s.again {
			s.people.also[f.first] = append(s.people.also[f.first], f.view)
			if f.ok {
				s.people.sees(f.view, f.way)
			}
		}
	}
	return s.people
}

// with is the log of the segment, with these records.
func (s *segment) with(records []evidence.Record) evidence.Log {
	log := *s.log
	log.Claims, log.Records = s.claims, records
	return log
}

// concerning are the records that have to do with an address: those from and to
// it, the adverts, what the hosts say that were named, and the who-has for
// those who speak to the address, which show with what address it is asked.
func (s *segment) concerning(vip netip.Addr) []evidence.Record {
	var at []int
	at = append(at, s.about[vip]...)
	at = append(at, s.adverts...)
	for _, h := range s.cfg.named() {
		at = append(at, s.about[h.IP]...)
	}
	peers := map[netip.Addr]bool{vip: true, {}: true, netip.IPv4Unspecified(): true}
	for _, i := range s.about[vip] {
		rec := &s.records[i]
		if peers[rec.SenderIP] || rec.Kind != evidence.EchoRequest && rec.Kind != evidence.TCPSyn {
			continue
		}
		peers[rec.SenderIP] = true
		for _, j := range s.about[rec.SenderIP] {
			if other := &s.records[j]; other.Kind == evidence.ARPRequest && other.TargetIP == rec.SenderIP {
				at = append(at, j)
			}
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	recs := make([]evidence.Record, len(at))
	for i, n := range at {
		recs[i] = s.records[n]
	}
	return recs
}

// diagnose says what the segment shows about an address.
func (s *segment) diagnose(vip netip.Addr) Result {
	log := s.with(s.concerning(vip))
	sc := newScene(&log, s.cfg, s.who(), vip)
	if !s.asked {
		sc.most = fewSuspects
	}
	classes := map[evidence.MAC]*class{}
	for _, mac := range sc.suspected() {
		c := sc.eliminate(mac)
		classes[mac] = &c
	}
	r := sc.result(classes)
	r.Asks, r.AsksTotal = sc.asks()
	r.Changes, r.ChangesTotal = sc.changes()
	return r
}
