package probe

import (
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
)

// A quota bounds what a run keeps of what it receives, whoever floods the
// segment with frames that concern the VIPs: so many of each claim, so that one
// host cannot crowd the others out, and so many in all. Both grow with what was
// asked, for that is what honest hosts answer to.
type quota struct {
	sent, kept int
	of         map[claim]int
	refused    uint64 // these count as lost
}

// A claim is what frames of the same kind have to say.
type claim struct {
	kind     evidence.Kind
	src, mac evidence.MAC
	ip       netip.Addr
}

const (
	mostOfOne     = 4096   // frames with the same claim
	mostInAll     = 50_000 // frames received
	answersToEach = 8      // more of these, for each frame that was sent
)

// admits reports whether a record is to be kept.
func (q *quota) admits(rec *evidence.Record) bool {
	if rec.Sent {
		q.sent++
		return true
	}
	c := claim{rec.Kind, rec.Src, rec.SenderMAC, rec.SenderIP}
	if q.kept >= mostInAll+answersToEach*q.sent || q.of[c] >= mostOfOne+q.sent {
		q.refused++
		return false
	}
	if q.of == nil {
		q.of = map[claim]int{}
	}
	q.of[c]++
	q.kept++
	return true
}
