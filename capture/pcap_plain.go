package capture

import (
	"encoding/binary"
	"math/bits"
)

// plainAhead is how many octets of a record plain looks at.
const plainAhead = pcapRecHeaderLen + dullLen

// A plainRun is how far plain is. A time is the seconds, and in the lower half
// their fraction, which must be less than a second: that is how they compare
// without a multiplication.
type plainRun struct {
	n    int    // octets
	last uint64 // the time of the record before
	cut  uint64 // frames that are not whole
}

// plain does what records does for the records of which captures consist: of
// Ethernet, in the byte order of most machines, in the order of time. It
// returns the length of what it has taken, and leaves whatever else there is to
// records: also what is so near the end of b that a frame's first octets might
// not be there. That both agree is tested.
func (p *pcapWalker) plain(b []byte, stop int64, t *tally) int {
	s := &t.stats
	most := min(stop-1, int64(len(b)-plainAhead))
	if !s.timed || most < 0 {
		return 0 // the first frame is always special
	}
	second := uint64(1e9 / p.fraction)
	run := plainRun{last: uint64(s.lastTime/1e9)<<32 | uint64(s.lastTime%1e9/p.fraction)}
	for int64(run.n) <= most {
		h := (*[plainAhead]byte)(b[run.n : run.n+plainAhead : run.n+plainAhead])
		f := (*[dullLen]byte)(h[pcapRecHeaderLen:])
		isARP := binary.BigEndian.Uint16(f[12:]) == 0x0806
		if !isARP {
			if frames := run.dull(b, int(most), second); frames > 0 {
				s.frames += frames
				s.dull += frames
				continue
			}
		}
		times, lengths := bits.RotateLeft64(binary.LittleEndian.Uint64(h[0:]), 32), binary.LittleEndian.Uint64(h[8:])
		capLen, origLen := lengths&0xffff_ffff, lengths>>32
		next := uint64(run.n) + pcapRecHeaderLen + capLen
		if capLen > maxFrame || next > uint64(len(b)) || times < run.last || times&0xffff_ffff >= second {
			break
		}
		s.frames++
		run.last = times
		run.cut += one(origLen > capLen)
		ns, frame := p.nanoseconds(times), b[run.n+pcapRecHeaderLen:next:next]
		run.n = int(next)
		if !isARP || capLen < etherHeaderLen+arpLen {
			t.ethernet(frame, uint32(origLen), ns, -1)
		} else if seen := t.plainARP((*[etherHeaderLen + arpLen]byte)(f[:]), ns); seen != counted {
			t.seen(seen, frame, uint32(origLen), ns, -1)
		}
	}
	s.lastTime = p.nanoseconds(run.last)
	s.cut += run.cut
	return run.n
}

// nanoseconds converts a time as a plainRun has it.
func (p *pcapWalker) nanoseconds(times uint64) int64 {
	return int64(times>>32)*1e9 + int64(times&0xffff_ffff)*p.fraction
}

// dull goes over the records that tell nothing, up to the first that may, and
// returns how many there were. This loop is where the time goes, so it makes no
// calls and has no branch that goes now this way and now that; and with the
// capacity in the slices the compiler knows that they are not empty, which
// takes a third off the way from one record to the next.
func (r *plainRun) dull(b []byte, most int, second uint64) (frames uint64) {
	n, last, cut := r.n, r.last, r.cut
	for n <= most {
		h := (*[plainAhead]byte)(b[n : n+plainAhead : n+plainAhead])
		times := bits.RotateLeft64(binary.LittleEndian.Uint64(h[0:]), 32)
		lengths := binary.LittleEndian.Uint64(h[8:])
		capLen := lengths & 0xffff_ffff
		next := uint64(n) + pcapRecHeaderLen + capLen
		f := (*[dullLen]byte)(h[pcapRecHeaderLen:])
		if capLen-dullLen > maxFrame-dullLen || next > uint64(len(b)) || times < last || times&0xffff_ffff >= second ||
			!isIPv4(f) {
			break
		}
		head := ipv4Head(f)
		if dullTCP(head, f[47])|dullUDP(head, f[30]) == 0 {
			break
		}
		frames++
		last = times
		cut += one(lengths>>32 > capLen)
		n = int(next)
	}
	r.n, r.last, r.cut = n, last, cut
	return frames
}
