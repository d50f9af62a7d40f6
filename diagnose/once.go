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
	file  string
	iface int
	time  time.Time
}

func newOnce() *once { return &once{last: map[likeness]sighting{}} }

// seen reports whether the same frame was seen just before.
func (o *once) seen(rec *evidence.Record) bool {
	k := likeness{rec.Kind, rec.VLANs, rec.Src, rec.Dst, rec.SenderMAC, rec.TargetMAC, rec.SenderIP, rec.TargetIP,
		rec.SenderPort, rec.TargetPort, rec.ID, rec.Seq, rec.VRID, rec.Priority}
	now := sighting{rec.File, rec.Interface, rec.Time}
	old, ok := o.last[k]
	o.last[k] = now
	if !ok || rec.Time.IsZero() {
		return false
	}
	limit := sameHere
	switch {
	case old.file != now.file || old.iface != now.iface:
		limit = sameThere
	case rec.IsGratuitous():
		return false
	}
	return now.time.Sub(old.time).Abs() <= limit
}
