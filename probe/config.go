package probe

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Config says what to ask, of whom, and how fast.
type Config struct {
	VIPs []netip.Addr // at least one IPv4 address

	MAC      evidence.MAC // of the interface
	Addr     netip.Addr   // own address on the interface; invalid: it has none
	Prefix   netip.Prefix // the subnet of Addr
	Forwards bool         // this host forwards IPv4 (net.ipv4.ip_forward): its kernel must not get our echo replies
	Avoid    []netip.Addr // addresses in use: gateways, this host's own; never taken as unused ones

	// Neighbours is the neighbour table of the interface; it may be nil.
	Neighbours map[netip.Addr]evidence.MAC

	Director    evidence.Host   // who should own the VIPs; zero: not named
	RealServers []evidence.Host // named hosts: each is asked alone as well

	ProbeSource    netip.Addr    // the unused address of the announce test; invalid: found by ARP probes (RFC 5227)
	NoAnnounceTest bool          // send nothing that could make another host send an ARP request
	Port           uint16        // a TCP service port of the VIPs; 0: none
	Count          int           // who-has frames per VIP; 0: 3
	Wait           time.Duration // how long to listen after the last who-has; 0: one second
	Rate           int           // most frames per second; 0: 1000

	// Owners tells from what was seen so far which host should own the VIP, by
	// the MAC address of each of its interfaces: it is the one that can undo
	// harm. Nil, or none returned: nobody knows.
	Owners func(*evidence.Log, netip.Addr) []evidence.MAC

	// Next tells from what was seen so far what else to ask about a VIP, to
	// tell apart what is still possible. Nil: nothing.
	Next func(*evidence.Log, netip.Addr) []evidence.Question

	// Stop is asked after each frame that may prove a fault; true ends the
	// run (--fail-fast). It may be nil.
	Stop func(*evidence.Log) bool

	// Rand chooses among unused addresses and ports; nil: at random. Runs
	// with the same one may meet hosts that still know its addresses.
	Rand *rand.Rand
}

// Defaults of Config.
const (
	DefaultCount = 3
	DefaultWait  = time.Second
	DefaultRate  = 1000
	// interval is the time between two who-has frames for the same VIP.
	interval = 200 * time.Millisecond
)

// withDefaults checks what can be checked before any socket opens.
func (c Config) withDefaults() (Config, error) {
	if len(c.VIPs) == 0 {
		return c, fmt.Errorf("no VIP to ask for")
	}
	for _, vip := range c.VIPs {
		if !vip.Is4() {
			return c, fmt.Errorf("%s is not an IPv4 address", vip)
		}
	}
	for _, addr := range []netip.Addr{c.Addr, c.Director.IP, c.ProbeSource} {
		if addr.IsValid() && !addr.Is4() {
			return c, fmt.Errorf("%s is not an IPv4 address", addr)
		}
	}
	for _, h := range c.RealServers {
		if h.IP.IsValid() && !h.IP.Is4() {
			return c, fmt.Errorf("%s is not an IPv4 address", h.IP)
		}
	}
	if c.Addr.IsValid() && c.Prefix.Bits() < 1 {
		return c, fmt.Errorf("%s on %s is no subnet to ask in", c.Addr, c.Prefix)
	}
	if c.Count < 0 || c.Wait < 0 || c.Rate < 0 {
		return c, fmt.Errorf("a count, a time or a rate is below zero")
	}
	if c.Count == 0 {
		c.Count = DefaultCount
	}
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return c, nil
}
