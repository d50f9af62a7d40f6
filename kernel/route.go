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

// addrType looks an address up in the local table (inet_addr_type). Each
// address is local; an address on a loopback interface makes its whole subnet
// local (fib_add_ifaddr: RTN_LOCAL for IFF_LOOPBACK); on other interfaces the
// subnet's first and last address are broadcasts.
func (h *Host) addrType(addr netip.Addr) routeType {
	if h.holds(addr) || addr.IsLoopback() {
		return local
	}
	found := unreachable
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		for _, a := range in.Addresses {
			switch {
			case a.Bits() == 32 || !a.Contains(addr):
			case in.Loopback:
				return local
			case a.Bits() < 31 && (addr == a.Masked().Addr() || addr == lastAddr(a.Prefix)):
				found = broadcast
			}
		}
	}
	return found
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
	dev  string
	next netip.Addr // whose MAC address is needed
}

// lookup is fib_lookup: the local table first, then the longest prefix among
// the connected subnets and the routes.
func (h *Host) lookup(dst netip.Addr) (routeType, hop) {
	if t := h.addrType(dst); t != unreachable {
		return t, hop{}
	}
	best, found := -1, hop{}
	consider := func(p netip.Prefix, dev string, via netip.Addr) {
		if !p.Contains(dst) || p.Bits() <= best {
			return
		}
		if !via.IsValid() {
			via = dst
		}
		best, found = p.Bits(), hop{dev, via}
	}
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		for _, a := range in.Addresses {
			if a.Bits() < 32 && !in.Loopback {
				consider(a.Prefix, in.Name, netip.Addr{})
			}
		}
	}
	for _, r := range h.Routes {
		consider(r.Destination, r.Dev, r.Via)
	}
	if best < 0 {
		return unreachable, hop{}
	}
	return unicast, found
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

// selectAddr is inet_select_addr with RT_SCOPE_LINK: the address that the
// interface prefers towards dst. The result is invalid if the host has none.
func (h *Host) selectAddr(in *Interface, dst netip.Addr) netip.Addr {
	var first netip.Addr
	for _, a := range in.Addresses {
		if a.Secondary || a.Scope > ScopeLink {
			continue
		}
		if a.Contains(dst) {
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
