package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/arpcheck/arpcheck/evidence"
)

// A walker reads the records of one format. It is used by one goroutine.
type walker interface {
	// walk hands every frame to t, from where w is up to the first record at
	// or after the offset end. At the end of the file it leaves w there.
	walk(w *window, t *tally, end int64)
	// search moves w to the next place that looks like the beginning of
	// several records, or to the first without such a place at or after the
	// offset end, or to the end of the file.
	search(w *window, end int64)
	// fork returns a walker for another part of the file, with what is known
	// at this point; agrees reports whether a part that was read from such
	// knowledge need not be read again now that the parts before it are.
	fork() walker
	agrees(then walker) bool
}

// Lengths in octets of the pcap format (draft-ietf-opsawg-pcap).
const (
	pcapFileHeaderLen = 24
	pcapRecHeaderLen  = 16
)

// A pcapWalker reads classic pcap.
type pcapWalker struct {
	big      bool // byte order of the headers
	fraction int64
	link     linkType
}

// newPcapWalker reads a file header (section 4); the caller has checked that
// it is whole. What is no pcap file is an error.
func newPcapWalker(header []byte) (*pcapWalker, error) {
	const (
		magicMicro, magicNano = 0xa1b2c3d4, 0xa1b23c4d
		magicKuznetzov        = 0xa1b2cd34 // records have a longer header
	)
	p := new(pcapWalker)
	var order binary.ByteOrder = binary.LittleEndian
	magic := order.Uint32(header)
	if m := bits.ReverseBytes32(magic); m == magicMicro || m == magicNano || m == magicKuznetzov {
		magic, order, p.big = m, binary.BigEndian, true
	}
	switch magic {
	case magicMicro:
		p.fraction = 1000
	case magicNano:
		p.fraction = 1
	case magicKuznetzov:
		return nil, fmt.Errorf("written by a patched libpcap of 1999 with its own record format; tcpdump -r FILE -w NEW converts it")
	default:
		return nil, errNoCapture
	}
	if major := order.Uint16(header[4:]); major != 2 {
		return nil, fmt.Errorf("pcap version %d.%d; only 2.x is known", major, order.Uint16(header[6:]))
	}
	// The upper bits tell the length of the frame check sequence, which is
	// padding to the decoders.
	p.link = linkType(order.Uint32(header[20:]) & 0xffff)
	return p, nil
}

func (p *pcapWalker) fork() walker { return p }

func (p *pcapWalker) agrees(walker) bool { return true }

func (p *pcapWalker) walk(w *window, t *tally, end int64) {
	for {
		n, bad := p.records(w.rest(), end-w.offset(), t)
		w.lo += n
		if w.offset() >= end {
			return
		}
		switch {
		case bad:
			p.lost(w, t)
			if w.offset() >= end {
				return
			}
		case !w.more():
			ended(w, t, "the file ends inside a packet record")
			return
		}
	}
}

// records takes the whole records at the beginning of b, up to the first at or
// after stop. It returns their length, and whether what follows is no record.
func (p *pcapWalker) records(b []byte, stop int64, t *tally) (n int, bad bool) {
	for {
		if p.link == linkEthernet && !p.big {
			n += p.plain(b[n:], stop-int64(n), t)
		}
		if int64(n) >= stop || len(b)-n < pcapRecHeaderLen {
			return n, false
		}
		h := b[n : n+pcapRecHeaderLen]
		sec, frac := binary.LittleEndian.Uint32(h[0:]), binary.LittleEndian.Uint32(h[4:])
		capLen, origLen := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
		if p.big {
			sec, frac = bits.ReverseBytes32(sec), bits.ReverseBytes32(frac)
			capLen, origLen = bits.ReverseBytes32(capLen), bits.ReverseBytes32(origLen)
		}
		if capLen > maxFrame {
			return n, true
		}
		next := n + pcapRecHeaderLen + int(capLen)
		if next > len(b) {
			return n, false
		}
		t.frame(p.link, b[n+pcapRecHeaderLen:next:next], origLen, int64(sec)*1e9+int64(frac)*p.fraction, -1)
		n = next
	}
}

// lost notes the damage at w and searches for where the records go on.
func (p *pcapWalker) lost(w *window, t *tally) {
	order := p.order()
	d := evidence.Damage{Offset: w.offset(), Frame: int(t.stats.frames) + 1,
		What: fmt.Sprintf("a packet record claims to hold %d octets", order.Uint32(w.rest()[8:]))}
	w.lo++
	p.search(w, math.MaxInt64)
	d.Skipped = w.offset() - d.Offset
	t.stats.damagedAt(d)
}

// ended notes that the file ends with less than a record, or that reading it
// failed. What is left is consumed.
func ended(w *window, t *tally, what string) {
	left := int64(w.hi - w.lo)
	switch {
	case errors.Is(w.err, errStopped):
		w.lo = w.hi
		return
	case w.err != nil:
		what = fmt.Sprintf("reading failed: %v", w.err)
	case left == 0:
		return
	}
	t.stats.damagedAt(evidence.Damage{Offset: w.offset(), Frame: int(t.stats.frames) + 1, What: what, Skipped: left})
	w.lo = w.hi
}

func (p *pcapWalker) order() binary.ByteOrder {
	if p.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (p *pcapWalker) search(w *window, end int64) { search(w, end, p.chain) }

// search moves w octet by octet until chain accepts what follows, of which it
// sees at least lookAhead octets or all that is left.
func search(w *window, end int64, chain func(b []byte, atEnd bool) bool) {
	for {
		for w.hi-w.lo < lookAhead && w.more() {
		}
		if w.hi == w.lo {
			return
		}
		last := w.hi - lookAhead // the last place that has enough behind it
		if w.eof {
			last = w.hi - 1
		}
		for ; w.lo <= last; w.lo++ {
			if w.offset() >= end {
				return
			}
			b := w.rest()
			if len(b) > lookAhead {
				b = b[:lookAhead]
			}
			if chain(b, w.eof && w.lo+len(b) == w.hi) {
				return
			}
		}
	}
}

// chain reports whether b begins like a run of records: 24 plausible ones, or
// fewer that lead to the end of the file or out of b. A wrong answer can cost
// time, but the end of the part before always shows where a part begins.
func (p *pcapWalker) chain(b []byte, atEnd bool) bool {
	const (
		enough, few = 24, 3
		tenYears    = 10 * 365 * 86400
		maxPacket   = 1 << 20 // some offloads make larger ones than a frame can be
	)
	order, whole := p.order(), len(b)
	var before uint32
	for n := 0; n < enough; n++ {
		if len(b) == 0 && atEnd {
			return n > 0
		}
		if len(b) < pcapRecHeaderLen {
			return n >= few && whole >= pcapRecHeaderLen
		}
		sec, frac := order.Uint32(b), order.Uint32(b[4:])
		capLen, origLen := order.Uint32(b[8:]), order.Uint32(b[12:])
		if capLen == 0 || capLen > maxFrame || origLen < capLen || origLen > maxPacket || int64(frac)*p.fraction >= 1e9 {
			return false
		}
		if n > 0 && (int64(sec)-int64(before) > tenYears || int64(before)-int64(sec) > tenYears) {
			return false
		}
		before = sec
		b = b[pcapRecHeaderLen:]
		if int(capLen) > len(b) {
			return n+1 >= few
		}
		b = b[capLen:]
	}
	return true
}
