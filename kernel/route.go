package kernel

import (
	"net/netip"
	"slices"
)

// routeType is the type of a route (rtm_type).
type routeType uint8

const (
	unreachable routeType = iota
	local
	broadcast
	unicast
)

// holds reports whether addr is an address of the host, on whichever
// interface (inet_lookup_ifaddr_rcu).
func (h *Host) holds(addr netip.Addr) bool {
	for i := range h.Interfaces {
		for _, a := range h.Interfaces[i].Addresses {
			if a.Addr() == addr {
				return true
			}
		}
	}
	return false
}

// holder names the interface to which the local table gives an address: the
// one that has it, else the loopback whose subnet it is in.
func (h *Host) holder(addr netip.Addr) string {
	var loopback string
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		if slices.ContainsFunc(in.Addresses, func(a Address) bool { return a.Addr() == addr }) {
			return in.Name
		}
		if in.Loopback {
			loopback = in.Name
		}
	}
	return loopback
}

// addrType is the type of the route to an address (inet_addr_type).
func (h *Host) addrType(addr netip.Addr) routeType {
	kind, _ := h.lookup(addr)
	return kind
}

// lastAddr is the broadcast address of the IPv4 prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// A hop is where a packet leaves the host: by which interface, towards whom.
type hop struct {
	dev    string
	next   netip.Addr // whose MAC address is needed
	source netip.Addr // what the host calls itself on this way, if it has the choice
}

// lookup is fib_lookup: the longest prefix decides, and the local table before
// the others among equals. As long as nobody adds rules the tables are one
// (fib_trie_table, fib_unmerge), and so a route can be longer than what is local.
//
// Each address is local; the last one of each subnet is a broadcast; and an
// address on a loopback interface makes the rest of its subnet local
// (fib_add_ifaddr: RTN_LOCAL for IFF_LOOPBACK). The first address of a subnet
// is one like any other, since Linux 5.14.
func (h *Host) lookup(dst netip.Addr) (routeType, hop) {
	if h.holds(dst) {
		return local, hop{}
	}
	best, kind, found := -1, unreachable, hop{}
	consider := func(p netip.Prefix, as routeType, to hop) {
		// What comes first stays, but for what is local.
		if p.Contains(dst) && (p.Bits() > best || p.Bits() == best && as == local) {
			best, kind, found = p.Bits(), as, to
		}
	}
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		for _, a := range in.Addresses {
			switch {
			case a.Bits() == 32:
			case a.Bits() < 31 && dst == lastAddr(a.Prefix):
				return broadcast, hop{}
			case in.Loopback:
				consider(a.Prefix, local, hop{})
			default:
				consider(a.Prefix, unicast, hop{in.Name, dst, a.Addr()})
			}
		}
	}
	for _, r := range h.Routes {
		via, scope := r.Via, ScopeGlobal
		if !via.IsValid() {
			via, scope = dst, ScopeLink
		}
		if r.Destination.Contains(dst) && r.Destination.Bits() > best {
			consider(r.Destination, unicast, hop{r.Dev, via, h.preferred(r, scope)})
		}
	}
	return kind, found
}

// preferred is fib_info_update_nhc_saddr: the source of packets that take a
// route without one of its own.
func (h *Host) preferred(r Route, scope Scope) netip.Addr {
	if out := h.Interface(r.Dev); out != nil {
		return h.selectAddr(out, r.Via, scope)
	}
	return netip.Addr{}
}

// routeInput is ip_route_input: the fate of a packet from src to dst that
// arrives on an interface. It returns unreachable where the packet is dropped.
func (h *Host) routeInput(in *Interface, src, dst netip.Addr) (routeType, hop) {
	// ip_route_input_slow: martian sources and destinations.
	if src.IsMulticast() || src.IsLoopback() || src == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || dst.IsUnspecified() {
		return unreachable, hop{}
	}
	kind, out := h.lookup(dst)
	if kind == unicast && !h.Forwarding {
		return unreachable, hop{}
	}
	if kind == unreachable || !h.validSource(in, src, out.dev) {
		return unreachable, hop{}
	}
	return kind, out
}

// validSource is fib_validate_source: may a packet from src arrive here, to
// leave by the interface out, or to stay if that is empty?
func (h *Host) validSource(in *Interface, src netip.Addr, out string) bool {
	set := h.effective(in)
	if set.RPFilter == 0 && out != in.Name {
		// The fast path: only the host's own addresses are martian; what a
		// wide mask on lo makes local is not looked at.
		return set.AcceptLocal || !h.holds(src)
	}
	// __fib_validate_source: look the way back up.
	kind, way := h.lookup(src)
	switch kind {
	case unreachable:
		return set.RPFilter == 0
	case broadcast:
		return false
	case local:
		if !set.AcceptLocal {
			return false
		}
		way.dev = h.holder(src)
	}
	if way.dev == in.Name {
		return true
	}
	if len(in.Addresses) == 0 {
		return set.RPFilter == 0 // "no_addr" goes to last_resort
	}
	return set.RPFilter != 1
}

// selectAddr is inet_select_addr: the address, no narrower than scope, that the
// interface prefers towards dst. The result is invalid if the host has none.
func (h *Host) selectAddr(in *Interface, dst netip.Addr, scope Scope) netip.Addr {
	var first netip.Addr
	for _, a := range in.Addresses {
		if a.Secondary || a.Scope > scope {
			continue
		}
		if !dst.IsValid() || a.Contains(dst) {
			return a.Addr()
		}
		if !first.IsValid() {
			first = a.Addr()
		}
	}
	if first.IsValid() {
		return first
	}
	// An interface without an address borrows one, from loopback first.
	others := slices.Clone(h.Interfaces)
	slices.SortStableFunc(others, func(a, b Interface) int {
		switch {
		case a.Loopback && !b.Loopback:
			return -1
		case b.Loopback && !a.Loopback:
			return 1
		}
		return 0
	})
	for _, o := range others {
		for _, a := range o.Addresses {
			if !a.Secondary && a.Scope == ScopeGlobal {
				return a.Addr()
			}
		}
	}
	return netip.Addr{}
}
