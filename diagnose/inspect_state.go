package diagnose

import (
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
			s.at[a.Addr()] = append(s.at[a.Addr()], place{dev.Name, a})
			if dev.Loopback {
				s.subnets = append(s.subnets, a.Masked())
			}
		}
	}
	for _, vip := range vips {
		s.taken[vip] = true
	}
	for _, r := range s.Routes {
		switch to := r.Destination.Addr(); {
		case r.Via.IsValid():
			s.hops[r.Dev] = append(s.hops[r.Dev], r.Via)
		case r.Destination.IsSingleIP():
			s.hops[r.Dev] = append(s.hops[r.Dev], to)
		case r.Destination.Bits() > 0:
			s.hops[r.Dev] = append(s.hops[r.Dev], to.Next())
		}
	}
	return s
}

// local reports whether an address is the host's own, or in a subnet of lo.
func (s *state) local(addr netip.Addr) bool {
	return len(s.at[addr]) > 0 || slices.ContainsFunc(s.subnets, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// unused is an address of the subnet that this host does not have, and no VIP.
// Which one does not matter: the model knows subnets, not neighbours.
func (s *state) unused(p netip.Prefix) netip.Addr {
	found, ok := s.free[p]
	if ok {
		return found
	}
	// Not the first address, which the kernel took for a broadcast until 5.14,
	// nor the last, which is one.
	for addr := p.Masked().Addr().Next(); p.Contains(addr.Next()); addr = addr.Next() {
		if len(s.at[addr]) == 0 && !s.taken[addr] {
			found = addr
			break
		}
	}
	s.free[p] = found
	return found
}

// neighbours are addresses that hosts on the segment may have: one in each
// subnet of the interface.
func (s *state) neighbours(in *kernel.Interface) (all []netip.Addr) {
	for _, a := range in.Addresses {
		if a.Bits() < 31 && !a.Secondary {
			if n := s.unused(a.Prefix); n.IsValid() {
				all = append(all, n)
			}
		}
	}
	return all
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
