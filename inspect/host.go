package inspect

import (
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A Host is what decides how this host answers and sends ARP, in the terms of
// package kernel. Interfaces that are down have a Link but are not in
// kernel.Host, as the kernel takes their addresses for nobody's (fib_disable_ip).
//
// Routes are those of the tables main and default; rules of `ip rule` are not
// followed.
type Host struct {
	kernel.Host
	Default kernel.Settings // net.ipv4.conf.default: what new interfaces start with
	Links   map[string]Link // by the name of the interface
}

// A Link is what package kernel need not know of an interface.
type Link struct {
	MAC       evidence.MAC
	Kind      string // as for Segment
	Up        bool
	Segment   bool             // other hosts can be behind it, and ARP with it
	Holder    bool             // it leads nowhere and is there to hold addresses: lo, dummy, a bridge without ports
	Addresses []kernel.Address // also of an interface that is down
}
