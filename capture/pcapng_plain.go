package capture

import "encoding/binary"

// plain goes over the enhanced packet blocks at the beginning of b that tell
// nothing, as plainRun.dull does over the records of pcap. It returns their
// length, and leaves whatever else there is to blocks.
func (g *ngWalker) plain(b []byte, stop int64, t *tally) int {
	const ahead = enhancedLen + dullLen
	s := &t.stats
	if !s.timed {
		return 0 // the first frame is always special
	}
	ifaces := g.ifaces
	n, most := 0, int(min(stop-1, int64(len(b)-ahead)))
	frames, cut, last := uint64(0), uint64(0), s.lastTime
	for n <= most {
		h := (*[ahead]byte)(b[n : n+ahead : n+ahead])
		kind, total := binary.LittleEndian.Uint32(h[0:]), uint64(binary.LittleEndian.Uint32(h[4:]))
		id := uint64(binary.LittleEndian.Uint32(h[8:]))
		// Not less than the frame that is looked at, and its trailer.
		if kind != blockEnhanced || total%4 != 0 || total-(ahead+4) > holdsPacket-(ahead+4) ||
			uint64(n)+total > uint64(len(b)) || id >= uint64(len(ifaces)) {
			break
		}
		i := &ifaces[id]
		ts := uint64(binary.LittleEndian.Uint32(h[12:]))<<32 | uint64(binary.LittleEndian.Uint32(h[16:]))
		capLen, origLen := uint64(binary.LittleEndian.Uint32(h[20:])), uint64(binary.LittleEndian.Uint32(h[24:]))
		ns := int64(ts * i.unit.factor)
		f := (*[dullLen]byte)(h[enhancedLen:])
		if capLen-dullLen > min(total-enhancedLen-4, maxFrame)-dullLen ||
			binary.LittleEndian.Uint32(b[uint64(n)+total-4:]) != uint32(total) ||
			i.link != linkEthernet || i.unit.factor == 0 || ts > i.unit.most || ns < last || !isIPv4(f) {
			break
		}
		head := ipv4Head(f)
		if dullTCP(head, f[47])|dullUDP(head, f[30]) == 0 {
			break
		}
		frames++
		last = ns
		cut += one(origLen > capLen)
		n += int(total)
	}
	s.frames += frames
	s.dull += frames
	s.cut += cut
	s.lastTime = last
	return n
}
