package capture

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/google/go-cmp/cmp"
)

// real are the facts that README.md beside the captures states of them.
var real = map[string]struct {
	frames    uint64
	claims    counts // summed up; of no use where frames are fuzzed
	conflicts uint64
	ignored   map[evidence.Reason]uint64
	damage    []evidence.Damage
	noMACs    uint64
	cut       uint64
}{
	"sll-arp.pcap":                  {frames: 12, claims: counts{kindRequest: 10, kindGratuitous: 2}},
	"sll2-arp-rarp.pcap":            {frames: 6, claims: counts{kindRequest: 1}, ignored: map[evidence.Reason]uint64{evidence.RARP: 1, evidence.NotInteresting: 2}},
	"ns-be.pcap":                    {frames: 10, ignored: map[evidence.Reason]uint64{evidence.NotInteresting: 8, evidence.ZeroSender: 2}},
	"ng-2if-snap.pcapng":            {frames: 4, claims: counts{kindRequest: 2, kindReply: 2}},
	"rarp-req-reply.pcapng":         {frames: 2, ignored: map[evidence.Reason]uint64{evidence.RARP: 2}},
	"vlan-1-2-3-tags-zero-tpa.pcap": {frames: 3, claims: counts{kindRequest: 3, kindMismatched: 3}},
	"radiotap-arp-trunc.pcap":       {frames: 2, claims: counts{kindRequest: 1, kindReply: 1}, cut: 2},
	"rawip4-dup-echo-replies.pcap": {frames: 15, noMACs: 15,
		ignored: map[evidence.Reason]uint64{evidence.NotInteresting: 1, evidence.NoMACs: 2}},
	"nodup-arpscan-duplicate-replies.pcap": {frames: 15, claims: counts{kindReply: 15}},
	"bad-arp-too-short.pcap":               {frames: 1, ignored: map[evidence.Reason]uint64{evidence.Truncated: 1}},
	"bad-arp-hlen-too-long.pcap":           {frames: 1, cut: 1, ignored: map[evidence.Reason]uint64{evidence.BadARPType: 1}},
	// The section after the bad one can be read, and is.
	"ng-be-bad-901.pcapng": {frames: 2, ignored: map[evidence.Reason]uint64{evidence.NotInteresting: 2},
		damage: []evidence.Damage{{Offset: 480, Frame: 2, What: "a section of pcapng version 2.0; only 1.0 is known", Skipped: 508}}},
}

func TestRealCaptures(t *testing.T) {
	seen := 0
	for _, name := range realCaptures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			log, err := Replay(context.Background(), []Source{{Name: name}}, ReplayConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(name) == "fuzz-arp-oobr.pcap" {
				seen++
				if log.Received != 2282 || len(log.Files[0].Damage) > 0 {
					t.Errorf("%d frames, damage %v: not read to the end", log.Received, log.Files[0].Damage)
				}
				return
			}
			want, ok := real[filepath.Base(name)]
			if !ok {
				t.Skip("the README states nothing that could be checked")
			}
			seen++
			var sum counts
			for _, c := range log.Claims {
				for kind, n := range []uint64{c.Replies, c.Requests, c.Gratuitous, c.Probes, c.Mismatched} {
					sum[kind] += uint32(n)
				}
			}
			f := log.Files[0]
			if log.Received != want.frames || sum != want.claims || conflicts(log) != want.conflicts ||
				!maps.Equal(log.Ignored, want.ignored) || f.NoMACs != want.noMACs || f.Cut != want.cut {
				t.Errorf("%d frames, claims %v, %d conflicts, ignored %v, %d without MACs, %d cut\nwant %+v",
					log.Received, sum, conflicts(log), log.Ignored, f.NoMACs, f.Cut, want)
			}
			if diff := cmp.Diff(want.damage, f.Damage); diff != "" {
				t.Errorf("damage: %s", diff)
			}
		})
	}
	if want := len(real) + 1; seen != want {
		t.Errorf("%d of %d captures were there", seen, want)
	}
}

// The tags are told, and the same address in two VLANs is no conflict.
func TestRealVLANs(t *testing.T) {
	for _, name := range realCaptures(t) {
		if filepath.Base(name) != "vlan-1-2-3-tags-zero-tpa.pcap" {
			continue
		}
		log, err := Replay(context.Background(), []Source{{Name: name}}, ReplayConfig{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, c := range log.Claims {
			got[c.VLANs.String()] = true
			if c.Addr != netip.MustParseAddr("10.204.1.5") {
				t.Errorf("claim of %s", c.Addr)
			}
		}
		if want := map[string]bool{"1.10": true, "1.10.100": true, "6": true}; !maps.Equal(got, want) {
			t.Errorf("VLANs %v, want %v", got, want)
		}
		return
	}
	t.Error(errors.New("the capture is missing"))
}
