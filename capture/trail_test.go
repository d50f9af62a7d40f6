package capture

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// However many hosts ask for an address, the frames of those who claim it stay.
func TestAskersDoNotCrowdOutClaims(t *testing.T) {
	vip := netip.MustParseAddr("192.168.1.99")
	tr := newTrail(trailLimits{head: 4, tail: 4, acts: 8, sample: 2})
	add := func(n int, rec evidence.Record) {
		rec.Number, rec.Time = n, time.Unix(int64(n), 0)
		tr.add(&rec, actOf(&rec, number(vip)))
	}
	for i := range 1000 {
		mac := evidence.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}
		add(i+1, evidence.Record{Kind: evidence.ARPRequest, Src: mac, SenderMAC: mac, SenderIP: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), TargetIP: vip})
		if i == 500 {
			leak := evidence.MAC{2, 0, 0, 0, 0, 3}
			add(i+1, evidence.Record{Kind: evidence.ARPReply, Src: leak, SenderMAC: leak, SenderIP: vip})
		}
	}
	if !slices.ContainsFunc(tr.records(), func(rec evidence.Record) bool { return rec.Kind == evidence.ARPReply }) {
		t.Error("the only claim is gone")
	}
	if !tr.full || len(tr.records()) > 4+4+2*8*2*2 {
		t.Errorf("%d records are kept, of too many: %t", len(tr.records()), tr.full)
	}
}
