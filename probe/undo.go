package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// locktime is how long a neighbour entry that has just changed resists the
// next change (net.ipv4.neigh.*.locktime, one second), and a little more.
const locktime = 1050 * time.Millisecond

// repairs is how often the director is asked to announce the VIP.
const repairs = 2

// A repair moves back the neighbour entries for a VIP that a leak has moved to
// a real server. Once the leak is older than locktime, the director is made to
// send a who-has of its own, by an echo request from an unused address: its
// broadcast "tell VIP" corrects every entry that the leak has reached.
type repair struct {
	vip     *sightings
	since   time.Time       // when the first broadcast moved entries
	leak    evidence.Record // the last one
	moved   time.Time       // when the last one could move them to another host than before
	owners  []evidence.MAC  // the director, one for each of its interfaces; empty: nobody knows
	sources []netip.Addr    // unused addresses that it was asked from
}

// possible reports whether anybody can be asked to repair it.
func (p *repair) possible(self evidence.MAC) bool {
	return len(p.owners) > 0 && p.owners[0] != self
}

// undo repairs what this run has drawn, and notes for each VIP whether the
// director was seen to announce it again. The error is that of an interface that
// was lost meanwhile.
func (r *Run) undo() error {
	if r.cfg.NoAnnounceTest {
		return nil // nothing was drawn
	}
	// First, what was drawn at the last moment must be heard of.
	if err := r.toTheEnd([]timed{{r.drew.Add(hear), step{frames: func() []frame { return nil }}}}); err != nil {
		r.leave(err)
		return err
	}

	var all []*repair
	var steps []timed
	for _, vip := range r.cfg.VIPs {
		p := r.harm(vip)
		if p == nil {
			continue
		}
		all = append(all, p)
		if !p.possible(r.cfg.MAC) {
			continue
		}
		due := unlocked(p.moved)
		for range repairs {
			steps = append(steps, timed{due, step{frames: func() []frame { return r.repair(p) }}})
			due = due.Add(hear)
		}
		steps = append(steps, timed{due, step{frames: func() []frame { return nil }}})
	}
	slices.SortStableFunc(steps, func(a, b timed) int { return a.due.Compare(b.due) })
	err := r.toTheEnd(steps)
	for _, p := range all {
		switch rec, reacted := r.announcement(p); {
		case err != nil && !reacted:
			r.stays(p, err)
		case reacted && rec.SenderIP == p.vip.vip:
			p.vip.repairs = append(p.vip.repairs, p)
		default:
			r.failed(p, rec)
		}
	}
	for _, vip := range r.cfg.VIPs {
		r.repaired(r.vips[vip])
	}
	return err
}

// unlocked is when an entry that changed at a time can change again. Whatever
// that time is said to be, it has passed: should a clock have been set, nobody
// waits for it.
func unlocked(changed time.Time) time.Time {
	due := changed.Add(locktime)
	if latest := time.Now().Add(locktime); due.After(latest) {
		return latest
	}
	return due
}

// toTheEnd does the steps whatever has ended the run: they are few, and nothing
// may stay behind. Only an interface that is lost ends them.
func (r *Run) toTheEnd(steps []timed) error {
	r.stop, r.cfg.Stop, r.queue, r.undoing = false, nil, nil, true
	return r.phase(context.Background(), steps)
}

// leave notes what harm stays behind a run that could send nothing more.
func (r *Run) leave(lost error) {
	for _, vip := range r.cfg.VIPs {
		if p := r.harm(vip); p != nil && !r.cfg.NoAnnounceTest {
			r.stays(p, lost)
		}
	}
}

func (r *Run) stays(p *repair, lost error) {
	r.note(evidence.NotUndone, p.vip.vip, fmt.Sprintf("neighbour entries for %s on the segment may now point to %s (frame %d), and were not corrected: %v",
		p.vip.vip, r.called(p.leak.SenderMAC), p.leak.Number, lost))
}

// harm finds the first and the last broadcast in which a host other than the
// director announced the VIP, since that was last repaired; nil if there was none.
func (r *Run) harm(vip netip.Addr) *repair {
	p := &repair{vip: r.vips[vip]}
	if r.cfg.Owners != nil {
		p.owners = r.cfg.Owners(&r.log, vip)
	}
	records := r.log.Records
	for _, done := range slices.Backward(p.vip.repairs) {
		if rec, ok := r.announcement(done); ok {
			records = records[rec.Number:]
			break
		}
	}
	for _, rec := range records {
		if !announces(&rec, vip) || slices.Contains(p.owners, rec.SenderMAC) {
			continue
		}
		if p.since.IsZero() {
			p.since = rec.Time
		}
		// Who is believed already changes nothing (neigh_update).
		if rec.SenderMAC != p.leak.SenderMAC {
			p.moved = rec.Time
		}
		p.leak = rec
	}
	if p.since.IsZero() {
		return nil
	}
	return p
}

// announces reports whether a record is a broadcast that moves the entries for
// the VIP.
func announces(rec *evidence.Record, vip netip.Addr) bool {
	return rec.Kind == evidence.ARPRequest && !rec.Sent && rec.SenderIP == vip && rec.Dst == evidence.Broadcast
}

// repair asks the director from a new unused address, unless it has already
// sent its who-has.
func (r *Run) repair(p *repair) []frame {
	if _, ok := r.announcement(p); ok {
		return nil
	}
	source, ok := r.unused.take()
	if !ok {
		return nil
	}
	r.tested[source] = p.vip
	p.sources = append(p.sources, source)
	return []frame{r.echo(p.vip.vip, source, p.owners[0])}
}

// announcement finds the director's who-has that the repair has drawn.
func (r *Run) announcement(p *repair) (evidence.Record, bool) {
	for _, rec := range slices.Backward(r.log.Records) {
		if rec.Kind == evidence.ARPRequest && !rec.Sent && slices.Contains(p.owners, rec.SenderMAC) && slices.Contains(p.sources, rec.TargetIP) {
			return rec, true
		}
	}
	return evidence.Record{}, false
}

// repaired notes what was repaired for a VIP, and how long it took.
func (r *Run) repaired(v *sightings) {
	times, longest := "", time.Duration(0)
	var done []*repair
	for _, p := range v.repairs {
		if rec, ok := r.announcement(p); ok && rec.SenderIP == v.vip {
			done = append(done, p)
			longest = max(longest, rec.Time.Sub(p.since))
		}
	}
	if len(done) == 0 {
		return
	}
	if len(done) > 1 {
		times = fmt.Sprintf(" (%d times; the longest)", len(done))
	}
	last := done[len(done)-1]
	rec, _ := r.announcement(last)
	r.note(evidence.Undone, v.vip, fmt.Sprintf(
		"for %.1f s%s, neighbour entries for %s on the segment could point to %s; then the director announced the address again (frame %d)",
		longest.Seconds(), times, v.vip, r.called(last.leak.SenderMAC), rec.Number))
}

// failed notes why the director did not announce the VIP; rec is what it announced
// instead, if it announced anything.
func (r *Run) failed(p *repair, rec evidence.Record) {
	var why string
	switch {
	case len(p.owners) == 0:
		why = "nothing shows which host is the director"
	case rec.Kind != 0:
		why = fmt.Sprintf("the director announces %s instead of it (arp_announce 2), so it could not be made to correct them", rec.SenderIP)
	case !p.possible(r.cfg.MAC):
		why = "the director is this host, which cannot be made to correct them from here"
	case len(p.sources) == 0:
		why = "no unused address was left to make the director correct them"
	default:
		why = "the director did not react when it was made to correct them"
	}
	r.note(evidence.NotUndone, p.vip.vip, fmt.Sprintf(
		"neighbour entries for %s on the segment may now point to %s (frame %d): %s",
		p.vip.vip, r.called(p.leak.SenderMAC), p.leak.Number, why))
}

// called names a host by its own address where that is known.
func (r *Run) called(mac evidence.MAC) string {
	if ip, ok := r.rip(mac); ok {
		return ip.String()
	}
	return mac.String()
}
