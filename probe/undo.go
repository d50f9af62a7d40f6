package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A neighbour entry that has just changed resists the next change for some time
// (net.ipv4.neigh.*.locktime, one second); locktime is a little more.
const (
	resists  = time.Second
	locktime = resists + 50*time.Millisecond
)

// repairs is how often the director is asked to announce the VIP.
const repairs = 2

// A harm is what announcements have done to the neighbour entries of others for a
// VIP, as if all had one and the same.
type harm struct {
	owners []evidence.MAC // the director, the first of them to be asked; empty: nobody knows

	wrong bool            // the entries may point elsewhere now
	since time.Time       // since when
	moved time.Time       // when they were last moved, and from when on they resist
	leak  evidence.Record // the last broadcast of who moved them

	// What is right again: how often, how long it took at most, who had them, and
	// the director's last broadcast that corrected them.
	times    int
	longest  time.Duration
	had      []evidence.MAC
	mendedBy evidence.Record
}

// harm follows the broadcasts in which hosts announced the VIP.
func (r *Run) harm(vip netip.Addr) (h harm) {
	if r.cfg.Owners != nil {
		h.owners = r.cfg.Owners(&r.log, vip)
	}
	var believed evidence.MAC
	for i := range r.log.Records {
		rec := &r.log.Records[i]
		switch {
		case !announces(rec, vip):
		case !slices.Contains(h.owners, rec.SenderMAC):
			// Entries of all ages are there, so some can always be moved.
			if !h.wrong {
				h.wrong, h.since = true, rec.Time
			}
			// Who is believed already changes nothing (neigh_update).
			if rec.SenderMAC != believed {
				h.moved = rec.Time
			}
			if believed, h.leak = rec.SenderMAC, *rec; !slices.Contains(h.had, believed) && len(h.had) < mostNamed {
				h.had = append(h.had, believed)
			}
		default:
			// Gratuitous ARP is believed at once (arp_process).
			if h.wrong && (rec.IsGratuitous() || rec.Time.Sub(h.moved) >= resists) {
				h.wrong = false
				h.times++
				h.longest = max(h.longest, rec.Time.Sub(h.since))
				h.mendedBy = *rec
			}
			believed = rec.SenderMAC // by some at least
		}
	}
	return h
}

// mostNamed is how many hosts a note names.
const mostNamed = 4

// announces reports whether a record is a broadcast that moves the entries for
// the VIP.
func announces(rec *evidence.Record, vip netip.Addr) bool {
	return rec.Kind == evidence.ARPRequest && !rec.Sent && rec.SenderIP == vip && rec.Dst == evidence.Broadcast
}

// possible reports whether there is a director who can be asked to mend it: this
// host cannot ask itself.
func (h *harm) possible(self evidence.MAC) bool { return len(h.owners) > 0 && h.owners[0] != self }

// names are those who had the entries.
func (r *Run) names(h *harm) string {
	var all []string
	for _, mac := range h.had {
		all = append(all, r.called(mac))
	}
	slices.Sort(all)
	return strings.Join(all, " or ")
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

	var steps []timed
	for _, vip := range r.cfg.VIPs {
		v, h := r.vips[vip], r.harm(vip)
		if !h.wrong || !h.possible(r.cfg.MAC) {
			continue
		}
		v.mends = nil // these are asked anew
		due := unlocked(h.moved)
		for range repairs {
			steps = append(steps, timed{due, step{frames: func() []frame { return r.repair(v) }}})
			due = due.Add(hear)
		}
		steps = append(steps, timed{due, step{frames: func() []frame { return nil }}})
	}
	slices.SortStableFunc(steps, func(a, b timed) int { return a.due.Compare(b.due) })
	err := r.toTheEnd(steps)
	for _, vip := range r.cfg.VIPs {
		r.outcome(r.vips[vip], err)
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
		if !r.cfg.NoAnnounceTest {
			r.outcome(r.vips[vip], lost)
		}
	}
}

// repair makes the director send a who-has of its own, by an echo request from a
// new unused address: its broadcast "tell VIP" corrects every entry that the leak
// has reached. It asks nothing if that has come to pass.
func (r *Run) repair(v *sightings) []frame {
	h := r.harm(v.vip)
	if _, ok := r.drawn(v, &h); ok || !h.wrong {
		return nil
	}
	source, ok := r.unused.take()
	if !ok {
		return nil
	}
	return r.ask(v, &h, source)
}

// ask is the echo request of a repair.
func (r *Run) ask(v *sightings, h *harm, source netip.Addr) []frame {
	r.tested[source] = v
	v.mends = append(v.mends, source)
	return []frame{r.echo(v.vip, source, h.owners[0])}
}

// drawn finds the director's who-has that the last repairs have drawn.
func (r *Run) drawn(v *sightings, h *harm) (evidence.Record, bool) {
	for _, rec := range slices.Backward(r.log.Records) {
		if rec.Kind == evidence.ARPRequest && !rec.Sent && slices.Contains(h.owners, rec.SenderMAC) && slices.Contains(v.mends, rec.TargetIP) {
			return rec, true
		}
	}
	return evidence.Record{}, false
}

// outcome notes what became of the entries for a VIP; lost is why the interface
// could no longer be used, or nil.
func (r *Run) outcome(v *sightings, lost error) {
	h := r.harm(v.vip)
	if h.times > 0 {
		while, again := fmt.Sprintf("for %.1f s", h.longest.Seconds()), "then the director announced the address again"
		if h.times > 1 {
			while, again = fmt.Sprintf("%d times, for %.1f s at most", h.times, h.longest.Seconds()), "each time the director announced the address again, last"
		}
		r.note(evidence.Undone, v.vip, fmt.Sprintf("%s, neighbour entries for %s on the segment could point to %s; %s (frame %d)",
			while, v.vip, r.names(&h), again, h.mendedBy.Number))
	}
	if !h.wrong {
		return
	}
	may := fmt.Sprintf("neighbour entries for %s on the segment may now point to %s (frame %d)", v.vip, r.called(h.leak.SenderMAC), h.leak.Number)
	rec, reacted := r.drawn(v, &h)
	switch {
	case reacted && rec.SenderIP != v.vip:
		may += fmt.Sprintf(": the director announces %s instead of it (arp_announce 2), so it could not be made to correct them", rec.SenderIP)
	case lost != nil:
		may += fmt.Sprintf(", and were not corrected: %v", lost)
	case len(h.owners) == 0:
		may += ": nothing shows which host is the director"
	case !h.possible(r.cfg.MAC):
		may += ": the director is this host, which cannot be made to correct them from here"
	case len(v.mends) == 0:
		may += ": no unused address was left to make the director correct them"
	case reacted:
		may += ": another host announced it again at once"
	default:
		may += ": the director did not react when it was made to correct them"
	}
	r.note(evidence.NotUndone, v.vip, may)
}

// called names a host by its own address where that is known.
func (r *Run) called(mac evidence.MAC) string {
	if ip, ok := r.rip(mac); ok {
		return ip.String()
	}
	return mac.String()
}
