package capture

import (
	"maps"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A trail keeps the records that concern one watched address, in the order of
// frames. It is bounded: it has the first ones, the last ones, and the first
// and the last ones of each way in which each host acted. Which these are
// depends on the order of frames alone.
type trail struct {
	limits trailLimits
	seen   uint64 // records, kept or not
	head   []evidence.Record
	tail   ring
	acts   map[act]*sample
	used   [2]int // acts of those who ask, and of those who say that the address is theirs
	full   bool   // an act was refused
}

// trailLimits say how many records a trail keeps.
type trailLimits struct {
	head, tail int
	acts       int // ways and hosts: as many of those who ask as of those who claim, so neither crowds the other out
	sample     int // of each, first and once more last
}

// trailsFor shares what may be kept among n addresses; a record takes some 200
// octets.
func trailsFor(n int) trailLimits {
	n = max(n, 1)
	return trailLimits{
		head:   max(64, 2048/n),
		tail:   max(16, 512/n),
		acts:   max(32, 512/n),
		sample: 4,
	}
}

// An act is a way in which a host acted.
type act struct {
	kind       evidence.Kind
	gratuitous bool
	about      bool // the watched address was the sender's, and not the target's
	group      uint8
	vlans      evidence.VLANs
	mac        evidence.MAC
}

type sample struct {
	first []evidence.Record
	last  ring
}

func newTrail(limits trailLimits) *trail {
	return &trail{limits: limits, acts: map[act]*sample{}, tail: ring{most: limits.tail}}
}

func actOf(rec *evidence.Record, addr uint32) act {
	a := act{kind: rec.Kind, gratuitous: rec.IsGratuitous(), about: number(rec.SenderIP) == addr,
		vlans: rec.VLANs, mac: rec.Src}
	if rec.IsARP() {
		a.mac = rec.SenderMAC
	}
	if rec.IsAdvert() {
		a.group = rec.VRID
	}
	return a
}

// add keeps a record, or not.
func (t *trail) add(rec *evidence.Record, a act) {
	t.seen++
	t.inOrder(rec)
	t.sampled(rec, a)
}

func (t *trail) inOrder(rec *evidence.Record) {
	if len(t.head) < t.limits.head {
		t.head = append(t.head, *rec)
	} else {
		t.tail.add(rec)
	}
}

func (t *trail) sampled(rec *evidence.Record, a act) {
	s := t.acts[a]
	if s == nil {
		used := &t.used[0]
		if a.about {
			used = &t.used[1]
		}
		if *used == t.limits.acts {
			t.full = true
			return
		}
		*used++
		s = &sample{last: ring{most: t.limits.sample}}
		t.acts[a] = s
	}
	if len(s.first) < t.limits.sample {
		s.first = append(s.first, *rec)
	} else {
		s.last.add(rec)
	}
}

// merge adds what a later part of the same file keeps, its frames counted from
// 1 behind base. The part must not have refused an act. What it has dropped
// would have been dropped here too.
func (t *trail) merge(later *trail, base int) {
	t.seen += later.seen
	for _, rec := range later.tail.appendTo(later.head) {
		rec.Number += base
		t.inOrder(&rec)
	}
	acts := slices.SortedFunc(maps.Keys(later.acts), func(a, b act) int {
		return later.acts[a].first[0].Number - later.acts[b].first[0].Number
	})
	for _, a := range acts {
		s := later.acts[a]
		for _, rec := range s.last.appendTo(s.first) {
			rec.Number += base
			t.sampled(&rec, a)
		}
	}
}

// records returns everything that is kept, some of it more than once.
func (t *trail) records() []evidence.Record {
	all := append([]evidence.Record(nil), t.head...)
	all = t.tail.appendTo(all)
	for _, s := range t.acts {
		all = append(all, s.first...)
		all = s.last.appendTo(all)
	}
	return all
}

// gap is the time of which only samples are kept.
func (t *trail) gap(addr uint32) evidence.Gap {
	g := evidence.Gap{From: t.head[len(t.head)-1].Time, To: t.tail.appendTo(nil)[0].Time}
	if g.To.Before(g.From) { // time runs backwards
		g.From, g.To = g.To, g.From
	}
	if addr != 0 {
		g.Addr = addrOf(addr)
	}
	return g
}

// A ring holds the last records that were added.
type ring struct {
	most int
	recs []evidence.Record
	next int // where the next one goes, once the ring is full
}

func (r *ring) add(rec *evidence.Record) {
	if len(r.recs) < r.most {
		r.recs = append(r.recs, *rec)
		return
	}
	r.recs[r.next] = *rec
	r.next = (r.next + 1) % r.most
}

func (r *ring) appendTo(recs []evidence.Record) []evidence.Record {
	recs = append(recs, r.recs[r.next:]...)
	return append(recs, r.recs[:r.next]...)
}
