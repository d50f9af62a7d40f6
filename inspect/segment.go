package inspect

import (
	"net"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Segment is what this host knows about the Ethernet segment behind one of
// its interfaces.
type Segment struct {
	Interface *net.Interface
	MAC       evidence.MAC
	Kind      string // what made the interface: device, vlan, bridge, bond, veth, macvlan …
	Master    string // the bridge, bond or VRF that the interface belongs to; empty: none

	Addresses []netip.Prefix // its IPv4 addresses, in the kernel's order: primary before secondary
	Local     []netip.Addr   // every IPv4 address of the host, on any interface
	Gateways  []netip.Addr   // the routers that routes by this interface go through

	// Neighbours holds what the kernel's neighbour table has for the
	// interface, as far as it is valid.
	Neighbours map[netip.Addr]evidence.MAC

	Forwards bool // the kernel forwards what arrives on the interface (net.ipv4.conf.<name>.forwarding)
}

// narrowest is the longest prefix length of a subnet that has a broadcast
// address, and so is a segment: /31 is for two routers (RFC 3021), /32 for one.
const narrowest = 30

// Near returns the own address, with its subnet, to ask for the VIPs with: one
// whose subnet holds the first VIP, else one in any usable subnet, else any. A
// VIP itself is never taken: who asks with it announces it. The zero Prefix
// means that there is none.
func (s *Segment) Near(vips []netip.Addr) netip.Prefix {
	var best netip.Prefix
	rank := 0
	for _, p := range s.Addresses {
		if slices.Contains(vips, p.Addr()) {
			continue
		}
		r := 1
		if p.Bits() <= narrowest {
			r = 2
			if len(vips) > 0 && p.Contains(vips[0]) {
				r = 3
			}
		}
		if r > rank { // the first of equals: primary addresses come first
			best, rank = p, r
		}
	}
	return best
}

// A Route is the way by which an address is reached.
type Route struct {
	Interface string
	Gateway   netip.Addr // invalid: the address is on the segment itself
}
