package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// own is what this host's own neighbour table had for the VIPs before the run.
// The kernel takes every answer to our who-has for an answer to itself, and the
// first one after locktime moves the entry (arp_process).
func (r *Run) own() map[netip.Addr]evidence.MAC {
	before := map[netip.Addr]evidence.MAC{}
	for _, vip := range r.cfg.VIPs {
		if mac, ok := r.link.Neighbour(vip); ok {
			before[vip] = mac
		}
	}
	return before
}

// restore leads this host's own entries to the directors, or where they were
// before. To write them would take CAP_NET_ADMIN: instead, the right host is
// asked once more when the entry has become old enough to be moved.
func (r *Run) restore(before map[netip.Addr]evidence.MAC) error {
	if !r.cfg.Addr.IsValid() {
		return nil // nobody has answered to us
	}
	wrong := map[netip.Addr]evidence.MAC{} // who is to be asked
	var steps []timed
	for _, vip := range r.cfg.VIPs {
		now, ok := r.link.Neighbour(vip)
		was, had := before[vip]
		if !ok || now == was {
			continue
		}
		var owners []evidence.MAC
		if r.cfg.Owners != nil {
			owners = r.cfg.Owners(&r.log, vip)
		}
		switch {
		case slices.Contains(owners, now):
			continue
		case len(owners) > 0:
			wrong[vip] = owners[0]
		case had:
			wrong[vip] = was
		default:
			continue // new, and nobody knows what would be right
		}
		due := unlocked(r.lastClaim(vip, now))
		for range repairs {
			steps = append(steps, timed{due, step{frames: func() []frame {
				if mac, _ := r.link.Neighbour(vip); mac == wrong[vip] {
					return nil
				}
				return []frame{r.whoHas(vip, r.cfg.Addr, wrong[vip])}
			}}})
			due = due.Add(quick)
		}
		steps = append(steps, timed{due, step{frames: func() []frame { return nil }}})
	}
	slices.SortStableFunc(steps, func(a, b timed) int { return a.due.Compare(b.due) })
	if err := r.toTheEnd(steps); err != nil {
		return err
	}
	for _, vip := range r.cfg.VIPs {
		right, asked := wrong[vip]
		if mac, ok := r.link.Neighbour(vip); asked && ok && mac != right {
			r.note(evidence.NotUndone, vip, fmt.Sprintf(
				"this host's own neighbour entry for %s now points to %s, and %s did not answer when it was asked to correct that",
				vip, r.called(mac), r.called(right)))
		}
	}
	return nil
}

// lastClaim is when a host last said that the VIP is its own.
func (r *Run) lastClaim(vip netip.Addr, mac evidence.MAC) time.Time {
	for _, rec := range slices.Backward(r.log.Records) {
		if !rec.Sent && rec.IsARP() && rec.SenderIP == vip && rec.SenderMAC == mac {
			return rec.Time
		}
	}
	return r.log.Start
}
