package capture

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A section is what the blocks before say about those that follow. It is not
// changed once another part of the file may use it.
type section struct {
	big    bool
	ifaces []ngInterface
	first  int // number of the section's first interface in the file
}

type ngInterface struct {
	link    linkType
	snapLen uint32
	unit    timeUnit
}

func (s *section) order() binary.ByteOrder {
	if s.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// newSection reads a section header block (section 4.1). Versions 1.0 and 1.2
// are the same (1.2 was written by mistake, and is to be read).
func newSection(b []byte) (*section, blockState) {
	if len(b) < sectionLen {
		return nil, blockState{need: sectionLen}
	}
	s := new(section)
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b[8:]) != byteOrderMagic {
		order, s.big = binary.BigEndian, true
		if order.Uint32(b[8:]) != byteOrderMagic {
			return nil, blockState{problem: "a section header without a byte order", section: true}
		}
	}
	major, minor := order.Uint16(b[12:]), order.Uint16(b[14:])
	if major != 1 || minor != 0 && minor != 2 {
		return nil, blockState{problem: fmt.Sprintf("a section of pcapng version %d.%d; only 1.0 is known", major, minor), section: true}
	}
	return s, blockState{}
}

// addInterface adds an interface to the section, or to a copy that is this
// walker's own.
func (g *ngWalker) addInterface(i ngInterface) {
	if g.shared {
		g.section = &section{big: g.big, ifaces: slices.Clone(g.ifaces), first: g.first}
		g.shared = false
	}
	if len(g.ifaces) < maxInterfaces {
		g.ifaces = append(g.ifaces, i)
	}
}
