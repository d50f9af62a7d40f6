package diagnose

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A frame can be in a capture more than once: a port that is mirrored both
// ways, several interfaces of one capture, several captures of one segment, or
// a loop. That is one frame, and one answer. Nobody sends the same one again
// this soon: ARP and TCP wait for a second, and pings differ. Only who announces
// an address may do so several times in a row.
const (
	sameHere  = 2 * time.Millisecond  // at the same place
	sameThere = 10 * time.Millisecond // at another interface, or in another file
)

// once remembers the frames that were seen last.
type once struct {
	last map[likeness]sighting
}

// A likeness is all that is said in a frame.
type likeness struct {
	kind                   evidence.Kind
	vlans                  evidence.VLANs
	src, dst               evidence.MAC
	senderMAC, targetMAC   evidence.MAC
	senderIP, targetIP     netip.Addr
	senderPort, targetPort uint16
	id, seq                uint16
	vrid, priority         uint8
}

type sighting struct {
	view
	time  time.Time
	first frameID // as which it counts
}

func newOnce() *once { return &once{last: map[likeness]sighting{}} }

// seen reports whether the same frame was seen just before, and as which.
func (o *once) seen(rec *evidence.Record) (first frameID, again bool) {
	k := likeness{rec.Kind, rec.VLANs, rec.Src, rec.Dst, rec.SenderMAC, rec.TargetMAC, rec.SenderIP, rec.TargetIP,
		rec.SenderPort, rec.TargetPort, rec.ID, rec.Seq, rec.VRID, rec.Priority}
	now := sighting{viewOf(rec), rec.Time, frameID{rec.File, rec.Number}}
	old, ok := o.last[k]
	limit := sameHere
	if old.view != now.view {
		limit = sameThere
	}
	again = ok && !rec.Time.IsZero() && now.time.Sub(old.time).Abs() <= limit && (old.view != now.view || !rec.IsGratuitous())
	if again {
		now.first = old.first
	}
	o.last[k] = now
	return now.first, again
}
