package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// crowded is the log of a large network in which somebody claims everything:
// hosts addresses, of which conflicts are claimed by claimants hosts each.
func crowded(hosts, conflicts, claimants int) evidence.Log {
	t := newTap()
	mac := func(i int) evidence.MAC {
		return evidence.MAC{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
	}
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	place := evidence.Place{File: tapFile, Frame: 1, Time: t.now}
	for i := range hosts {
		t.log.Claims = append(t.log.Claims, evidence.Claim{Addr: addr(i), MAC: mac(i), Requests: 1, First: place, Last: place})
		if i >= conflicts {
			continue
		}
		for j := range claimants {
			from := mac(hosts + (i+j)%hosts)
			t.log.Claims = append(t.log.Claims, evidence.Claim{Addr: addr(i), MAC: from, Replies: 1, First: place, Last: place})
			t.log.Records = append(t.log.Records, evidence.Record{Number: len(t.log.Records) + 1, File: tapFile, Time: t.now.Add(time.Duration(j) * time.Millisecond),
				Kind: evidence.ARPReply, Src: from, Dst: mac(1), SenderMAC: from, SenderIP: addr(i), TargetMAC: mac(1), TargetIP: addr(1)})
		}
	}
	t.log.Files = []evidence.File{{Name: tapFile, First: t.now, Last: t.now.Add(time.Hour), Frames: uint64(len(t.log.Records))}}
	t.log.End = t.now.Add(time.Hour)
	return t.log
}

// There is an end to what a result lists.
func TestCapturedIsBounded(t *testing.T) {
	rs := Captured(crowded(10_000, 256, 64), Config{})
	if len(rs) < mostConflicts || len(rs) > mostConflicts+1 {
		t.Fatalf("%d results", len(rs))
	}
	r := rs[0]
	if len(r.Claims) > mostClaims || r.ClaimsTotal != 65 || len(r.Hosts) > mostSuspects || r.Verdict != Fail {
		t.Errorf("%d of %d claims, %d hosts, %s", len(r.Claims), r.ClaimsTotal, len(r.Hosts), r.Verdict)
	}
}

// busy is the log of one VIP that is asked for all the time, and answered by two.
func busy(times int) evidence.Log {
	t := newTap()
	t.known()
	for i := range times {
		t.whoHas(vip, clientMAC, client)
		t.isAt(vip, dirMAC, clientMAC, client)
		t.isAt(vip, r1, clientMAC, client)
		t.ping(clientMAC, client, r1, uint16(i))
		t.tick(2 * time.Second)
	}
	return t.end()
}

func BenchmarkCaptured(b *testing.B) {
	for name, log := range map[string]evidence.Log{
		"one busy VIP":   busy(2000),
		"no conflict":    crowded(60_000, 0, 0),
		"many conflicts": crowded(10_000, 256, 64),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Captured(log, Config{})
			}
		})
	}
}

// An address of which there are claims and no frames is neither judged nor
// forgotten.
func TestConflictsWithoutFrames(t *testing.T) {
	wire := newTap()
	wire.isAt(peerIP, dirMAC, clientMAC, client)
	wire.isAt(peerIP, r1, clientMAC, client)
	wire.isAt(vip, dirMAC, clientMAC, client)
	wire.isAt(vip, r1, clientMAC, client)
	wire.isAt(vip, r2, clientMAC, client)
	log := wire.end()
	kept := log
	kept.Records = log.Records[:2]
	rs := Captured(kept, Config{})
	if len(rs) != 1 || rs[0].VIP != peerIP || !slices.ContainsFunc(rs[0].Notes, func(n Note) bool { return strings.HasPrefix(n.Text, "1 more address is claimed") }) {
		t.Errorf("%+v", rs)
	}
	kept.Records = nil
	rs = Captured(kept, Config{})
	if len(rs) != 1 || rs[0].Verdict != Inconclusive || !strings.HasPrefix(rs[0].Summary, "2 addresses are claimed by more than one") {
		t.Errorf("%+v", rs)
	}
}
