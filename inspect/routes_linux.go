package inspect

import (
	"cmp"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/kernel"
)

// readRoutes lists the routes that addresses do not bring along, the preferred
// ones first, and ranks those that they do. The names of the interfaces are by
// their numbers.
func (h *Host) readRoutes(names map[int]string) error {
	first := map[netip.Addr]int{} // the type of the first route to a single address in the table local
	found, err := listRoutes(func(r *netlink.Route) bool {
		if to := destination(r); r.Table == unix.RT_TABLE_LOCAL && to.IsSingleIP() {
			if _, known := first[to.Addr()]; !known {
				first[to.Addr()] = r.Type
			}
		}
		switch r.Type {
		case unix.RTN_LOCAL: // those of addresses are the kernel's (fib_magic)
			return r.Protocol != unix.RTPROT_KERNEL && (r.Table == unix.RT_TABLE_LOCAL || usual(r))
		case unix.RTN_UNICAST:
			return usual(r) || h.Rules
		}
		return false
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b netlink.Route) int { return cmp.Compare(a.Priority, b.Priority) })
	for rank, r := range found {
		if r.Type == unix.RTN_UNICAST && usual(&r) && h.brings(names[r.LinkIndex], &r, rank) {
			continue
		}
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
			made := kernel.Route{Destination: destination(&r), Dev: names[hop.LinkIndex], Via: via, Further: further,
				Rank: rank, Local: r.Type == unix.RTN_LOCAL}
			if further = true; made.Local || usual(&r) {
				h.Routes = append(h.Routes, made)
			} else {
				h.Elsewhere = append(h.Elsewhere, made)
			}
		}
	}
	for i := range h.Interfaces {
		for j := range h.Interfaces[i].Addresses {
			a := &h.Interfaces[i].Addresses[j]
			kind, known := first[a.Addr()]
			a.Shadowed = known && kind == unix.RTN_BROADCAST
		}
	}
	return nil
}

// usual reports whether a route is in a table that is asked without a rule of
// somebody's.
func usual(r *netlink.Route) bool {
	return r.Table == unix.RT_TABLE_MAIN || r.Table == unix.RT_TABLE_DEFAULT
}

// brings reports whether the route is one that the model knows of, because an
// address brings it along (fib_add_ifaddr), and gives that address its rank. Who
// sets IFA_F_NOPREFIXROUTE, as NetworkManager does, makes such routes himself.
func (h *Host) brings(dev string, r *netlink.Route, rank int) (found bool) {
	in := h.Interface(dev)
	if in == nil || r.Protocol != unix.RTPROT_KERNEL {
		return false
	}
	for i := range in.Addresses {
		if a := &in.Addresses[i]; !a.NoPrefixRoute && a.Subnet().Masked() == destination(r) {
			if !found { // who has two metrics for one subnet has two addresses for it
				a.Rank = rank
			}
			found = true
		}
	}
	return found
}

func destination(r *netlink.Route) netip.Prefix {
	if p := prefixOf(r.Dst); p.IsValid() {
		return p
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// prefixOf is invalid for nil.
func prefixOf(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	addr, _ := netip.AddrFromSlice(n.IP.To4())
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr, bits)
}

// readRules notes whether anybody has changed the rules that every host starts
// with (fib_default_rules_init): all packets to the tables local, main, default.
func (h *Host) readRules() error {
	rules, err := whole(func() ([]netlink.Rule, error) { return netlink.RuleList(netlink.FAMILY_V4) })
	if err != nil {
		return err
	}
	usual := map[int]int{0: unix.RT_TABLE_LOCAL, 32766: unix.RT_TABLE_MAIN, 32767: unix.RT_TABLE_DEFAULT}
	for _, r := range rules {
		plain := r.Src == nil && r.Dst == nil && r.IifName == "" && r.OifName == "" && r.Mark == 0 && !r.Invert &&
			r.Dport == nil && r.Sport == nil && r.IPProto == 0 && r.Tos == 0 && r.UIDRange == nil
		if table, known := usual[max(r.Priority, 0)]; !known || table != r.Table || !plain {
			h.Rules = true
		}
	}
	h.Rules = h.Rules || len(rules) != len(usual)
	return nil
}
