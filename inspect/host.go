package inspect

import (
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A Host is what decides how this host answers and sends ARP, in the terms of
// package kernel.
//
// Routes are those of the tables main and default. Rules of `ip rule` are not
// followed: Rules says that there are some, and Elsewhere holds the routes of the
// tables that only they lead to.
type Host struct {
	kernel.Host
	Default kernel.Settings // net.ipv4.conf.default: what new interfaces start with
	Links   map[string]Link // by the name of the interface

	Rules     bool           // `ip rule` has other rules than the three that every host starts with
	Elsewhere []kernel.Route // of other tables
	Filters   []string       // what may drop ARP: chains of nftables with rules, tables of arptables
	Hidden    bool           // nftables may have more of them, which only CAP_NET_ADMIN shows
}

// A Link is what package kernel need not know of an interface.
type Link struct {
	MAC     evidence.MAC
	Kind    string // as for Segment
	Master  string // the bridge, bond or VRF that it belongs to; empty: none
	Segment bool   // other hosts can be behind it now, and ARP with it
	Holder  bool   // it leads nowhere and is there to hold addresses: lo, dummy, a bridge without ports
}
