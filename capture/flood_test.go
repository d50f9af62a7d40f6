package capture

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// flood is a capture of n claims of invented addresses, and among them, at its
// end, two of vip.
func flood(n int, of func(i int) (netip.Addr, evidence.MAC)) []byte {
	b := pcapFile(binary.LittleEndian, false, linkEthernet, nil)
	put := func(i int, data []byte) {
		for _, v := range []uint32{1_700_000_000 + uint32(i/1000), uint32(i%1000) * 1000, uint32(len(data)), uint32(len(data))} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(b, data...)
	}
	for i := range n {
		addr, mac := of(i)
		put(i, isAt(addr, mac, clientIP, clientMAC))
	}
	put(n, isAt(vip, directorMAC, clientIP, clientMAC))
	put(n, isAt(vip, serverMAC, clientIP, clientMAC))
	return b
}

func invented(i int) evidence.MAC {
	return evidence.MAC{0x0a, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
}

// Whoever invents addresses fills the list, but neither memory nor the place
// of an address that was asked for.
func TestFloodOfAddresses(t *testing.T) {
	const n = 200_000
	data := flood(n, func(i int) (netip.Addr, evidence.MAC) { return addrOf(0x0a000000 + uint32(i)), invented(i) })
	var first evidence.Log
	for _, workers := range []int{1, 2} {
		log := replayed(t, data, ReplayConfig{Watch: []netip.Addr{vip}, Workers: workers, Segment: 5 << 20})
		if len(log.Claims) != listedClaims.total+2 || log.Unlisted != uint64(n-listedClaims.total) || conflicts(log) != 1 || len(log.Records) != 2 {
			t.Fatalf("%d workers: %d claims, %d more, %d conflicts, %d records", workers, len(log.Claims), log.Unlisted, conflicts(log), len(log.Records))
		}
		if workers == 1 {
			first = log
		} else if diff := differ(first, log); diff != "" {
			t.Error(diff)
		}
	}
}

// A flood of claims of the address itself is cut short, but not in silence,
// and the last to speak are known.
func TestFloodOfClaimants(t *testing.T) {
	const n = 50_000
	data := flood(n, func(i int) (netip.Addr, evidence.MAC) { return vip, invented(i) })
	var first evidence.Log
	for _, workers := range []int{1, 2} {
		log := replayed(t, data, ReplayConfig{Watch: []netip.Addr{vip}, Workers: workers, Segment: 1 << 20})
		last := log.Records[len(log.Records)-1]
		if len(log.Claims) != listedClaims.perAsked || log.Unlisted != uint64(n+2-listedClaims.perAsked) || last.SenderMAC != serverMAC ||
			log.Shortened != uint64(n+2-len(log.Records)) {
			t.Fatalf("%d workers: %d claims, %d more, %d records, %d more, last %v", workers,
				len(log.Claims), log.Unlisted, len(log.Records), log.Shortened, last)
		}
		if workers == 1 {
			first = log
		} else if diff := differ(first, log); diff != "" {
			t.Error(diff)
		}
	}
}

// Of a long capture in which the same is said again and again not all is kept,
// but nothing is lost: whoever says anything else is among the records.
func TestRepeats(t *testing.T) {
	var frames []captured
	for i := range 6000 {
		at := start + int64(i)*second
		frames = append(frames,
			captured{ns: at, data: whoHas(vip, clientIP, clientMAC, evidence.Broadcast)},
			captured{ns: at + 1000, data: isAt(vip, directorMAC, clientIP, clientMAC)})
		if i == 3000 {
			frames = append(frames, captured{ns: at + 2000, data: isAt(vip, serverMAC, clientIP, clientMAC)})
		}
	}
	data := pcapFile(binary.LittleEndian, true, linkEthernet, frames)
	for _, workers := range []int{1, 2} {
		log := replayed(t, data, ReplayConfig{Watch: []netip.Addr{vip}, Workers: workers, Segment: 100_000})
		if len(log.Gaps) != 1 || log.Shortened != 0 || log.Repeats != uint64(len(frames)-len(log.Records)) {
			t.Fatalf("%d workers: gaps %v, %d shortened, %d repeats, %d records", workers, log.Gaps, log.Shortened, log.Repeats, len(log.Records))
		}
		var in []evidence.Record
		for _, rec := range log.Records {
			if rec.Time.After(log.Gaps[0].From) && rec.Time.Before(log.Gaps[0].To) {
				in = append(in, rec)
			}
		}
		if len(in) != 1 || in[0].SenderMAC != serverMAC {
			t.Errorf("%d workers: in the gap %v, want the one reply of the server", workers, in)
		}
		if log.Gaps[0].Addr != vip || log.Gaps[0].To.Sub(log.Gaps[0].From) < 1000*time.Second {
			t.Errorf("%d workers: gap %v", workers, log.Gaps[0])
		}
	}
}
