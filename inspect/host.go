package inspect

import (
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A Host is what decides how this host answers and sends ARP, in the terms of
// package kernel.
//
// Routes are those of the tables main and default; rules of `ip rule` are not
// followed. The subnet of a peer (`ip addr add ADDR peer PREFIX`) is one of them,
// so arp_ignore 2 and arp_announce 1 do not see it as one of the interface.
type Host struct {
	kernel.Host
	Default kernel.Settings // net.ipv4.conf.default: what new interfaces start with
	Links   map[string]Link // by the name of the interface
}

// A Link is what package kernel need not know of an interface.
type Link struct {
	MAC     evidence.MAC
	Kind    string // as for Segment
	Segment bool   // other hosts can be behind it now, and ARP with it
	Holder  bool   // it leads nowhere and is there to hold addresses: lo, dummy, a bridge without ports
}
