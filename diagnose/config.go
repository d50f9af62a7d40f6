package diagnose

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Config says what was asked. The zero value of each field is useful, but for
// VIPs: no names, nothing skipped.
type Config struct {
	VIPs []netip.Addr // one result for each, in this order

	Director    evidence.Host   // who should own the VIPs; zero: to be found out
	RealServers []evidence.Host // each gets a verdict, even if it was never seen

	// Self is the host that the run was made from; zero for a file.
	Self Self

	// Neighbours is the neighbour table of the host that the run was made
	// from: it names hosts by RIP. It may be nil.
	Neighbours map[netip.Addr]evidence.MAC

	NoAnnounceTest bool          // the announce test was not wanted
	Wait           time.Duration // silence after a who-has counts after this; 0: one second
	Frames         bool          // list every frame in the result
}

// Self is the host that the run was made from.
type Self struct {
	Interface string
	NetNS     string
	MAC       evidence.MAC
	Addr      netip.Addr   // its own address on the segment; invalid: it has none
	Prefix    netip.Prefix // the subnet of Addr
	Local     []netip.Addr // every address of the host, on any interface
}
