package capture

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/arpcheck/arpcheck/evidence"
)

// block takes the body of a block; size is how long it is in the file, of
// which body may hold only the beginning. Blocks of other kinds tell nothing
// about packets and are skipped, but some of them have a frame number in
// Wireshark and so must have one here.
func (g *ngWalker) block(kind uint32, body []byte, size int, t *tally, offset int64) {
	order := g.order()
	switch kind {
	case blockEnhanced:
		g.enhanced(order, body, t, offset)
	case blockPacket:
		g.packet(order, body, t, offset)
	case blockSimple:
		g.simple(order, body, size, t)
	case blockInterface:
		g.describe(order, body, t, offset)
	case blockStatistics:
		g.statistics(order, body, t)
	case blockJournal, blockCustom, blockCustom | blockNoCopy, blockEvent, blockEvent2, blockEventLarge:
		t.stats.frames++
		t.stats.ignore(evidence.NotInteresting)
	}
}

// enhanced takes an enhanced packet block (section 4.3): interface, timestamp
// in two words, captured and original length, data, options.
func (g *ngWalker) enhanced(order binary.ByteOrder, body []byte, t *tally, offset int64) {
	const dataAt = enhancedLen - 8
	if len(body) < dataAt {
		t.badPacket(offset)
		return
	}
	var id, high, low, capLen, origLen uint32
	if g.big {
		id, high, low = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:])
		capLen, origLen = binary.BigEndian.Uint32(body[12:]), binary.BigEndian.Uint32(body[16:])
	} else {
		id, high, low = binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[4:]), binary.LittleEndian.Uint32(body[8:])
		capLen, origLen = binary.LittleEndian.Uint32(body[12:]), binary.LittleEndian.Uint32(body[16:])
	}
	g.deliver(id, uint64(high)<<32|uint64(low), body[dataAt:], capLen, origLen, t, offset)
}

// packet takes an obsolete packet block (appendix A): as the enhanced one, but
// the interface has 16 bits, with 16 bits of drops behind.
func (g *ngWalker) packet(order binary.ByteOrder, body []byte, t *tally, offset int64) {
	const dataAt = 20
	if len(body) < dataAt {
		t.badPacket(offset)
		return
	}
	ts := uint64(order.Uint32(body[4:]))<<32 | uint64(order.Uint32(body[8:]))
	g.deliver(uint32(order.Uint16(body)), ts, body[dataAt:], order.Uint32(body[12:]), order.Uint32(body[16:]), t, offset)
}

// deliver hands a packet with a timestamp to t.
func (g *ngWalker) deliver(id uint32, ts uint64, data []byte, capLen, origLen uint32, t *tally, offset int64) {
	if uint64(capLen) > uint64(len(data)) || capLen > maxFrame {
		t.badPacket(offset)
		return
	}
	if uint64(id) >= uint64(len(g.ifaces)) {
		t.strange()
		return
	}
	i := &g.ifaces[id]
	t.frame(i.link, data[:capLen:capLen], origLen, i.unit.nanoseconds(ts), g.first+int(id))
}

// simple takes a simple packet block (section 4.4): original length and data
// of the first interface, without a time; what was captured is what fits.
func (g *ngWalker) simple(order binary.ByteOrder, body []byte, size int, t *tally) {
	if len(body) < 4 {
		return // not even that, in a block of 12 octets
	}
	origLen := order.Uint32(body)
	if len(g.ifaces) == 0 {
		t.strange()
		return
	}
	i := &g.ifaces[0]
	capLen := min(origLen, uint32(size-4), maxFrame, uint32(len(body)-4))
	if i.snapLen > 0 {
		capLen = min(capLen, i.snapLen)
	}
	t.frame(i.link, body[4:4+capLen:4+capLen], origLen, noTime, g.first)
}

// badPacket notes a block whose frame is whole, but not the packet in it.
func (t *tally) badPacket(offset int64) {
	t.stats.damagedAt(evidence.Damage{Offset: offset, Frame: int(t.stats.frames) + 1,
		What: "a packet block claims more octets than it has"})
}

// strange counts a packet of an interface that nothing was said about.
func (t *tally) strange() {
	t.stats.frames++
	t.stats.ignore(evidence.NoInterface)
}

// describe takes an interface description block (section 4.2).
func (g *ngWalker) describe(order binary.ByteOrder, body []byte, t *tally, offset int64) {
	const (
		fixedLen   = 8
		resolution = 9  // if_tsresol
		shift      = 14 // if_tsoffset
	)
	if len(body) < fixedLen {
		t.stats.damagedAt(evidence.Damage{Offset: offset, Frame: int(t.stats.frames) + 1,
			What: "an interface description is too short"})
		// What it wanted to describe still has its number.
		g.addInterface(ngInterface{link: math.MaxUint32, unit: unitOf(6, 0)})
		return
	}
	resol, seconds := byte(6), int64(0)
	options(order, body[fixedLen:], func(code uint16, value []byte) {
		switch {
		case code == resolution && len(value) == 1:
			resol = value[0]
		case code == shift && len(value) == 8:
			seconds = int64(order.Uint64(value))
		}
	})
	g.addInterface(ngInterface{
		link: linkType(order.Uint16(body)), snapLen: order.Uint32(body[4:]), unit: unitOf(resol, seconds),
	})
}

// statistics takes what the capturing program lost (section 4.6).
func (g *ngWalker) statistics(order binary.ByteOrder, body []byte, t *tally) {
	const (
		fixedLen = 12
		ifDrop   = 5 // isb_ifdrop: by the interface
		osDrop   = 7 // isb_osdrop: by the system
	)
	if len(body) < fixedLen {
		return
	}
	var lost uint64
	options(order, body[fixedLen:], func(code uint16, value []byte) {
		if (code == ifDrop || code == osDrop) && len(value) == 8 {
			// A capturing program that does not know writes all ones.
			if n := order.Uint64(value); n < 1<<63 {
				lost += n
			}
		}
	})
	id := order.Uint32(body)
	if uint64(id) < uint64(len(g.ifaces)) {
		t.stats.lost(g.first+int(id), lost)
	}
}

// options calls f for each option of a block (section 3.5), up to one that is
// not whole.
func options(order binary.ByteOrder, b []byte, f func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, length := order.Uint16(b), int(order.Uint16(b[2:]))
		b = b[4:]
		if code == 0 || length > len(b) {
			return
		}
		f(code, b[:length])
		b = b[min((length+3)&^3, len(b)):]
	}
}

// A timeUnit converts timestamps to nanoseconds since 1970.
type timeUnit struct {
	factor uint64 // nanoseconds in a unit; 0: not that simple
	most   uint64 // what can be multiplied
	resol  byte   // if_tsresol
	offset int64  // nanoseconds
}

// unitOf reads if_tsresol and if_tsoffset: units are 10^-n seconds, or 2^-n if
// the highest bit is set, and seconds are added.
func unitOf(resol byte, seconds int64) timeUnit {
	u := timeUnit{resol: resol}
	const most = int64(math.MaxInt64 / 1_000_000_000)
	u.offset = max(-most, min(seconds, most)) * 1e9
	if resol <= 9 && u.offset == 0 {
		u.factor = uint64(math.Pow10(9 - int(resol)))
		u.most = math.MaxInt64 / u.factor
	}
	return u
}

func (u *timeUnit) nanoseconds(ts uint64) int64 {
	if u.factor != 0 && ts <= u.most {
		return int64(ts * u.factor)
	}
	return u.slowly(ts)
}

// slowly converts any timestamp; what is beyond the year 2262 is 2262.
func (u *timeUnit) slowly(ts uint64) int64 {
	var hi, lo uint64
	n := uint(u.resol & 0x7f)
	switch {
	case u.resol&0x80 != 0: // ts * 10^9 / 2^n
		hi, lo = bits.Mul64(ts, 1e9)
		if n >= 64 {
			hi, lo, n = 0, hi, n-64
		}
		lo = lo>>n | hi<<(64-n)
		hi >>= n
	case n <= 9:
		hi, lo = bits.Mul64(ts, uint64(math.Pow10(int(9-n))))
	case n <= 9+19:
		lo = ts / uint64(math.Pow10(int(n-9)))
	}
	if hi != 0 || lo > math.MaxInt64 {
		lo = math.MaxInt64
	}
	ns := int64(lo)
	switch {
	case u.offset > 0 && ns > math.MaxInt64-u.offset:
		return math.MaxInt64
	case u.offset < 0 && ns < noTime+1-u.offset:
		return noTime + 1
	}
	return ns + u.offset
}
