package probe

import (
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
		v.mend = unlocked(rec.Time)
	}
}

// nextMend is the VIP that is to be looked into first; nil: none is.
func (r *Run) nextMend() (first *sightings) {
	if r.undoing {
		return nil
	}
	for _, vip := range r.cfg.VIPs {
		if v := r.vips[vip]; !v.mend.IsZero() && (first == nil || v.mend.Before(first.mend)) {
			first = v
		}
	}
	return first
}

// mend repairs what moved the entries for a VIP, if it was not the director.
// Once it has failed to, only the end of the run tries again.
func (r *Run) mend(v *sightings) []frame {
	v.mend = time.Time{}
	if n := len(v.repairs); n > 0 {
		if _, ok := r.announcement(v.repairs[n-1]); !ok {
			return nil
		}
	}
	p := r.harm(v.vip)
	if p == nil || !p.possible(r.cfg.MAC) {
		return nil
	}
	if due := unlocked(p.moved); due.After(time.Now()) {
		v.mend = due // others have come after the first
		return nil
	}
	source, ok := r.unused.spare(len(r.cfg.VIPs))
	if !ok {
		return nil // the last are kept for the end
	}
	r.tested[source] = v
	p.sources = append(p.sources, source)
	v.repairs = append(v.repairs, p)
	return []frame{r.echo(v.vip, source, p.owners[0])}
}
