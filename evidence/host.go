package evidence

import "net/netip"

// A Host is how a host is named before anything was seen of it: by MAC
// address, by IP address, or by both.
type Host struct {
	MAC MAC        // zero: not known
	IP  netip.Addr // invalid: not known
}

// IsZero reports whether the host is not named at all.
func (h Host) IsZero() bool { return h.MAC.IsZero() && !h.IP.IsValid() }
