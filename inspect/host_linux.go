package inspect

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// ReadHost reads the settings of this host, in the namespace that it is called
// in. It takes no privilege.
func ReadHost() (Host, error) {
	h := Host{Links: map[string]Link{}}
	links, err := whole(netlink.LinkList)
	if err != nil {
		return h, fmt.Errorf("listing the interfaces of this host: %w", err)
	}
	// The kernel walks its interfaces in the order of their numbers.
	slices.SortFunc(links, func(a, b netlink.Link) int { return cmp.Compare(a.Attrs().Index, b.Attrs().Index) })
	addrs, err := readAddresses()
	if err != nil {
		return h, fmt.Errorf("reading the addresses of this host: %w", err)
	}
	if err := h.readGlobals(); err != nil {
		return h, err
	}
	names := map[int]string{}
	for _, link := range links {
		attrs := link.Attrs()
		in := kernel.Interface{
			Name:      attrs.Name,
			Loopback:  attrs.Flags&net.FlagLoopback != 0,
			NoARP:     attrs.RawFlags&unix.IFF_NOARP != 0,
			Down:      attrs.Flags&net.FlagUp == 0,
			Addresses: addrs[attrs.Index],
		}
		if in.Settings, err = readSettings(attrs.Name); err != nil {
			// Interfaces come and go, and some have no IPv4 at all: an MTU
			// below 68 is enough (inetdev_event).
			if _, gone := netlink.LinkByIndex(attrs.Index); gone != nil || errors.Is(err, errNoIPv4) {
				continue
			}
			return h, err
		}
		h.Links[attrs.Name] = describe(link, links)
		if in.Proxied, err = readProxied(attrs.Index); err != nil {
			return h, fmt.Errorf("reading the proxy entries of %s: %w", attrs.Name, err)
		}
		h.Interfaces = append(h.Interfaces, in)
		names[attrs.Index] = attrs.Name
	}
	if err = h.readRules(); err != nil {
		return h, fmt.Errorf("reading the rules of ip rule: %w", err)
	}
	if err = h.readRoutes(names); err != nil {
		return h, fmt.Errorf("reading the routes of this host: %w", err)
	}
	h.Filters, h.Hidden = readFilters()
	return h, nil
}

// describe tells what an interface is good for.
func describe(link netlink.Link, all []netlink.Link) Link {
	a := link.Attrs()
	l := Link{Kind: link.Type()}
	ethernet := a.EncapType == "ether" && len(a.HardwareAddr) == 6
	if ethernet {
		l.MAC = evidence.MAC(a.HardwareAddr)
	}
	if i := slices.IndexFunc(all, func(m netlink.Link) bool { return a.MasterIndex != 0 && m.Attrs().Index == a.MasterIndex }); i >= 0 {
		l.Master = all[i].Attrs().Name
	}
	ports := slices.ContainsFunc(all, func(p netlink.Link) bool { return p.Attrs().MasterIndex == a.Index })
	l.Holder = a.Flags&net.FlagLoopback != 0 || l.Kind == "dummy" || l.Kind == "bridge" && !ports

	// What arrives on the port of a bridge or bond is the master's business;
	// only a VRF leaves ARP to its ports.
	port := a.MasterIndex != 0 && !slices.ContainsFunc(all, func(m netlink.Link) bool {
		return m.Attrs().Index == a.MasterIndex && m.Type() == "vrf"
	})
	l.Segment = ethernet && a.Flags&net.FlagUp != 0 && !l.Holder && !port && l.Kind != "vrf" && l.Kind != "ifb"
	return l
}

// readAddresses lists the addresses by the number of their interface, in the
// kernel's order.
func readAddresses() (map[int][]kernel.Address, error) {
	list, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	all := map[int][]kernel.Address{}
	for _, a := range list {
		addr, ok := netip.AddrFromSlice(a.IP.To4())
		if !ok {
			continue
		}
		bits, _ := a.Mask.Size()
		scope := kernel.ScopeGlobal // and RT_SCOPE_SITE, which is as wide here
		switch a.Scope {
		case unix.RT_SCOPE_LINK:
			scope = kernel.ScopeLink
		case unix.RT_SCOPE_HOST:
			scope = kernel.ScopeHost
		}
		made := kernel.Address{
			Prefix: netip.PrefixFrom(addr, bits), Scope: scope,
			Secondary:     a.Flags&unix.IFA_F_SECONDARY != 0,
			NoPrefixRoute: a.Flags&unix.IFA_F_NOPREFIXROUTE != 0,
		}
		if peer := prefixOf(a.Peer); peer.IsValid() && peer.Addr() != addr {
			made.Peer = peer
		}
		all[a.LinkIndex] = append(all[a.LinkIndex], made)
	}
	return all, nil
}

// readProxied lists the entries of `ip neigh add proxy`.
func readProxied(index int) (all []netip.Addr, err error) {
	entries, err := whole(func() ([]netlink.Neigh, error) { return netlink.NeighProxyList(index, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	for _, n := range entries {
		// The kernel lists those of every interface, whichever is asked for.
		if addr, ok := netip.AddrFromSlice(n.IP.To4()); ok && n.LinkIndex == index {
			all = append(all, addr)
		}
	}
	return all, nil
}
