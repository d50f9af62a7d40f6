package scenarios

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// SetNeighbour puts an entry into the host's neighbour cache as if it had been
// learned just now. It is not permanent: ARP can move it, once it is older
// than locktime (1 s).
func (h *Host) SetNeighbour(dev string, ip netip.Addr, mac evidence.MAC) error {
	return h.onLink(dev, "set neighbour "+ip.String(), func(nl *netlink.Handle, link netlink.Link) error {
		return nl.NeighSet(&netlink.Neigh{
			LinkIndex:    link.Attrs().Index,
			Family:       unix.AF_INET,
			State:        netlink.NUD_REACHABLE,
			IP:           ip.AsSlice(),
			HardwareAddr: mac[:],
		})
	})
}

// Neighbour looks an address up in the host's neighbour cache. ok says whether
// a MAC address is known for it; an entry that failed or is not resolved yet
// has none.
func (h *Host) Neighbour(dev string, ip netip.Addr) (mac evidence.MAC, ok bool, err error) {
	err = h.onLink(dev, "list neighbours", func(nl *netlink.Handle, link netlink.Link) error {
		all, err := nl.NeighList(link.Attrs().Index, unix.AF_INET)
		if err != nil {
			return err
		}
		for _, n := range all {
			got, _ := netip.AddrFromSlice(n.IP)
			const unresolved = netlink.NUD_INCOMPLETE | netlink.NUD_FAILED
			if got.Unmap() == ip && n.State&unresolved == 0 && len(n.HardwareAddr) == len(mac) {
				mac, ok = evidence.MAC(n.HardwareAddr), true
			}
		}
		return nil
	})
	return mac, ok, err
}

// FlushNeighbours empties the neighbour cache of an interface, less what is
// permanent, as `ip neigh flush` does.
func (h *Host) FlushNeighbours(dev string) error {
	return h.onLink(dev, "flush neighbours", func(nl *netlink.Handle, link netlink.Link) error {
		all, err := nl.NeighList(link.Attrs().Index, unix.AF_INET)
		if err != nil {
			return err
		}
		for _, n := range all {
			if n.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
				continue
			}
			// ENOENT: it went by itself in between.
			if err := nl.NeighDel(&n); err != nil && err != unix.ENOENT {
				return err
			}
		}
		return nil
	})
}
