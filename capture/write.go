package capture

import (
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Commented is a frame to be written, with what it shows.
type Commented struct {
	Record  evidence.Record // its Raw must not be nil
	Comment string
}

// WriteFrames writes one section of pcapng, which Wireshark shows with the
// comments: a header, an interface for each
// combination of link type, file and interface among the frames, and an
// enhanced packet block for each frame, in their order.
func WriteFrames(w io.Writer, frames []Commented) error {
	type source struct {
		link  uint32
		file  string
		iface int
	}
	ids := map[source]uint32{}
	b := header()
	for i := range frames {
		rec := &frames[i].Record
		if rec.Raw == nil {
			return errors.New("a frame was not kept")
		}
		s := source{rec.Raw.LinkType, rec.File, rec.Interface}
		id, ok := ids[s]
		if !ok {
			id = uint32(len(ids))
			ids[s] = id
			b = appendInterface(b, s.link, s.file)
		}
		b = appendPacket(b, id, &frames[i])
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := w.Write(b)
	return err
}

// Options (sections 3.5, 4.1, 4.2, 4.3 of the draft).
const (
	optComment   = 1
	optUserAppl  = 4 // shb_userappl
	optIfName    = 2
	optTsResol   = 9
	nanoResol    = 9
	maxOptionLen = 1<<16 - 4
)

// ours is the byte order of what is written.
var ours = binary.LittleEndian

// header is a section header block of unknown length.
func header() []byte {
	b, at := beginBlock(nil, blockSection)
	b = ours.AppendUint32(b, byteOrderMagic)
	b = ours.AppendUint16(b, 1) // version 1.0
	b = ours.AppendUint16(b, 0)
	b = ours.AppendUint64(b, 1<<64-1)
	b = appendOption(b, optUserAppl, []byte("arpcheck"))
	return endBlock(endOptions(b), at)
}

// appendInterface describes an interface whose timestamps are nanoseconds.
func appendInterface(b []byte, link uint32, name string) []byte {
	b, at := beginBlock(b, blockInterface)
	b = ours.AppendUint16(b, uint16(link))
	b = ours.AppendUint16(b, 0)
	b = ours.AppendUint32(b, 0) // any snap length
	if name != "" {
		b = appendOption(b, optIfName, []byte(name))
	}
	b = appendOption(b, optTsResol, []byte{nanoResol})
	return endBlock(endOptions(b), at)
}

func appendPacket(b []byte, iface uint32, c *Commented) []byte {
	raw := c.Record.Raw
	ns := uint64(0)
	if t := c.Record.Time; t.After(time.Unix(0, 0)) {
		ns = uint64(t.UnixNano())
	}
	b, at := beginBlock(b, blockEnhanced)
	b = ours.AppendUint32(b, iface)
	b = ours.AppendUint32(b, uint32(ns>>32))
	b = ours.AppendUint32(b, uint32(ns))
	b = ours.AppendUint32(b, uint32(len(raw.Octets)))
	b = ours.AppendUint32(b, uint32(max(raw.Len, len(raw.Octets))))
	b = pad(append(b, raw.Octets...))
	if c.Comment != "" {
		b = endOptions(appendOption(b, optComment, []byte(c.Comment)))
	}
	return endBlock(b, at)
}

// beginBlock begins a block that endBlock completes; at is where.
func beginBlock(b []byte, kind uint32) (_ []byte, at int) {
	at = len(b)
	b = ours.AppendUint32(b, kind)
	return ours.AppendUint32(b, 0), at
}

func endBlock(b []byte, at int) []byte {
	length := uint32(len(b) - at + 4)
	ours.PutUint32(b[at+4:], length)
	return ours.AppendUint32(b, length)
}

func appendOption(b []byte, code uint16, value []byte) []byte {
	value = value[:min(len(value), maxOptionLen)]
	b = ours.AppendUint16(b, code)
	b = ours.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

func endOptions(b []byte) []byte { return append(b, 0, 0, 0, 0) }

// pad fills up to 32 bits. All that comes before is a multiple of that.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
