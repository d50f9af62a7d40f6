package capture

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/arpcheck/arpcheck/evidence"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1).
const (
	blockInterface  = 0x00000001
	blockPacket     = 0x00000002 // obsolete
	blockSimple     = 0x00000003
	blockStatistics = 0x00000005
	blockEnhanced   = 0x00000006
	blockSection    = 0x0a0d0d0a // the same in both byte orders

	// Blocks that are no packets, but which Wireshark numbers.
	blockJournal    = 0x00000009
	blockEvent      = 0x00000204 // of sysdig, in three forms
	blockEvent2     = 0x00000216
	blockEventLarge = 0x00000221
	blockCustom     = 0x00000bad
	blockNoCopy     = 0x40000000 // an editor must not copy it

	byteOrderMagic = 0x1a2b3c4d
)

// Lengths in octets.
const (
	blockMinLen   = 12 // type, length, and length once more
	enhancedLen   = 28 // up to the data
	sectionLen    = 28 // without options
	maxBlockLen   = 16 << 20
	maxInterfaces = 1 << 16
	holdsPacket   = maxFrame + 4096 // what any packet block fits into, but for long options
)

// An ngWalker reads pcapng.
type ngWalker struct {
	*section
	shared bool // section is used elsewhere too
}

func (g *ngWalker) fork() walker {
	g.shared = true
	return &ngWalker{section: g.section, shared: true}
}

// agrees: a part was read with an old section if one began, or an interface
// was described, after the first packet.
func (g *ngWalker) agrees(then walker) bool { return g.section == then.(*ngWalker).section }

// A verdict on the blocks at the beginning of a window.
type blockState struct {
	need    int    // so many octets must be there for the next block
	skip    int64  // a block of so many octets, which does not fit, is done with
	problem string // what is there is no block that can be read
	section bool   // and nothing up to the next section can
}

func (g *ngWalker) walk(w *window, t *tally, end int64) {
	for {
		n, state := g.blocks(w, end-w.offset(), t)
		w.lo += n
		if w.offset() >= end {
			return
		}
		switch {
		case state.problem != "":
			g.lost(w, t, state)
		case state.skip > 0:
			g.skip(w, t, state.skip)
		case !w.need(state.need):
			ended(w, t, "the file ends inside a block")
			return
		}
		if w.offset() >= end {
			return
		}
	}
}

// blocks takes the whole blocks at the beginning of the window, up to the
// first at or after stop. It returns their length, and what is to be done
// about the next.
func (g *ngWalker) blocks(w *window, stop int64, t *tally) (n int, state blockState) {
	b := w.rest()
	order := g.order()
	for int64(n) < stop {
		if !g.big {
			if n += g.plain(b[n:], stop-int64(n), t); int64(n) >= stop {
				break
			}
		}
		rest := b[n:]
		if len(rest) < blockMinLen {
			return n, blockState{need: blockMinLen}
		}
		kind := order.Uint32(rest)
		var begins *section
		if kind == blockSection {
			s, state := newSection(rest)
			if state != (blockState{}) {
				return n, state
			}
			s.first = g.first + len(g.ifaces)
			begins, order = s, s.order()
		}
		total := order.Uint32(rest[4:])
		if total < blockMinLen || total > maxBlockLen {
			return n, blockState{problem: fmt.Sprintf("a block claims to be %d octets long", total)}
		}
		size := (int(total) + 3) &^ 3 // always a multiple of 4, say the rules
		if size > len(rest) {
			// What is much longer than any packet is not waited for.
			if size <= holdsPacket || len(rest) < holdsPacket {
				return n, blockState{need: min(size, holdsPacket)}
			}
			g.block(kind, rest[8:], size-blockMinLen, t, w.offset()+int64(n))
			return n, blockState{skip: int64(size)}
		}
		if trailer := order.Uint32(rest[size-4:]); trailer != total {
			return n, blockState{problem: fmt.Sprintf("a block is %d octets long at its beginning and %d at its end", total, trailer)}
		}
		if begins != nil {
			g.section, g.shared = begins, false
		}
		if kind == blockEnhanced && size >= enhancedLen+4 {
			g.enhanced(order, rest[8:size-4:size-4], t, w.offset()+int64(n))
		} else {
			g.block(kind, rest[8:size-4:size-4], size-blockMinLen, t, w.offset()+int64(n))
		}
		n += size
	}
	return n, blockState{}
}

// lost notes the damage at w and searches for where the blocks go on.
func (g *ngWalker) lost(w *window, t *tally, state blockState) {
	d := evidence.Damage{Offset: w.offset(), Frame: int(t.stats.frames) + 1, What: state.problem}
	w.lo++
	if state.section {
		search(w, math.MaxInt64, sectionBegins)
	} else {
		g.search(w, math.MaxInt64)
	}
	d.Skipped = w.offset() - d.Offset
	t.stats.damagedAt(d)
}

// skip goes over a block that does not fit into the window, and only then
// sees whether its end agrees with its beginning.
func (g *ngWalker) skip(w *window, t *tally, size int64) {
	d := evidence.Damage{Offset: w.offset(), Frame: int(t.stats.frames) + 1}
	total := g.order().Uint32(w.rest()[4:])
	if w.skip(size-4) > 0 || !w.need(4) {
		d.What, d.Skipped = "the file ends inside a block", w.offset()+int64(len(w.rest()))-d.Offset
		if w.err != nil {
			ended(w, t, "")
			return
		}
		w.lo = w.hi
		t.stats.damagedAt(d)
		return
	}
	if g.order().Uint32(w.rest()) == total {
		w.lo += 4
		return
	}
	d.What = fmt.Sprintf("a block of %d octets has another length at its end", total)
	g.search(w, math.MaxInt64)
	d.Skipped = w.offset() - d.Offset
	t.stats.damagedAt(d)
}

func (g *ngWalker) search(w *window, end int64) { search(w, end, g.chain) }

// chain reports whether b begins like a run of blocks; see pcapWalker.chain.
func (g *ngWalker) chain(b []byte, atEnd bool) bool {
	const enough, few = 6, 2
	order := g.order()
	for n := 0; n < enough; n++ {
		if len(b) == 0 && atEnd {
			return n > 0
		}
		if len(b) < blockMinLen {
			return n >= few
		}
		kind := order.Uint32(b)
		if kind == blockSection {
			if n == 0 || len(b) >= sectionLen {
				return sectionBegins(b, atEnd)
			}
			return n >= few
		}
		total := order.Uint32(b[4:])
		// Those that exist: up to 0x0b, and custom blocks.
		if (kind == 0 || kind > 0x0b) && kind&^blockNoCopy != blockCustom || total < blockMinLen || total%4 != 0 || total > maxBlockLen {
			return false
		}
		if int(total) > len(b) {
			return n >= few
		}
		if order.Uint32(b[total-4:]) != total {
			return false
		}
		b = b[total:]
	}
	return true
}

// sectionBegins reports whether b begins with a section header that can be read.
func sectionBegins(b []byte, _ bool) bool {
	if len(b) < sectionLen || binary.LittleEndian.Uint32(b) != blockSection {
		return false
	}
	s, state := newSection(b)
	if state != (blockState{}) {
		return false
	}
	total := s.order().Uint32(b[4:])
	return total >= sectionLen && total%4 == 0 && total <= maxBlockLen
}
