package capture

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// Neighbour looks an address up in the neighbour table that this host has for
// the interface. ok says whether it has a MAC address there; it has none either
// where the table cannot be asked, as before Linux 5.0 (neigh_get). To look
// takes no privilege and changes nothing.
func (l *Live) Neighbour(addr netip.Addr) (mac evidence.MAC, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mac, err := l.health.neighbour(addr)
	return mac, err == nil
}

func (h *health) neighbour(addr netip.Addr) (mac evidence.MAC, err error) {
	if h.sock == nil {
		return mac, errors.ErrUnsupported
	}
	req := nl.NewNetlinkRequest(unix.RTM_GETNEIGH, 0)
	req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: h.sock}
	req.AddData(&netlink.Ndmsg{Family: unix.AF_INET, Index: uint32(h.index)})
	req.AddData(nl.NewRtAttr(unix.NDA_DST, addr.AsSlice()))
	replies, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH)
	if err != nil {
		return mac, err
	}
	if len(replies) != 1 {
		return mac, errors.New("no answer about the neighbour")
	}
	entry, err := netlink.NeighDeserialize(replies[0])
	const unresolved = netlink.NUD_INCOMPLETE | netlink.NUD_FAILED
	if err != nil || entry.State&unresolved != 0 || len(entry.HardwareAddr) != len(mac) {
		return mac, errors.New("no MAC address is known")
	}
	return evidence.MAC(entry.HardwareAddr), nil
}
