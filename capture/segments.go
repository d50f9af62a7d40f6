package capture

import (
	"errors"
	"io"
	"math"
	"sync"
)

// A division reads one file in several segments at once. The records of a
// capture are a linked list, so where a segment begins can only be guessed,
// from a run of records that look right (walker.search). Each segment tells
// where it ended, and they are merged in order: one that did not begin exactly
// where the one before it ended is read again from there. So a guess can cost
// time, but not change the result; nor can anything else that a segment could
// not know of those before it (tally.stale, walker.agrees).
type division struct {
	file    io.ReaderAt
	size    int64
	from    int64  // where the records begin
	walker  walker // as it is known there
	tick    func() error
	settled *tally // everything up to the last segment that was merged

	segment int64 // octets
	count   int   // of segments
	ahead   int   // how many segments may be begun before the first of them is merged

	mu      sync.Mutex
	cond    *sync.Cond
	next    int // the first segment that nobody has begun
	merged  int
	merging bool
	done    map[int]*part
	spare   []*tally
	at      int64  // where the merged segments end
	reached int64  // the same, where reading has ended for good
	truth   walker // as it is known there
}

// A part is a segment that was read.
type part struct {
	t          *tally
	began, end int64
	reached    int64 // end, but behind an error too
	stopped    bool  // by tick
	walker     walker
}

// run reads the file with several workers.
func (d *division) run(workers int, cfg *settings) {
	d.cond = sync.NewCond(&d.mu)
	d.ahead = workers + 1
	d.done = map[int]*part{}
	d.at, d.truth = d.from, d.walker
	d.count = int(max(1, (d.size-d.from+d.segment-1)/d.segment))
	known := d.walker.fork() // as the first segment begins, for all
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { d.work(known, cfg, newWindow(), newWindow()) })
	}
	wg.Wait()
}

// work reads segments until there are none left.
func (d *division) work(known walker, cfg *settings, w, again *window) {
	for {
		d.mu.Lock()
		for d.next < d.count && d.next >= d.merged+d.ahead {
			d.cond.Wait()
		}
		if d.next == d.count {
			d.mu.Unlock()
			return
		}
		k := d.next
		d.next++
		t := d.spareTally(cfg)
		forked := known.fork()
		d.mu.Unlock()

		p := d.read(k, t, forked, w)
		d.mu.Lock()
		d.done[k] = p
		d.mergeReady(again, known)
		d.mu.Unlock()
	}
}

func (d *division) spareTally(cfg *settings) *tally {
	if n := len(d.spare); n > 0 {
		t := d.spare[n-1]
		d.spare = d.spare[:n-1]
		return t
	}
	return newTally(cfg, claimLimits{total: cfg.partClaims}, false)
}

// bounds returns where segment k begins and ends.
func (d *division) bounds(k int) (begin, end int64) {
	begin = d.from + int64(k)*d.segment
	return begin, min(begin+d.segment, d.size)
}

// read reads a segment by a guess.
func (d *division) read(k int, t *tally, wk walker, w *window) *part {
	begin, end := d.bounds(k)
	t.reset(d.settled.name, false)
	w.start(io.NewSectionReader(d.file, begin, d.size-begin), begin, end, d.tick)
	p := &part{t: t, walker: wk}
	if k > 0 {
		wk.search(w, end)
	}
	p.began = w.offset()
	if p.began < end {
		wk.walk(w, t, end)
	}
	p.end, p.reached = w.offset(), w.offset()
	if w.err != nil {
		p.stopped = errors.Is(w.err, errStopped)
		p.end = math.MaxInt64 // nobody reads on behind an error
	}
	return p
}

// mergeReady merges what is next in order. The lock is held, but not while
// merging.
func (d *division) mergeReady(again *window, known walker) {
	if d.merging {
		return
	}
	d.merging = true
	for d.done[d.merged] != nil {
		p := d.done[d.merged]
		delete(d.done, d.merged)
		d.mu.Unlock()
		d.merge(d.merged, p, again, known)
		d.mu.Lock()
		d.spare = append(d.spare, p.t)
		d.merged++
		d.cond.Broadcast()
	}
	d.merging = false
}

// merge adds segment k, or reads it again.
func (d *division) merge(k int, p *part, again *window, known walker) {
	_, end := d.bounds(k)
	if d.at >= end {
		return // the segment before reached beyond this one
	}
	if p.began == d.at && d.truth.agrees(known) && !d.settled.stale(p.t) {
		d.settled.merge(p.t)
		d.at, d.reached = p.end, p.reached
		if !p.walker.agrees(known) {
			d.truth = p.walker
		}
		return
	}
	d.truth = d.truth.fork()
	tick := d.tick
	if tick() != nil {
		// Reading is to end, but what was read already, a segment at most,
		// shall not be lost.
		tick, end = func() error { return nil }, min(end, p.reached)
	}
	again.start(io.NewSectionReader(d.file, d.at, d.size-d.at), d.at, end, tick)
	d.truth.walk(again, d.settled, end)
	d.at, d.reached = again.offset(), again.offset()
	if again.err != nil || p.stopped {
		d.at = math.MaxInt64
	}
}
