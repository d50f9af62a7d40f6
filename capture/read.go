package capture

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// errInterrupted means that an input was left before its end.
var errInterrupted = errors.New("interrupted")

// Sizes of segments in octets: small ones balance the work, large ones are
// merged less often.
const (
	minSegment = 4 << 20
	maxSegment = 32 << 20
	perWorker  = 2 // segments of a small file
)

// read reads the whole input into t. An error is one that leaves no result,
// or errInterrupted: t holds what comes before some place then.
func (in *input) read(ctx context.Context, t *tally, s settings) error {
	tick := func() error {
		if ctx.Err() != nil {
			return errStopped
		}
		return nil
	}
	if in.file == nil {
		return in.readStream(ctx, t)
	}
	from := in.stream
	if in.compression == "" {
		in.size = min(in.size, in.limit)
		from = io.NewSectionReader(in.file, 0, in.size)
	} else if in.limit < math.MaxInt64 {
		from = io.LimitReader(from, in.limit)
	}
	w := newWindow()
	w.start(from, 0, math.MaxInt64, tick)
	wk, err := in.begin(w)
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	if g, ok := wk.(*ngWalker); ok {
		g.preamble(w, t)
	}
	segment := s.segment
	if segment <= 0 {
		segment = max(minSegment, min(maxSegment, in.size/int64(perWorker*s.workers)))
	}
	left := in.size - w.offset()
	if in.compression != "" || s.workers == 1 && s.segment <= 0 || left <= segment {
		wk.walk(w, t, math.MaxInt64)
		in.reached = w.offset()
	} else {
		d := &division{file: in.file, size: in.size, from: w.offset(), walker: wk, tick: tick, settled: t, segment: segment}
		d.run(s.workers, &s)
		in.reached = d.reached
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}

// preamble reads the blocks before the first packet: the segments of a file
// have to know its interfaces.
func (g *ngWalker) preamble(w *window, t *tally) {
	const most = 1 << 20
	for w.offset() < most && t.stats.frames == 0 && t.stats.damaged == 0 && w.need(blockMinLen) {
		switch kind := g.order().Uint32(w.rest()); kind {
		case blockEnhanced, blockSimple, blockPacket:
			return
		}
		g.walk(w, t, w.offset()+1)
	}
}

// grace is how long a stream may go on when it should end: its writer is often
// stopped by the same signal, and what it still has to say is worth it.
const grace = 500 * time.Millisecond

// readStream reads a stream to its end, or to the end of ctx.
func (in *input) readStream(ctx context.Context, t *tally) error {
	g := in.gate
	done := make(chan error, 1)
	go func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		done <- in.walkStream(t)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
	}
	g.mu.Lock() // it waits for input now, or is done
	defer g.mu.Unlock()
	g.left = true
	select {
	case err := <-done:
		return err
	default:
		in.closers = nil // they may be in use
		return errInterrupted
	}
}

func (in *input) walkStream(t *tally) error {
	if err := in.sniff(in.gate); err != nil {
		return err
	}
	w := newWindow()
	w.start(in.stream, 0, math.MaxInt64, func() error { return nil })
	wk, err := in.begin(w)
	if err != nil {
		return err
	}
	wk.walk(w, t, math.MaxInt64)
	return nil
}

// A gate lets its stream be left while a read waits for input. The lock is
// held by the goroutine that reads, but not while it waits.
type gate struct {
	mu   sync.Mutex
	from io.Reader
	left bool

	count *atomic.Int64 // see ReplayConfig.Octets
}

func (g *gate) Read(b []byte) (int, error) {
	g.mu.Unlock()
	n, err := g.from.Read(b)
	if g.count != nil {
		g.count.Add(int64(n))
	}
	g.mu.Lock()
	if g.left {
		runtime.Goexit() // what was found so far is in other hands
	}
	return n, err
}

// firstTime returns the time of a file's first frame, if it can be looked at
// without being used up and has one. Errors are told when the file is read.
func firstTime(source Source) (ns int64, ok bool) {
	if info, err := os.Stat(source.Name); source.Stream != nil || err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	in, err := source.open(nil)
	if err != nil {
		return 0, false
	}
	defer in.close()
	w := newWindow()
	w.start(in.stream, 0, math.MaxInt64, func() error { return nil })
	wk, err := in.begin(w)
	if err != nil {
		return 0, false
	}
	none := watchOf(nil)
	t := newTally(&settings{watched: none, asked: none, second: true}, claimLimits{}, true)
	for t.stats.frames == 0 && t.stats.damaged == 0 && w.need(1) {
		wk.walk(w, t, w.offset()+1)
	}
	return t.stats.firstTime, t.stats.timed
}
