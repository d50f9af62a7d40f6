package inspect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

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
	// /proc/sys/net shows the namespace of the thread that opens it. The name
	// goes into a path, where a dot (eth1.10) needs no care.
	text, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + attrs.Name + "/forwarding")
	if err != nil {
		return Segment{}, fmt.Errorf("reading whether this host forwards: %w", err)
	}
	s.Forwards = strings.TrimSpace(string(text)) != "0"
	return s, nil
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
	if links, lerr := netlink.LinkList(); lerr == nil || errors.Is(lerr, netlink.ErrDumpInterrupted) {
		for _, l := range links {
			if a := l.Attrs(); a.Flags&net.FlagLoopback == 0 {
				names = append(names, a.Name)
			}
		}
	}
	if len(names) == 0 {
		return withHint(err, "there is no interface here but the loopback one")
	}
	return withHint(err, "interfaces here: %s", some(names))
}

// readAddresses fills in the addresses of the interface and of the whole host.
func (s *Segment) readAddresses() error {
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err := complete(err); err != nil {
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

// readGateways fills in the routers that routes by the interface go through.
func (s *Segment) readGateways() error {
	seen := make(map[netip.Addr]bool)
	add := func(ip net.IP) {
		if gw, ok := netip.AddrFromSlice(ip.To4()); ok && !gw.IsUnspecified() && !seen[gw] {
			seen[gw] = true
			s.Gateways = append(s.Gateways, gw)
		}
	}
	n := 0
	all := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
	err := netlink.RouteListFilteredIter(netlink.FAMILY_V4, all, netlink.RT_FILTER_TABLE, func(r netlink.Route) bool {
		if r.LinkIndex == s.Interface.Index {
			add(r.Gw)
		}
		for _, hop := range r.MultiPath {
			if hop.LinkIndex == s.Interface.Index {
				add(hop.Gw)
			}
		}
		n++
		return n < mostRoutes
	})
	return complete(err)
}

// readNeighbours fills in what the neighbour table has for the interface.
func (s *Segment) readNeighbours() error {
	const valid = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT
	neighs, err := netlink.NeighList(s.Interface.Index, netlink.FAMILY_V4)
	if err := complete(err); err != nil {
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

// complete forgives that a table changed while the kernel listed it: what was
// read is as good as it gets on a busy host.
func complete(err error) error {
	if errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil
	}
	return err
}
