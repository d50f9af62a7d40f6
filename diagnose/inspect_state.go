package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/kernel"
)

// A state is a host as it is, or as it will be after the next boot, with what
// is asked of it again for every VIP: there may be thousands, and hundreds of
// interfaces.
type state struct {
	*kernel.Host // which must not change

	// The same host without what makes it silent, where that is not the question.
	pinged *kernel.Host // it answers echo requests
	loose  *kernel.Host // and has no rp_filter
	open   *kernel.Host // no arp_ignore, and no interface without ARP

	segments []*kernel.Interface // behind which other hosts can be
	at       map[netip.Addr][]place
	subnets  []netip.Prefix // those that an address on a loopback interface makes local
	vips     []netip.Addr
	taken    map[netip.Addr]bool                // the VIPs, here or not
	free     map[netip.Prefix]netip.Addr        // what unused has found
	hops     map[string][]netip.Addr            // to whom routes lead, by the name of the interface
	proxies  map[*kernel.Interface][]netip.Addr // what proxied has found
}

// state prepares a host for the judgement of VIPs. It may differ in its settings
// and addresses from the one that is inspected, but not in its interfaces.
func (in *Inspection) state(h *kernel.Host, vips []netip.Addr) *state {
	s := &state{Host: h.Steady(), vips: vips, at: map[netip.Addr][]place{}, taken: map[netip.Addr]bool{}, free: map[netip.Prefix]netip.Addr{},
		hops: map[string][]netip.Addr{}, proxies: map[*kernel.Interface][]netip.Addr{}}
	s.pinged = changed(h, func(h *kernel.Host) { h.IgnoreEcho = false }).Steady()
	s.loose = changed(h, func(h *kernel.Host) {
		h.IgnoreEcho, h.All.RPFilter = false, 0
		for i := range h.Interfaces {
			h.Interfaces[i].RPFilter = 0
		}
	}).Steady()
	s.open = changed(h, func(h *kernel.Host) {
		h.All.ARPIgnore = 0
		for i := range h.Interfaces {
			h.Interfaces[i].ARPIgnore, h.Interfaces[i].NoARP = 0, false
		}
	}).Steady()
	for i := range s.Interfaces {
		dev := &s.Interfaces[i]
		if in.Links[dev.Name].Segment {
			s.segments = append(s.segments, dev)
		}
		for _, a := range dev.Addresses {
			s.at[a.Addr()] = append(s.at[a.Addr()], place{dev: dev.Name, Address: a})
			if dev.Loopback {
				s.subnets = append(s.subnets, a.Subnet().Masked())
			}
		}
	}
	for _, vip := range vips {
		s.taken[vip] = true
	}
	lead := func(dev string, to netip.Addr) {
		if !slices.Contains(s.hops[dev], to) {
			s.hops[dev] = append(s.hops[dev], to)
		}
	}
	for _, r := range slices.Concat(s.Routes, in.Elsewhere) {
		switch to := r.Destination.Addr(); {
		case r.Local:
		case r.Via.IsValid():
			lead(r.Dev, r.Via)
		case r.Destination.IsSingleIP():
			lead(r.Dev, to)
		case r.Destination.Bits() > 0:
			lead(r.Dev, to.Next())
		default:
			lead(r.Dev, far)
		}
	}
	for _, vip := range vips {
		if p, ok := s.drawn(vip); ok {
			s.at[vip] = []place{p}
		}
	}
	return s
}

// drawn tells where a VIP is that no interface has as an address, and that is
// the host's all the same: by a route of type local, or in a subnet of lo.
func (s *state) drawn(vip netip.Addr) (place, bool) {
	if _, local := s.Leads(vip); !local || len(s.at[vip]) > 0 {
		return place{}, false
	}
	single := kernel.Address{Prefix: netip.PrefixFrom(vip, 32)}
	for i := range s.Interfaces {
		for _, a := range s.Interfaces[i].Addresses {
			if s.Interfaces[i].Loopback && !a.NoPrefixRoute && a.Subnet().Contains(vip) {
				single.Scope = a.Scope
				return place{s.Interfaces[i].Name, single, fmt.Sprintf("in the subnet of %s", a.Prefix)}, true
			}
		}
	}
	for _, r := range s.Routes {
		if r.Local && r.Destination.Contains(vip) {
			return place{r.Dev, single, fmt.Sprintf("by the local route to %s", r.Destination)}, true
		}
	}
	return place{}, false
}

// local reports whether an address is the host's own, or in a subnet of lo.
func (s *state) local(addr netip.Addr) bool {
	return len(s.at[addr]) > 0 || slices.ContainsFunc(s.subnets, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// unused is an address of the subnet that this host does not have, and no VIP.
// Which one does not matter: the model knows subnets, not neighbours. But it is
// in no smaller subnet that something else leads to.
func (s *state) unused(p netip.Prefix) netip.Addr {
	p = p.Masked()
	found, ok := s.free[p]
	if ok {
		return found
	}
	var within []netip.Prefix
	smaller := func(q netip.Prefix) {
		if q.Bits() > p.Bits() && p.Contains(q.Addr()) {
			within = append(within, q)
		}
	}
	for i := range s.Interfaces {
		for _, a := range s.Interfaces[i].Addresses {
			if !s.Interfaces[i].Down && !a.NoPrefixRoute {
				smaller(a.Subnet())
			}
		}
	}
	for _, r := range s.Routes {
		smaller(r.Destination)
	}
	// Not the first address, which the kernel took for a broadcast until 5.14,
	// nor the last, which is one.
	for addr := p.Addr().Next(); p.Contains(addr.Next()); addr = addr.Next() {
		if i := slices.IndexFunc(within, func(q netip.Prefix) bool { return q.Contains(addr) }); i >= 0 {
			addr = kernel.Broadcast(within[i])
			continue
		}
		if len(s.at[addr]) == 0 && !s.taken[addr] {
			found = addr
			break
		}
	}
	s.free[p] = found
	return found
}

// neighbour is an address that a host in the subnet of an address may have, or
// its peer; invalid: it is alone.
func (s *state) neighbour(a kernel.Address) netip.Addr {
	switch p := a.Subnet(); p.Bits() {
	case 32:
		if p.Addr() != a.Addr() {
			return p.Addr()
		}
		return netip.Addr{}
	case 31: // RFC 3021: there is one other
		if other := p.Masked().Addr(); other != a.Addr() {
			return other
		}
		return p.Masked().Addr().Next()
	default:
		return s.unused(p)
	}
}

// neighbours are addresses that hosts on the segment may have: one in each
// subnet of the interface.
func (s *state) neighbours(in *kernel.Interface) (all []netip.Addr) {
	for _, a := range in.Addresses {
		if !a.Secondary {
			if n := s.neighbour(a); n.IsValid() {
				all = append(all, n)
			}
		}
	}
	return all
}

// near are neighbours, or where there is no subnet those that routes lead to.
func (s *state) near(in *kernel.Interface) []netip.Addr {
	if all := s.neighbours(in); len(all) > 0 {
		return all
	}
	return s.hops[in.Name]
}

// changed is a copy of the host with a change.
func changed(h *kernel.Host, change func(*kernel.Host)) *kernel.Host {
	c := *h
	c.Interfaces = slices.Clone(h.Interfaces)
	for i := range c.Interfaces {
		c.Interfaces[i].Addresses = slices.Clone(c.Interfaces[i].Addresses)
	}
	change(&c)
	return &c
}
