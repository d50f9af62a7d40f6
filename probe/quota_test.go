package probe

import (
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// One host that floods the segment does not crowd out the others, and many
// together do not fill the memory.
func TestQuota(t *testing.T) {
	var q quota
	reply := func(i int) *evidence.Record {
		mac := evidence.MAC{0x0a, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		return &evidence.Record{Kind: evidence.ARPReply, Src: mac, SenderMAC: mac, SenderIP: vip}
	}
	q.admits(&evidence.Record{Kind: evidence.ARPRequest, Sent: true})
	for range 100_000 {
		q.admits(reply(1))
	}
	if q.kept != mostOfOne+1 || !q.admits(reply(2)) {
		t.Errorf("%d of one host were kept, and then another's was refused", q.kept)
	}
	for i := range 200_000 {
		q.admits(reply(i))
	}
	if most := mostInAll + answersToEach; q.kept != most || q.kept+int(q.refused) != 300_001 {
		t.Errorf("%d were kept and %d refused, want %d to be kept", q.kept, q.refused, most)
	}
	if !q.admits(&evidence.Record{Kind: evidence.ARPRequest, Sent: true}) {
		t.Error("what is sent was refused")
	}
}
