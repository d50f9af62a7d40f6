package probe

import (
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A run that goes on for long does not leave neighbour entries wrong until its
// end: what moves them is repaired while it runs, as soon as entries can be moved
// back, for as long as there are unused addresses to do it with.

// watch sets the time at which a broadcast that was just heard is looked into.
func (r *Run) watch(rec *evidence.Record) {
	v := r.vips[rec.SenderIP]
	if v != nil && v.mend.IsZero() && !r.undoing && !r.cfg.NoAnnounceTest && announces(rec, v.vip) {
		r.mendAt(v, unlocked(rec.Time))
	}
}

// mendAt looks into a VIP at that time.
func (r *Run) mendAt(v *sightings, at time.Time) {
	v.mend = at
	r.mends = append(r.mends, v)
}

// nextMend is the VIP that is to be looked into first; nil: none is, or the
// addresses to do it with are not yet known to be unused.
func (r *Run) nextMend() (first *sightings) {
	if r.undoing || len(r.mends) == 0 || r.probes < probesEach*len(r.unused.candidates) || time.Since(r.probed) < settle {
		return nil
	}
	return slices.MinFunc(r.mends, func(a, b *sightings) int { return a.mend.Compare(b.mend) })
}

// mend repairs what moved the entries for a VIP, if it was not the director. Once
// that has failed, only the end of the run tries again.
func (r *Run) mend(v *sightings) []frame {
	v.mend = time.Time{}
	r.mends = slices.DeleteFunc(r.mends, func(other *sightings) bool { return other == v })
	h := r.harm(v.vip)
	if !h.wrong || !h.possible(r.cfg.MAC) {
		return nil
	}
	if rec, ok := r.drawn(v, &h); len(v.mends) > 0 && (!ok || rec.SenderIP != v.vip) {
		return nil
	}
	if due := unlocked(h.moved); due.After(time.Now()) {
		r.mendAt(v, due) // others have come after the first
		return nil
	}
	// The tests come first, and the end of the run.
	reserve := len(r.cfg.VIPs)
	if !v.tested {
		reserve = candidatesPerVIP*len(r.cfg.VIPs) + candidatesSpare/2
	}
	source, ok := r.unused.spare(reserve)
	if !ok {
		return nil
	}
	v.mends = nil
	return r.ask(v, &h, source)
}
