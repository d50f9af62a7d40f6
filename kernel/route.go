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

// holds reports whether addr is an address of the host that is no narrower than
// scope, on whichever interface, be it up or down (inet_lookup_ifaddr_rcu,
// inet_confirm_addr without a device).
func (h *Host) holds(addr netip.Addr, scope Scope) bool {
	if m := h.remembers(); m != nil {
		widest, ok := m.held[addr]
		return ok && widest <= scope
	}
	for i := range h.Interfaces {
		for _, a := range h.Interfaces[i].Addresses {
			if a.Addr() == addr && a.Scope <= scope {
				return true
			}
		}
	}
	return false
}

// holders are the interfaces that have an address.
func (h *Host) holders(addr netip.Addr) (all []*Interface) {
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		if slices.ContainsFunc(in.Addresses, func(a Address) bool { return a.Addr() == addr }) {
			all = append(all, in)
		}
	}
	return all
}

// holder names the interface to which the local table gives an address: the
// one that has it, else the loopback whose subnet it is in.
func (h *Host) holder(addr netip.Addr) string {
	if all := h.holders(addr); len(all) > 0 {
		return all[0].Name
	}
	for _, r := range h.Routes {
		if r.Local && r.Destination.Contains(addr) {
			return r.Dev
		}
	}
	var loopback string
	for i := range h.Interfaces {
		if h.Interfaces[i].Loopback {
			loopback = h.Interfaces[i].Name
		}
	}
	return loopback
}

// shadowed reports whether a route that is no local one leads to an address.
func (h *Host) shadowed(addr netip.Addr) bool {
	for _, in := range h.holders(addr) {
		for _, a := range in.Addresses {
			if a.Addr() == addr && !a.Shadowed {
				return false
			}
		}
	}
	return true
}

// custom is fib_has_custom_local_routes.
func (h *Host) custom() bool {
	if m := h.remembers(); m != nil {
		return m.custom
	}
	return slices.ContainsFunc(h.Routes, func(r Route) bool { return r.Local })
}

// Leads tells where packets of the host itself to an address go: to the host
// itself (local), or out of an interface, which is empty if there is no way.
func (h *Host) Leads(dst netip.Addr) (dev string, isLocal bool) {
	kind, out := h.lookup(dst)
	return out.dev, kind == local
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
	more   []Route    // the further nexthops of a multipath route
}

// uses is fib_info_nh_uses_dev: is the interface one of those of the route?
func (o hop) uses(dev string) bool {
	return o.dev == dev || slices.ContainsFunc(o.more, func(r Route) bool { return r.Dev == dev })
}

// lookup is fib_lookup, out of memory if there is one.
func (h *Host) lookup(dst netip.Addr) (routeType, hop) {
	m := h.remembers()
	if m == nil {
		return h.search(dst)
	}
	l, ok := m.leads[dst]
	if !ok {
		l.kind, l.hop = h.search(dst)
		m.leads[dst] = l
	}
	return l.kind, l.hop
}

// search is fib_lookup: the longest prefix decides, and the local table before
// the others among equals. As long as nobody adds rules the tables are one
// (fib_trie_table, fib_unmerge), and so a route can be longer than what is local.
//
// Each address is local, on an interface that is down as well; there its subnet
// counts for nothing (fib_add_ifaddr asks for IFF_UP in between, and of what
// fib_disable_ip takes away local routes are spared: fib_sync_down_dev). Else the
// last address of each subnet is a broadcast, and an address on a loopback
// interface makes the rest of its subnet local (RTN_LOCAL for IFF_LOOPBACK).
// The first address of a subnet is one like any other, since Linux 5.14.
func (h *Host) search(dst netip.Addr) (routeType, hop) {
	if h.holds(dst, ScopeHost) {
		if h.shadowed(dst) {
			return broadcast, hop{}
		}
		return local, hop{}
	}
	best, rank, kind, found := -1, 0, unreachable, hop{}
	better := func(p netip.Prefix, as routeType, r int) bool {
		switch {
		case !p.Contains(dst) || p.Bits() != best:
			return p.Contains(dst) && p.Bits() > best
		case as == local || kind == local:
			return kind != local
		}
		return r < rank // what comes first stays
	}
	for i := range h.Interfaces {
		in := &h.Interfaces[i]
		for _, a := range in.Addresses {
			p := a.Subnet()
			switch {
			case in.Down || p.Addr() == a.Addr() && p.Bits() == 32:
			case p.Bits() < 31 && dst == lastAddr(p):
				return broadcast, hop{}
			case a.NoPrefixRoute:
			case in.Loopback && better(p, local, a.Rank):
				best, rank, kind, found = p.Bits(), a.Rank, local, hop{}
			case !in.Loopback && better(p, unicast, a.Rank):
				best, rank, kind, found = p.Bits(), a.Rank, unicast, hop{dev: in.Name, next: dst, source: a.Addr()}
			}
		}
	}
	for i, r := range h.Routes {
		switch {
		case r.Further:
		case r.Local && better(r.Destination, local, r.Rank):
			best, rank, kind, found = r.Destination.Bits(), r.Rank, local, hop{}
		case !r.Local && better(r.Destination, unicast, r.Rank):
			best, rank, kind, found = r.Destination.Bits(), r.Rank, unicast, h.through(r, h.Routes[i+1:], dst)
		}
	}
	return kind, found
}

// through is where a packet leaves by a route, which others follow.
func (h *Host) through(r Route, more []Route, dst netip.Addr) hop {
	via, scope := r.Via, ScopeGlobal
	if !via.IsValid() {
		via, scope = dst, ScopeLink
	}
	if n := slices.IndexFunc(more, func(r Route) bool { return !r.Further }); n >= 0 {
		more = more[:n]
	}
	return hop{r.Dev, via, h.preferred(r, scope), more}
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
	if src.IsMulticast() || src.IsLoopback() && !h.effective(in).RouteLocalnet || src == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || dst.IsUnspecified() {
		return unreachable, hop{}
	}
	kind, out := h.lookup(dst)
	if kind == unicast && !h.effective(in).Forwarding {
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
	if set.RPFilter == 0 && out != in.Name && !h.custom() {
		// The fast path: only the host's own addresses are martian; what a
		// wide mask on lo makes local is not looked at.
		return set.AcceptLocal || !h.holds(src, ScopeHost)
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
	if way.uses(in.Name) {
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
	narrowest := h.narrowest(in)
	for _, a := range in.Addresses {
		if a.Secondary || min(a.Scope, narrowest) > scope {
			continue
		}
		if !dst.IsValid() || a.matches(dst) {
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
	for _, loopback := range []bool{true, false} {
		for i := range h.Interfaces {
			if h.Interfaces[i].Loopback != loopback {
				continue
			}
			for _, a := range h.Interfaces[i].Addresses {
				if !a.Secondary && a.Scope == ScopeGlobal {
					return a.Addr()
				}
			}
		}
	}
	return netip.Addr{}
}
