package inspect

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/kernel"
)

// readRoutes lists the routes that addresses do not bring along, the preferred
// ones first. The names of the interfaces are by their numbers.
func (h *Host) readRoutes(names map[int]string) (all []kernel.Route, err error) {
	found, err := listRoutes(func(r *netlink.Route) bool {
		table := r.Table == unix.RT_TABLE_MAIN || r.Table == unix.RT_TABLE_DEFAULT
		return table && r.Type == unix.RTN_UNICAST && !h.brings(names[r.LinkIndex], r)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b netlink.Route) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, r := range found {
		hops := r.MultiPath
		if len(hops) == 0 {
			hops = []*netlink.NexthopInfo{{LinkIndex: r.LinkIndex, Gw: r.Gw, Flags: r.Flags}}
		}
		further := false
		for _, hop := range hops {
			if names[hop.LinkIndex] == "" || hop.Flags&unix.RTNH_F_DEAD != 0 { // its interface is down
				continue
			}
			via, _ := netip.AddrFromSlice(hop.Gw.To4()) // invalid without a gateway
			all = append(all, kernel.Route{Destination: destination(&r), Dev: names[hop.LinkIndex], Via: via, Further: further})
			further = true
		}
	}
	return all, nil
}

// brings reports whether the route is one that the model knows of, because an
// address brings it along (fib_add_ifaddr). The kernel makes others as well: to
// the subnet of a peer. And who sets IFA_F_NOPREFIXROUTE, as NetworkManager does,
// makes them himself.
func (h *Host) brings(dev string, r *netlink.Route) bool {
	in := h.Interface(dev)
	return in != nil && r.Protocol == unix.RTPROT_KERNEL && slices.ContainsFunc(in.Addresses, func(a kernel.Address) bool {
		return !a.NoPrefixRoute && a.Masked() == destination(r)
	})
}

func destination(r *netlink.Route) netip.Prefix {
	if r.Dst == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	addr, _ := netip.AddrFromSlice(r.Dst.IP.To4())
	bits, _ := r.Dst.Mask.Size()
	return netip.PrefixFrom(addr, bits)
}
