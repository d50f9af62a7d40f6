package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// patience is a file whose readers lose it after so many reads.
type patience struct {
	*bytes.Reader
	left   *atomic.Int64
	cancel func()
}

func (p patience) ReadAt(b []byte, at int64) (int, error) {
	if p.left.Add(-1) == 0 {
		p.cancel()
	}
	return p.Reader.ReadAt(b, at)
}

// A file that is left before its end is reported as if it had ended there.
func TestReplayInterruptedFile(t *testing.T) {
	frames := traffic(1, 20000)
	for i := range frames {
		frames[i].cut = 0
	}
	pcap := func(frames []captured) []byte { return pcapFile(binary.LittleEndian, false, linkEthernet, frames) }
	data := pcap(frames)
	partly := 0
	for name, all := range map[string][]byte{"plain": data, "gzip": gzipped(t, data)} {
		for _, watch := range [][]netip.Addr{nil, {vip}} {
			for _, cfg := range []ReplayConfig{{Workers: 1}, {Workers: 2, Segment: 300 << 10}, {Workers: 7, Segment: 100 << 10}} {
				for _, reads := range []int64{1, 3, 5, 6, 8} {
					t.Run(fmt.Sprintf("%s, watching %v, %d workers, %d reads", name, watch, cfg.Workers, reads), func(t *testing.T) {
						cfg.Watch, cfg.KeepFrames = watch, true
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						file := patience{bytes.NewReader(all), new(atomic.Int64), cancel}
						file.left.Store(reads)
						got, err := Replay(ctx, []Source{{Name: "test", Stream: file}}, cfg)
						if err != nil {
							t.Fatal(err)
						}
						if ctx.Err() == nil {
							return // it had been read by then
						}
						if len(got.Notes) != 1 || got.Notes[0].Code != evidence.Interrupted {
							t.Fatalf("notes: %v", got.Notes)
						}
						n := got.Files[0].Frames
						if n == uint64(len(frames)) && watch == nil {
							return // it was left while it was read once more
						}
						if n > 0 && n < uint64(len(frames)) {
							partly++
						}
						want := replayed(t, pcap(frames[:n]), cfg)
						want.Notes, want.Files[0].Compression = got.Notes, got.Files[0].Compression
						if diff := differ(want, got); diff != "" {
							t.Fatalf("after %d frames: %s", n, diff)
						}
					})
				}
			}
		}
	}
	if partly < 10 {
		t.Errorf("only %d files were left somewhere in the middle", partly)
	}
}
