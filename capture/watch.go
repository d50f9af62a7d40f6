package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
)

// A watch is the set of addresses of which records are kept, not only claims
// counted. It is not changed while files are read.
type watch struct {
	hint  [8]uint64 // bit n is set if an address may be in, n being made of its bits
	addrs map[uint32]int
}

// watchOf returns the set of addrs; only IPv4 addresses can be in it.
func watchOf(addrs []netip.Addr) *watch {
	w := &watch{addrs: map[uint32]int{}}
	for _, addr := range addrs {
		if !addr.Unmap().Is4() {
			continue
		}
		octets := addr.Unmap().As4()
		w.add(binary.BigEndian.Uint32(octets[:]))
	}
	return w
}

func (w *watch) add(addr uint32) {
	if _, ok := w.addrs[addr]; !ok {
		w.addrs[addr] = len(w.addrs)
		w.hint[addr>>6&7] |= 1 << (addr & 63)
	}
}

// has reports whether addr is watched. Most addresses that are not cost two
// loads from a cache line that is always hot.
func (w *watch) has(addr uint32) bool {
	if w.hint[addr>>6&7]>>(addr&63)&1 == 0 {
		return false
	}
	_, ok := w.addrs[addr]
	return ok
}

// number packs an IPv4 address; others are 0.
func number(addr netip.Addr) uint32 {
	if !addr.Is4() {
		return 0
	}
	octets := addr.As4()
	return binary.BigEndian.Uint32(octets[:])
}

func addrOf(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

func macBits(mac evidence.MAC) uint64 {
	return uint64(binary.BigEndian.Uint16(mac[:]))<<32 | uint64(binary.BigEndian.Uint32(mac[2:]))
}

// macOf unpacks the 48 bits of an address.
func macOf(bits uint64) evidence.MAC {
	return evidence.MAC{byte(bits >> 40), byte(bits >> 32), byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}
}
