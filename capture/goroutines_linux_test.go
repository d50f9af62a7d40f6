package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/internal/goroutines"
)

// Nothing goes on when a Live is closed, nor when a capture has been read, was
// left in the middle, or could not be read.
func TestNoGoroutineIsLeft(t *testing.T) {
	c := lay(t)
	if left := goroutines.Left(func() {
		for range 5 {
			l, err := c.tryOpen(Filter{VIPs: addrsOf(vip), Own: clientIP})
			if err != nil {
				t.Fatal(err)
			}
			c.send(t, reply)
			_, _ = l.Next(time.Now().Add(10 * time.Millisecond))
			_, _ = l.Neighbour(vip)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}); len(left) > 0 {
		t.Errorf("Live: %v", left)
	}

	data := pcapFile(binary.LittleEndian, false, linkEthernet, traffic(1, 5000))
	gz := gzipped(t, data)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx  context.Context
		data []byte
	}{
		"plain": {t.Context(), data}, "gzip": {t.Context(), gz}, "cut": {t.Context(), data[:len(data)/2]}, "gzip, cut": {t.Context(), gz[:len(gz)/2]},
		"interrupted": {ended, data}, "gzip, interrupted": {ended, gz}, "no capture": {t.Context(), []byte("no capture at all")},
	} {
		if left := goroutines.Left(func() {
			for range 5 {
				_, _ = Replay(tc.ctx, []Source{{Name: "test", Stream: bytes.NewReader(tc.data)}}, ReplayConfig{Workers: 2, Segment: 1000})
			}
		}); len(left) > 0 {
			t.Errorf("%s: %v", name, left)
		}
	}
}
