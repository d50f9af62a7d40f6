package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
)

// However a capture is divided among workers, the result is the same.
func TestReplaySameResult(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(recordings, "*.pcap"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	if dir := os.Getenv("ARPCHECK_PCAPS"); dir != "" {
		others, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, others...)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, watch := range [][]netip.Addr{nil, {netip.MustParseAddr("192.168.1.99")}} {
				read := func(workers int, segment int64) string {
					sources := []capture.Source{{Name: "test", Stream: bytes.NewReader(data)}}
					log, err := capture.Replay(context.Background(), sources, capture.ReplayConfig{Watch: watch, Workers: workers, Segment: segment})
					if err != nil {
						t.Fatal(err)
					}
					results := diagnose.Captured(log, diagnose.Config{VIPs: watch, Frames: true})
					var b bytes.Buffer
					if err := report.Write(&b, "json", report.New("", "replay", time.Time{}, 0, results), report.Options{}); err != nil {
						t.Fatal(err)
					}
					return b.String()
				}
				want := read(1, 0)
				for _, workers := range []int{1, 2, 7} {
					for _, segment := range []int64{200, 531} {
						if diff := cmp.Diff(want, read(workers, segment)); diff != "" {
							t.Fatalf("watching %v, %d workers, segments of %d: %s", watch, workers, segment, diff)
						}
					}
				}
			}
		})
	}
}
