package probe

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// unused keeps the addresses that nobody has: candidates, tested with ARP
// probes, handed out once each. A host that has learnt one would not ask for
// it again, so no address serves twice.
type unused struct {
	candidates []netip.Addr
	taken      map[netip.Addr]evidence.MAC   // candidates that somebody answered for: the last who did
	claimed    map[evidence.MAC][]netip.Addr // which ones, of each that did
	next       int
	why        string // why there are no candidates
}

// Most addresses that are tried in one run: two for each VIP, and some to spare.
const (
	candidatesPerVIP = 2
	candidatesSpare  = 4
	candidatesLong   = 8
	candidatesMost   = 512
)

// findCandidates picks addresses of the interface's own subnet that may be
// unused: never its network, broadcast, own or gateway address, nor any that
// is known to be in use.
func findCandidates(cfg Config) unused {
	u := unused{taken: map[netip.Addr]evidence.MAC{}, claimed: map[evidence.MAC][]netip.Addr{}}
	if cfg.ProbeSource.IsValid() {
		u.candidates = append(u.candidates, cfg.ProbeSource)
	}
	switch {
	case cfg.NoAnnounceTest:
		u.candidates = nil
		return u
	case !cfg.Addr.IsValid():
		u.why = "the interface has no IPv4 address, so there is no subnet to take an unused address from"
		return u
	case cfg.Prefix.Bits() > 30:
		u.why = fmt.Sprintf("the subnet %s of the interface has no address to spare", cfg.Prefix.Masked())
		return u
	}

	avoid := map[netip.Addr]bool{cfg.Addr: true, cfg.ProbeSource: true}
	for _, a := range slices.Concat(cfg.VIPs, cfg.Avoid) {
		avoid[a] = true
	}
	for a := range cfg.Neighbours {
		avoid[a] = true
	}
	for _, h := range append([]evidence.Host{cfg.Director}, cfg.RealServers...) {
		avoid[h.IP] = true
	}
	// In a long run more may be to be mended.
	want := min(candidatesPerVIP*len(cfg.VIPs)+candidatesSpare+min(cfg.Count/10, candidatesLong), candidatesMost)
	first := toUint32(cfg.Prefix.Masked().Addr())
	size := uint32(1) << (32 - cfg.Prefix.Bits())
	// Hosts often have addresses in a row, so no two of these may depend on
	// each other: then all could be in use where one is.
	add := func(host uint32) {
		if a := fromUint32(first + host); host != 0 && host != size-1 && !avoid[a] && len(u.candidates) < want {
			u.candidates = append(u.candidates, a)
			avoid[a] = true
		}
	}
	if size <= 1<<12 {
		for _, host := range cfg.Rand.Perm(int(size)) {
			add(uint32(host))
		}
	}
	for range 4 * want { // of a large subnet, where a list would be long
		add(cfg.Rand.Uint32N(size))
	}
	if len(u.candidates) == 0 {
		u.why = fmt.Sprintf("every address of the subnet %s is known to be in use", cfg.Prefix.Masked())
	}
	return u
}

// seen notes that somebody has, or wants, an address that was thought unused.
func (u *unused) seen(rec evidence.Record) {
	if rec.Sent || !rec.IsARP() {
		return
	}
	addr := rec.SenderIP
	if rec.IsProbe() {
		addr = rec.TargetIP // somebody else is about to take it (RFC 5227, section 2.1.1)
	}
	if !slices.Contains(u.candidates, addr) {
		return
	}
	u.taken[addr] = rec.SenderMAC
	if of := u.claimed[rec.SenderMAC]; !slices.Contains(of, addr) && (of != nil || len(u.claimed) < mostSightings) {
		u.claimed[rec.SenderMAC] = append(of, addr)
	}
}

// owned reports whether a candidate turned out to be somebody's: a host that
// answered for this one and for no other.
func (u *unused) owned(addr netip.Addr) bool {
	for _, of := range u.claimed {
		if len(of) == 1 && of[0] == addr {
			return true
		}
	}
	return false
}

// spare hands out an address as take does, but leaves as many as reserve: what
// is only good to know must not use up what may be needed to undo harm.
func (u *unused) spare(reserve int) (netip.Addr, bool) {
	free := 0
	for _, addr := range u.candidates[u.next:] {
		if _, ok := u.taken[addr]; !ok {
			free++
		}
	}
	if free <= reserve {
		return netip.Addr{}, false
	}
	return u.take()
}

// take hands out the next address that nobody has.
func (u *unused) take() (netip.Addr, bool) {
	for u.next < len(u.candidates) {
		addr := u.candidates[u.next]
		u.next++
		if _, ok := u.taken[addr]; !ok {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// shortage says why there is no unused address left; empty if there is one.
func (u *unused) shortage() string {
	free := 0
	for _, a := range u.candidates {
		if _, ok := u.taken[a]; !ok {
			free++
		}
	}
	switch {
	case len(u.candidates) == 0:
		return u.why
	case free == 0 && len(u.candidates) == 1:
		return fmt.Sprintf("%s is in use: %s answered for it", u.candidates[0], u.taken[u.candidates[0]])
	case free == 0:
		macs := map[evidence.MAC]bool{}
		for _, m := range u.taken {
			macs[m] = true
		}
		if len(macs) == 1 {
			return fmt.Sprintf("%s answered for each of the %d addresses that were tried", u.taken[u.candidates[0]], len(u.candidates))
		}
		return fmt.Sprintf("each of the %d addresses that were tried is in use", len(u.candidates))
	case u.next >= len(u.candidates):
		return fmt.Sprintf("all %d unused addresses that were found have been used up", free)
	}
	return ""
}

// lastAddr is the broadcast address of a prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	return fromUint32(toUint32(p.Masked().Addr()) | uint32(uint64(1)<<(32-p.Bits())-1))
}

func toUint32(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func fromUint32(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// farSenders are addresses for documentation (RFC 5737), which no host has.
var farSenders = []netip.Addr{
	netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("192.0.2.7"),
}

// farSender returns a sender that is off the subnet of the interface.
func (c *Config) farSender() netip.Addr {
	i := slices.IndexFunc(farSenders, func(a netip.Addr) bool { return !c.Prefix.Contains(a) })
	return farSenders[max(i, 0)]
}
