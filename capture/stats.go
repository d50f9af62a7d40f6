package capture

import (
	"maps"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// stats are the counts of a file, or of a part of one.
type stats struct {
	frames uint64
	dull   uint64 // certainly not interesting, without a decoder; see ignored too
	cut    uint64
	noMACs uint64

	ignored    map[evidence.Reason]uint64
	otherLinks map[linkType]uint64
	dropped    map[int]uint64 // by interface, as pcapng says of all the time up to then

	timed               bool // some frame had a time
	firstTime, lastTime int64
	firstTimed          uint64 // the number of that frame

	backwards uint64
	backFrame uint64 // the first that was earlier than the one before
	backTime  int64
	maxBack   int64

	damage  []evidence.Damage
	damaged uint64
}

// maxDamage is how many damaged places are told.
const maxDamage = 16

// maxDropped is how many interfaces may tell what they lost.
const maxDropped = 1 << 16

func (s *stats) ignore(reason evidence.Reason) {
	if s.ignored == nil {
		s.ignored = map[evidence.Reason]uint64{}
	}
	s.ignored[reason]++
}

func (s *stats) otherLink(link linkType) { s.addOtherLink(link, 1) }

func (s *stats) addOtherLink(link linkType, n uint64) {
	if s.otherLinks == nil {
		s.otherLinks = map[linkType]uint64{}
	}
	s.otherLinks[link] += n
}

// unordered takes the time of the first frame, and of one that is earlier than
// the one before it.
func (s *stats) unordered(ns int64, frame uint64) {
	switch {
	case ns == noTime:
	case !s.timed:
		s.timed, s.firstTime, s.firstTimed = true, ns, frame
	default:
		s.back(ns, s.lastTime, frame)
	}
}

func (s *stats) back(ns, before int64, frame uint64) {
	if s.backwards == 0 {
		s.backFrame, s.backTime = frame, ns
	}
	s.backwards++
	if by := before - ns; by > s.maxBack || by < 0 { // below zero: more than int64 holds
		s.maxBack = max(s.maxBack, by&(1<<63-1))
	}
}

func (s *stats) damagedAt(d evidence.Damage) {
	s.damaged++
	if len(s.damage) < maxDamage {
		s.damage = append(s.damage, d)
	}
}

func (s *stats) lost(iface int, n uint64) {
	if iface >= maxDropped {
		return
	}
	if s.dropped == nil {
		s.dropped = map[int]uint64{}
	}
	s.dropped[iface] = n
}

// merge adds the counts of the part that follows.
func (s *stats) merge(later *stats) {
	base := s.frames
	if later.timed {
		switch {
		case !s.timed:
			s.timed, s.firstTime, s.firstTimed = true, later.firstTime, base+later.firstTimed
		case later.firstTime < s.lastTime:
			s.back(later.firstTime, s.lastTime, base+later.firstTimed)
		}
		s.lastTime = later.lastTime
	}
	if later.backwards > 0 {
		if s.backwards == 0 {
			s.backFrame, s.backTime = base+later.backFrame, later.backTime
		}
		s.backwards += later.backwards
		s.maxBack = max(s.maxBack, later.maxBack)
	}
	s.frames += later.frames
	s.dull += later.dull
	s.cut += later.cut
	s.noMACs += later.noMACs
	for reason, n := range later.ignored {
		if s.ignored == nil {
			s.ignored = map[evidence.Reason]uint64{}
		}
		s.ignored[reason] += n
	}
	for link, n := range later.otherLinks {
		s.addOtherLink(link, n)
	}
	for iface, n := range later.dropped {
		s.lost(iface, n)
	}
	for _, d := range later.damage {
		d.Frame += int(base)
		s.damagedAt(d)
	}
	s.damaged += later.damaged - uint64(len(later.damage))
}

// reasons returns all that was ignored, by its reason.
func (s *stats) reasons() map[evidence.Reason]uint64 {
	all := maps.Clone(s.ignored)
	if all == nil {
		all = map[evidence.Reason]uint64{}
	}
	if s.dull > 0 {
		all[evidence.NotInteresting] += s.dull
	}
	return all
}

// file says what there is to say about the whole file.
func (s *stats) file(name string) evidence.File {
	f := evidence.File{
		Name: name, Frames: s.frames, Cut: s.cut, NoMACs: s.noMACs,
		Damage: s.damage, Damaged: s.damaged, Backwards: s.backwards,
	}
	if s.timed {
		f.First, f.Last = timeOf(s.firstTime), timeOf(s.lastTime)
	}
	if s.backwards > 0 {
		f.FirstBack = evidence.Place{File: name, Frame: int(s.backFrame), Time: timeOf(s.backTime)}
		f.MaxBack = time.Duration(s.maxBack)
	}
	for link, n := range s.otherLinks {
		if f.OtherLinks == nil {
			f.OtherLinks = map[string]uint64{}
		}
		f.OtherLinks[link.String()] += n
	}
	for _, n := range s.dropped {
		f.Dropped += n
	}
	return f
}

func timeOf(ns int64) time.Time {
	if ns == noTime {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
