package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// find returns the MAC address of a named host; ok is false if nothing tells it,
// or if the host was named with a MAC address that is not the one it has.
func (p *people) find(h evidence.Host) (mac evidence.MAC, ok bool) {
	mac, known := p.macs[h.IP]
	switch {
	case h.MAC.IsZero():
		return mac, known
	case p.elsewhere(h):
		return evidence.MAC{}, false
	}
	return h.MAC, true
}

// elsewhere reports whether a host that was named with both its addresses was
// seen at another MAC address, and not at this one.
func (p *people) elsewhere(h evidence.Host) bool {
	return !h.MAC.IsZero() && h.IP.IsValid() && !p.alive[h.MAC] && slices.ContainsFunc(p.seenAt[h.IP], func(mac evidence.MAC) bool { return mac != h.MAC })
}

// call names a host for a reader: by an address that is its alone.
func (p *people) call(mac evidence.MAC) string {
	if ips := p.ips[mac]; len(ips) > 0 && p.holders[ips[0]] == 1 {
		return ips[0].String()
	}
	return mac.String()
}

// same reports whether two MAC addresses answer for the same addresses, each of
// them for all of both: two interfaces of one host, which Linux lets answer for
// each other (ARP flux), or a bond. Sharing one address is not enough: it may be
// a VIP that was not asked about, which many hosts hold.
func (p *people) same(a, b evidence.MAC) bool {
	x, y := p.ips[a], p.ips[b]
	if p.claims != nil { // whoever is claimed by both is nobody's name
		if x, y = p.claims[a], p.claims[b]; len(x) < 2 {
			return false
		}
	}
	return len(x) > 0 && len(x) == len(y) && !slices.ContainsFunc(x, func(ip netip.Addr) bool { return !slices.Contains(y, ip) })
}

// grabbed returns the frames in which a host answered for addresses that
// nobody has. A host may have some of those that were picked at random; who
// answers for each that no other host has, and for more than one, has not.
func (p *people) grabbed(mac evidence.MAC) []evidence.Record {
	answered := map[netip.Addr]bool{}
	for _, rec := range p.claimed[mac] {
		answered[rec.SenderIP] = true
	}
	if len(answered) < 2 {
		return nil
	}
	others := func(ip netip.Addr) bool {
		for other, recs := range p.claimed {
			if other != mac && slices.ContainsFunc(recs, func(rec evidence.Record) bool { return rec.SenderIP == ip }) {
				return true
			}
		}
		return false
	}
	for ip := range p.unused {
		if !answered[ip] && !others(ip) {
			return nil
		}
	}
	// What another host answers for as well may be that one's.
	alone := slices.DeleteFunc(slices.Clone(p.claimed[mac]), func(rec evidence.Record) bool { return others(rec.SenderIP) })
	if len(alone) > 0 {
		return alone
	}
	return p.claimed[mac]
}

// named returns every host that was named, the director first.
func (c *Config) named() []evidence.Host {
	if c.Director.IsZero() {
		return c.RealServers
	}
	return append([]evidence.Host{c.Director}, c.RealServers...)
}
