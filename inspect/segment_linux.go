package inspect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// ReadSegment reads what the kernel knows about the segment behind an
// interface, in the namespace that it is called in. An interface that cannot
// carry ARP frames now is an error that says why; one without an address is
// not.
func ReadSegment(name string) (Segment, error) {
	link, err := netlink.LinkByName(name)
	if err != nil {
		// ERANGE: longer than any name can be.
		if _, ok := errors.AsType[netlink.LinkNotFoundError](err); ok || errors.Is(err, unix.ERANGE) {
			return Segment{}, noSuchInterface(name)
		}
		return Segment{}, fmt.Errorf("looking up interface %s: %w", name, err)
	}
	attrs := link.Attrs()
	if err := usable(attrs); err != nil {
		return Segment{}, err
	}
	s := Segment{
		// Not net.InterfaceByName: it does not know alternative names.
		Interface: &net.Interface{
			Index: attrs.Index, MTU: attrs.MTU, Name: attrs.Name,
			HardwareAddr: attrs.HardwareAddr, Flags: attrs.Flags,
		},
		MAC:  evidence.MAC(attrs.HardwareAddr),
		Kind: link.Type(),
	}
	if attrs.MasterIndex != 0 {
		if master, err := netlink.LinkByIndex(attrs.MasterIndex); err == nil {
			s.Master = master.Attrs().Name
		}
	}
	if err := s.readAddresses(); err != nil {
		return Segment{}, fmt.Errorf("reading the addresses of this host: %w", err)
	}
	if err := s.readGateways(); err != nil {
		return Segment{}, fmt.Errorf("reading the routes of this host: %w", err)
	}
	if err := s.readNeighbours(); err != nil {
		return Segment{}, fmt.Errorf("reading the neighbour table of %s: %w", attrs.Name, err)
	}
	forwarding, err := readNumber("conf/" + attrs.Name + "/forwarding")
	s.Forwards = forwarding != 0
	return s, err
}

// usable says why an interface cannot carry ARP, if it can't.
func usable(a *netlink.LinkAttrs) error {
	switch {
	case a.Flags&net.FlagLoopback != 0:
		return withHint(fmt.Errorf("%s is the loopback interface: no other host is on it", a.Name),
			"-i names the interface on the segment of the VIP")
	case a.EncapType != "ether" || len(a.HardwareAddr) != 6:
		return withHint(fmt.Errorf("%s is not an Ethernet interface but of type %s: there is no ARP on it", a.Name, a.EncapType),
			"-i names the interface on the segment of the VIP")
	case a.Flags&net.FlagUp == 0:
		return withHint(fmt.Errorf("%s is down", a.Name), "ip link set dev %s up", a.Name)
	case a.RawFlags&unix.IFF_NOARP != 0:
		return withHint(fmt.Errorf("ARP is turned off on %s (NOARP)", a.Name), "ip link set dev %s arp on", a.Name)
	case a.RawFlags&unix.IFF_LOWER_UP == 0:
		return withHint(fmt.Errorf("%s has no carrier: nothing is connected to it", a.Name),
			"look at the cable, the switch port, or the other end: ip -details link show dev %s", a.Name)
	}
	return nil
}

// noSuchInterface names those that exist instead.
func noSuchInterface(name string) error {
	err := fmt.Errorf("no such interface: %s", name)
	var names []string
	links, _ := whole(netlink.LinkList)
	for _, l := range links {
		if a := l.Attrs(); a.Flags&net.FlagLoopback == 0 {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return withHint(err, "there is no interface here but the loopback one")
	}
	return withHint(err, "interfaces here: %s", some(names))
}

// readAddresses fills in the addresses of the interface and of the whole host.
func (s *Segment) readAddresses() error {
	addrs, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return err
	}
	for _, a := range addrs {
		addr, ok := netip.AddrFromSlice(a.IP.To4())
		if !ok {
			continue
		}
		s.Local = append(s.Local, addr)
		if a.LinkIndex == s.Interface.Index {
			// With a peer address the mask is the peer's, and netlink
			// gives 32 for our own.
			bits, _ := a.Mask.Size()
			s.Addresses = append(s.Addresses, netip.PrefixFrom(addr, bits))
		}
	}
	return nil
}

// mostRoutes bounds what a router with the routes of the whole Internet costs
// us. A gateway that is missed so answers for itself when it is probed.
const mostRoutes = 5000

// listRoutes lists the first routes of all tables that count.
func listRoutes(counts func(*netlink.Route) bool) ([]netlink.Route, error) {
	return whole(func() (all []netlink.Route, err error) {
		filter := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
		err = netlink.RouteListFilteredIter(netlink.FAMILY_V4, filter, netlink.RT_FILTER_TABLE, func(r netlink.Route) bool {
			if counts(&r) {
				all = append(all, r)
			}
			return len(all) < mostRoutes
		})
		return all, err
	})
}

// readGateways fills in the routers that routes by the interface go through.
func (s *Segment) readGateways() error {
	seen := make(map[netip.Addr]bool)
	add := func(ip net.IP) {
		if gw, ok := netip.AddrFromSlice(ip.To4()); ok && !gw.IsUnspecified() && !seen[gw] {
			seen[gw] = true
			s.Gateways = append(s.Gateways, gw)
		}
	}
	routes, err := listRoutes(func(*netlink.Route) bool { return true })
	for _, r := range routes {
		if r.LinkIndex == s.Interface.Index {
			add(r.Gw)
		}
		for _, hop := range r.MultiPath {
			if hop.LinkIndex == s.Interface.Index {
				add(hop.Gw)
			}
		}
	}
	return err
}

// readNeighbours fills in what the neighbour table has for the interface.
func (s *Segment) readNeighbours() error {
	const valid = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT
	neighs, err := whole(func() ([]netlink.Neigh, error) { return netlink.NeighList(s.Interface.Index, netlink.FAMILY_V4) })
	if err != nil {
		return err
	}
	s.Neighbours = make(map[netip.Addr]evidence.MAC)
	for _, n := range neighs {
		addr, ok := netip.AddrFromSlice(n.IP.To4())
		if !ok || n.State&valid == 0 || len(n.HardwareAddr) != 6 {
			continue
		}
		if mac := evidence.MAC(n.HardwareAddr); !mac.IsZero() && !mac.IsGroup() {
			s.Neighbours[addr] = mac
		}
	}
	return nil
}

// whole lists a table again that changed while the kernel listed it, for then
// something may be missing (NLM_F_DUMP_INTR). Where it never holds still, the
// last list has to do.
func whole[T any](list func() ([]T, error)) (all []T, err error) {
	for range 10 {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return all, err
		}
	}
	return all, nil
}
