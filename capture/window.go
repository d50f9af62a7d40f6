package capture

import (
	"errors"
	"io"
)

// Sizes of reading, in octets. What is read at once is put into the same place
// again and again, which stays in the second-level cache of a core together
// with the claims; there the prefetcher makes a frame cost a few nanoseconds.
// With a mapped file each frame is a cache miss.
const (
	readSize   = 256 << 10
	smallRest  = 4096      // so little of a frame is moved to the front, rather than read on behind it
	lookAhead  = 256 << 10 // how far a chain of records is followed
	windowSize = lookAhead + readSize + smallRest
)

// maxFrame is the most octets that a record can have: MAXIMUM_SNAPLEN of
// libpcap. Anything larger is not a packet, but a file that is out of step.
const maxFrame = 262144

// errStopped is what a window's tick returns when its reading is to end there.
var errStopped = errors.New("stopped")

// A window is the part of a file that is in memory. It never grows, whatever a
// file claims.
type window struct {
	from io.Reader
	tick func() error // called before each read; an error ends the reading

	buf    []byte
	lo, hi int   // what has been read and not yet consumed is buf[lo:hi]
	base   int64 // offset of buf[0] in the file
	soft   int64 // little is needed beyond this offset

	eof bool
	err error // why reading ended, if not at the end of the file
}

func newWindow() *window { return &window{buf: make([]byte, windowSize)} }

// start begins a reading at an offset of the file.
func (w *window) start(from io.Reader, offset, soft int64, tick func() error) {
	*w = window{from: from, tick: tick, buf: w.buf, base: offset, soft: soft}
}

func (w *window) offset() int64 { return w.base + int64(w.lo) }
func (w *window) rest() []byte  { return w.buf[w.lo:w.hi] }

// more reads on, and reports whether there was more.
func (w *window) more() bool {
	if w.eof {
		return false
	}
	if left := w.hi - w.lo; w.lo > 0 && (left < smallRest || len(w.buf)-w.hi < readSize) {
		copy(w.buf, w.buf[w.lo:w.hi])
		w.base += int64(w.lo)
		w.lo, w.hi = 0, w.hi-w.lo
	}
	want := readSize
	if left := w.soft - w.base - int64(w.hi); left < readSize {
		want = max(int(left), 0) + 4096 // the record that crosses the end
	}
	want = min(want, len(w.buf)-w.hi)
	if want == 0 {
		return false // full: the caller asked for more than maxFrame
	}
	for {
		if err := w.tick(); err != nil {
			w.eof, w.err = true, err
			return false
		}
		n, err := w.from.Read(w.buf[w.hi : w.hi+want])
		w.hi += n
		if err != nil {
			w.eof = true
			if !errors.Is(err, io.EOF) {
				w.err = err
			}
		}
		if n > 0 || w.eof {
			return n > 0
		}
	}
}

// need reads on until n octets are there, and reports whether they are.
func (w *window) need(n int) bool {
	for w.hi-w.lo < n {
		if !w.more() {
			return false
		}
	}
	return true
}

// skip consumes n octets, of which more may come than the window can hold. It
// returns how many were missing.
func (w *window) skip(n int64) (missing int64) {
	for {
		have := min(int64(w.hi-w.lo), n)
		w.lo += int(have)
		n -= have
		if n == 0 || !w.more() {
			return n
		}
	}
}
