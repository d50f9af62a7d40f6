// Package kernel restates how Linux decides about ARP: the settings and the
// addresses of a host, and one frame that reaches it, give its reaction.
//
// It is pure, and it says of each rule which kernel function it comes from
// (net/ipv4/arp.c, devinet.c, fib_frontend.c, route.c, ip_input.c).
package kernel

import (
	"fmt"
	"net/netip"
	"slices"
)

// A Host is what decides how a Linux host reacts. The zero value has no
// interface and reacts to nothing.
type Host struct {
	Interfaces []Interface
	All        Settings // net.ipv4.conf.all
	Routes     []Route  // besides those that the addresses bring along

	IgnoreEcho bool // net.ipv4.icmp_echo_ignore_all, or a firewall that drops echo requests

	memory *memory
}

// An Interface is one network interface with what is configured on it.
type Interface struct {
	Name      string
	Settings  // net.ipv4.conf.<name>
	Loopback  bool
	NoARP     bool // IFF_NOARP: ip link set dev <name> arp off
	Down      bool // no IFF_UP: it hears nothing, and yet the host has its addresses
	Addresses []Address
	Proxied   []netip.Addr // ip neigh add proxy ADDR dev <name>
}

// Settings are the sysctls under net.ipv4.conf that matter for ARP.
type Settings struct {
	ARPIgnore   int // 0 to 8
	ARPAnnounce int // 0 to 2
	RPFilter    int // 0 off, 1 strict, 2 loose
	ARPFilter   bool
	ProxyARP    bool
	ProxyPVLAN  bool // proxy_arp_pvlan
	AcceptLocal bool
	MediumID    int  // of this very interface; interfaces of one medium need no proxy between them
	Forwarding  bool // of what arrives on this very interface: "all" has no say (IN_DEV_FORWARD)

	RouteLocalnet bool // 127/8 is routed like any address, and scope host is no narrower than link

	ARPNotify bool // gratuitous ARP when the interface comes up

	DropUnicastInL2Multicast bool
}

// effective combines the settings of an interface with those of "all" as
// include/linux/inetdevice.h does: IN_DEV_MAXCONF or IN_DEV_ORCONF.
func (h *Host) effective(in *Interface) Settings {
	return Settings{
		ARPIgnore:   max(h.All.ARPIgnore, in.ARPIgnore),
		ARPAnnounce: max(h.All.ARPAnnounce, in.ARPAnnounce),
		RPFilter:    max(h.All.RPFilter, in.RPFilter),
		ARPFilter:   h.All.ARPFilter || in.ARPFilter,
		ProxyARP:    h.All.ProxyARP || in.ProxyARP,
		ProxyPVLAN:  h.All.ProxyPVLAN || in.ProxyPVLAN,
		AcceptLocal: h.All.AcceptLocal || in.AcceptLocal,
		MediumID:    in.MediumID,
		Forwarding:  in.Forwarding,
		ARPNotify:   h.All.ARPNotify || in.ARPNotify,

		RouteLocalnet: h.All.RouteLocalnet || in.RouteLocalnet,

		DropUnicastInL2Multicast: h.All.DropUnicastInL2Multicast || in.DropUnicastInL2Multicast,
	}
}

// An Address is one IPv4 address of an interface, in the order of `ip addr`.
type Address struct {
	netip.Prefix // the address, not the network, with its mask
	Scope        Scope
	Secondary    bool // IFA_F_SECONDARY: a further address of a subnet that the interface already has

	NoPrefixRoute bool // IFA_F_NOPREFIXROUTE: it brings no route to its subnet along

	// Peer is the other end (`ip addr add ADDR peer PREFIX`, ifa_address) with
	// the mask, which is not the address's own then; invalid: there is none.
	Peer netip.Prefix
	// Rank orders the routes to one subnet, as the metric and the order of their
	// making do: the smaller one is taken, and of equals that of the first interface.
	Rank int
	// Shadowed: a route that is no local one was there first, as the broadcast
	// address of a subnet, and packets to the address follow that.
	Shadowed bool
}

// Subnet is the subnet that the address is in, or its peer if it has one: what
// inet_ifa_match compares with.
func (a Address) Subnet() netip.Prefix {
	if a.Peer.IsValid() {
		return a.Peer
	}
	return a.Prefix
}

// matches is inet_ifa_match.
func (a Address) matches(addr netip.Addr) bool { return a.Subnet().Contains(addr) }

// Scope is the scope of an address, ordered as in the kernel: the greater, the
// narrower (RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_HOST).
type Scope uint8

// The scopes that `ip addr add … scope` knows.
const (
	ScopeGlobal Scope = iota
	ScopeLink
	ScopeHost
)

func (s Scope) String() string {
	switch s {
	case ScopeGlobal:
		return "global"
	case ScopeLink:
		return "link"
	case ScopeHost:
		return "host"
	}
	return fmt.Sprintf("scope %d", uint8(s))
}

// A Route sends packets to a destination out of an interface. Of several to one
// destination the first counts. Those by an interface that is down do not exist
// (fib_sync_down_dev).
type Route struct {
	Destination netip.Prefix // 0.0.0.0/0 is the default route
	Dev         string
	Via         netip.Addr // the gateway; invalid: the destination is on the link
	Rank        int        // as that of an address
	Local       bool       // a route of type local: the host has every address of it (AnyIP)

	// Further is set for all nexthops of a multipath route but the first. What
	// comes in by any of them is expected there (fib_info_nh_uses_dev); what
	// goes out takes one or the other (fib_select_path), and the model the first.
	Further bool
}

// Interface returns the interface of that name, or nil.
func (h *Host) Interface(name string) *Interface {
	if m := h.remembers(); m != nil {
		return m.names[name]
	}
	i := slices.IndexFunc(h.Interfaces, func(in Interface) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return &h.Interfaces[i]
}
