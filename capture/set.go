package capture

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
)

// A set holds IPv4 addresses, in host byte order, as ascending spans that
// neither overlap nor touch.
type set []span

// A span is an unbroken run of addresses, both ends included.
type span struct{ first, last uint32 }

// setOf returns the set of addrs; addresses that are not IPv4 are left out.
func setOf(addrs ...netip.Addr) set {
	var s set
	for _, addr := range addrs {
		if addr.Is4() {
			octets := addr.As4()
			n := binary.BigEndian.Uint32(octets[:])
			s = append(s, span{n, n})
		}
	}
	return union(s)
}

// union returns the addresses that are in any of the sets.
func union(sets ...set) set {
	all := slices.Concat(sets...)
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	joined := all[:0]
	for _, s := range all {
		if n := len(joined); n > 0 && uint64(s.first) <= uint64(joined[n-1].last)+1 {
			joined[n-1].last = max(joined[n-1].last, s.last)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// prefix returns the addresses of the smallest prefix that covers s.
func (s set) prefix() set {
	if len(s) == 0 {
		return nil
	}
	first, last := s[0].first, s[len(s)-1].last
	host := uint32(1)<<bits.Len32(first^last) - 1 // all ones where the length is 32
	return set{{first &^ host, last | host}}
}
