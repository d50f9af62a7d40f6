package kernel

import "net/netip"

// memory is what a steady host remembers of itself.
type memory struct {
	of    *Host
	names map[string]*Interface
	held  map[netip.Addr]Scope // the widest that each address has
	leads map[netip.Addr]lead  // what was looked up

	custom bool // there are local routes that no address brings along
}

// A lead is where an address leads: what fib_lookup finds.
type lead struct {
	kind routeType
	hop  hop
}

// Steady returns a copy of the host that remembers where each address leads, for
// who asks much about a host with thousands of addresses. Neither of the two may
// be changed from then on, but copies of them may: a copy remembers nothing.
// Only one goroutine may use it at a time.
func (h *Host) Steady() *Host {
	c := *h
	m := &memory{of: &c, names: make(map[string]*Interface, len(c.Interfaces)),
		held: map[netip.Addr]Scope{}, leads: map[netip.Addr]lead{}, custom: h.custom()}
	for i := range c.Interfaces {
		in := &c.Interfaces[i]
		m.names[in.Name] = in
		for _, a := range in.Addresses {
			if s, ok := m.held[a.Addr()]; !ok || a.Scope < s {
				m.held[a.Addr()] = a.Scope
			}
		}
	}
	c.memory = m
	return &c
}

// remembers returns the memory, unless it is another host's: that of which this
// one is a copy.
func (h *Host) remembers() *memory {
	if h.memory != nil && h.memory.of == h {
		return h.memory
	}
	return nil
}
