package kernel

import "net/netip"

// Gratuitous returns the addresses that the host announces unasked, by
// gratuitous ARP, when an interface comes up or gets another MAC address: with
// arp_notify, each of that very interface (inetdev_event,
// inetdev_send_gratuitous_arp). What is on lo is never among them.
//
// A bond does the same when another of its ports takes over
// (NETDEV_NOTIFY_PEERS), with arp_notify or without.
func (h *Host) Gratuitous(name string) (all []netip.Addr) {
	in := h.Interface(name)
	if in == nil || in.NoARP || in.Loopback || !h.effective(in).ARPNotify {
		return nil
	}
	for _, a := range in.Addresses {
		all = append(all, a.Addr())
	}
	return all
}
