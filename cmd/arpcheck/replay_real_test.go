package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
)

// Captures that others made, where ARPCHECK_PCAPS points: what the README beside
// them states has to come out of the command. Package capture compares the
// counts of frames in detail.
func TestReplayReal(t *testing.T) {
	dir := os.Getenv("ARPCHECK_PCAPS")
	if dir == "" {
		t.Skip("set ARPCHECK_PCAPS to the folder of real captures: ARPCHECK_PCAPS=FOLDER go test ./cmd/arpcheck")
	}
	const none = ""
	for _, tc := range []struct {
		name    string
		verdict diagnose.Verdict
		frames  uint64
		ignored map[evidence.Reason]uint64 // some of the reasons
		said    string                     // somewhere in the text
	}{
		{"sll-arp.pcap", diagnose.Pass, 12, nil, "no address is claimed by more than one"},
		{"sll2-arp-rarp.pcap", diagnose.Pass, 6, map[evidence.Reason]uint64{evidence.RARP: 1}, "1 rarp"},
		{"ns-be.pcap", diagnose.Inconclusive, 10, nil, none},
		{"ng-2if-snap.pcapng", diagnose.Pass, 4, nil, "no address is claimed by more than one"},
		{"rarp-req-reply.pcapng", diagnose.Inconclusive, 2, map[evidence.Reason]uint64{evidence.RARP: 2}, "2 rarp"},
		{"vlan-1-2-3-tags-zero-tpa.pcap", diagnose.Pass, 3, nil, none},
		{"radiotap-arp-trunc.pcap", diagnose.Pass, 2, nil, "2 cut by a snap length"},
		{"rawip4-dup-echo-replies.pcap", diagnose.Inconclusive, 15, map[evidence.Reason]uint64{evidence.NoMACs: 2}, "without MAC addresses"},
		{"nodup-arpscan-duplicate-replies.pcap", diagnose.Pass, 15, nil, "no address is claimed by more than one"},
		{"bad-arp-too-short.pcap", diagnose.Inconclusive, 1, map[evidence.Reason]uint64{evidence.Truncated: 1}, "1 truncated"},
		{"bad-arp-hlen-too-long.pcap", diagnose.Inconclusive, 1, map[evidence.Reason]uint64{evidence.BadARPType: 1}, "1 bad-arp-type"},
		{"fuzz-arp-oobr.pcap", none, 2282, nil, "2282 read"},
		{"ng-be-bad-901.pcapng", diagnose.Inconclusive, 2, nil, "damaged at byte 480, before frame 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "json")
			r := arpcheckIn(t, dir, nil, "replay", tc.name, "-o", "text", "-o", "json="+file)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("exit code %d: %s", r.code, r.stderr)
			}
			doc, err := report.Read(strings.NewReader(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			if tc.verdict != none && doc.Verdict != tc.verdict || r.code != doc.ExitCode() {
				t.Errorf("%s and exit code %d, want %s", doc.Verdict, r.code, tc.verdict)
			}
			c := doc.Results[0].Capture
			if c.Received != tc.frames {
				t.Errorf("%d frames, want %d", c.Received, tc.frames)
			}
			for reason, n := range tc.ignored {
				if c.Ignored[reason] != n {
					t.Errorf("%d frames ignored as %s, want %d", c.Ignored[reason], reason, n)
				}
			}
			if text := strings.Join(strings.Fields(r.stdout), " "); !strings.Contains(text, tc.said) {
				t.Errorf("nothing says %q", tc.said)
			}
			if t.Failed() {
				t.Logf("\n%s", r.stdout)
			}
		})
	}
}

// With three stacks of VLAN tags there are three results, and in each of them
// the Ethernet source is told not to be the ARP sender.
func TestReplayRealVLANs(t *testing.T) {
	dir := os.Getenv("ARPCHECK_PCAPS")
	if dir == "" {
		t.Skip("set ARPCHECK_PCAPS to the folder of real captures")
	}
	r := arpcheckIn(t, dir, nil, "replay", "vlan-1-2-3-tags-zero-tpa.pcap", "--vip", "10.204.1.5", "-o", "json")
	doc, err := report.Read(strings.NewReader(r.stdout))
	if err != nil {
		t.Fatal(err, r.stderr)
	}
	var stacks []string
	for _, res := range doc.Results {
		stacks = append(stacks, fmt.Sprint(res.VLAN))
		if len(res.Claims) != 1 || res.Claims[0].Requests != 1 || res.Claims[0].Mismatched != 1 {
			t.Errorf("in VLAN %v: claims %+v, want one request by another source", res.VLAN, res.Claims)
		}
	}
	slices.Sort(stacks)
	if want := []string{"[1 10 100]", "[1 10]", "[6]"}; !slices.Equal(stacks, want) {
		t.Errorf("VLANs %v, want %v", stacks, want)
	}
}
