package capture

import (
	"github.com/arpcheck/arpcheck/evidence"
)

// spoolSize is how many octets of frames a spool holds.
const spoolSize = 8 << 20

// spoolFrame is how many octets of one frame a spool holds: an advert of 40
// addresses.
const spoolFrame = 256

// A spool keeps the frames of a stream that may be evidence, for when it turns
// out which addresses matter: a stream cannot be read again. Of a stream with
// more of them than it holds, it has lost.
type spool struct {
	data   []byte
	frames []spooled
	full   bool
}

type spooled struct {
	at, n   uint32 // octets in data
	link    linkType
	origLen uint32
	iface   int32
	number  uint64
	ns      int64
}

func (s *spool) add(rec *evidence.Record, link linkType, f []byte, origLen uint32, ns int64) {
	n := min(len(f), spoolFrame)
	if s.full || len(s.data)+n+48*len(s.frames) > spoolSize {
		s.full = true
		return
	}
	s.frames = append(s.frames, spooled{
		at: uint32(len(s.data)), n: uint32(n), link: link, origLen: max(origLen, uint32(len(f))),
		iface: int32(rec.Interface), number: uint64(rec.Number), ns: ns,
	})
	s.data = append(s.data, f[:n]...)
}

// replay hands the frames to t once more, for its trails.
func (s *spool) replay(t *tally) {
	for _, f := range s.frames {
		octets := s.data[f.at : f.at+f.n]
		rec, reason := decodeLink(f.link, octets)
		if reason != "" {
			continue // cut by spoolFrame
		}
		if rec.Kind == evidence.ARPRequest && rec.Dst == evidence.Broadcast {
			t.asks.whoHas++
		}
		t.stats.frames = f.number
		t.keep(&rec, f.link, octets, f.origLen, f.ns, int(f.iface))
	}
}
