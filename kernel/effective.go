package kernel

import "net/netip"

// Effective gives the settings that are in force on an interface, those of
// "all" included. A value of arp_ignore or arp_announce that the kernel does
// not know is given as 0, which is what it does then (arp_ignore, arp_solicit).
// ok is false where there is no such interface.
func (h *Host) Effective(dev string) (s Settings, ok bool) {
	in := h.Interface(dev)
	if in == nil {
		return Settings{}, false
	}
	s = h.effective(in)
	if s.ARPIgnore > 3 && s.ARPIgnore != 8 {
		s.ARPIgnore = 0
	}
	if s.ARPAnnounce > 2 {
		s.ARPAnnounce = 0
	}
	return s, true
}

// Broadcast is the highest address of a prefix, which no host of a subnet of
// more than two addresses can have.
func Broadcast(p netip.Prefix) netip.Addr { return lastAddr(p) }
