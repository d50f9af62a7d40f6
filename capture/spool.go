package capture

import (
	"encoding/binary"

	"github.com/arpcheck/arpcheck/evidence"
)

// spoolSize is how many octets a spool holds.
const spoolSize = 8 << 20

// spoolFrame is how many octets of one frame a spool holds, if no more of it
// may be wanted: an advert of 40 addresses.
const spoolFrame = 256

// A spool keeps the frames of a stream that may be evidence, for when it turns
// out which addresses matter: a stream cannot be read again. Of a stream with
// more of them it has the first.
type spool struct {
	data []byte // for each frame a spooled, and its octets
	most int    // octets of one frame
	full bool
}

// A spooled is what is known of a frame besides its octets.
type spooled struct {
	Number          uint64
	Time            int64
	Link            linkType
	Length, OrigLen uint32
	Interface       int32
}

const spooledLen = 8 + 8 + 4 + 4 + 4 + 4

func newSpool(keepRaw bool) *spool {
	s := &spool{data: make([]byte, 0, spoolSize), most: spoolFrame}
	if keepRaw {
		s.most = rawLimit
	}
	return s
}

func (s *spool) add(rec *evidence.Record, link linkType, f []byte, origLen uint32, ns int64) {
	n := min(len(f), s.most)
	if s.full || len(s.data)+spooledLen+n > spoolSize {
		s.full = true
		return
	}
	d := binary.LittleEndian.AppendUint64(s.data, uint64(rec.Number))
	d = binary.LittleEndian.AppendUint64(d, uint64(ns))
	for _, v := range []uint32{uint32(link), uint32(n), max(origLen, uint32(len(f))), uint32(rec.Interface)} {
		d = binary.LittleEndian.AppendUint32(d, v)
	}
	s.data = append(d, f[:n]...)
}

// replay hands the frames to t once more, for its trails.
func (s *spool) replay(t *tally) {
	for rest := s.data; len(rest) > 0; {
		var f spooled
		n, err := binary.Decode(rest, binary.LittleEndian, &f)
		if err != nil {
			return // there is always a whole one
		}
		octets := rest[n : n+int(f.Length)]
		rest = rest[n+int(f.Length):]
		rec, reason := decodeLink(f.Link, octets)
		if reason != "" {
			continue // cut by spoolFrame
		}
		if rec.Kind == evidence.ARPRequest && rec.Dst == evidence.Broadcast {
			t.asks.whoHas++
		}
		t.stats.frames = f.Number
		t.keep(&rec, f.Link, octets, f.OrigLen, f.Time, int(f.Interface))
	}
}
