package diagnose

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// people knows which addresses a MAC address stands for. It is the same for
// all VIPs of a run.
type people struct {
	ips   map[evidence.MAC][]netip.Addr // own addresses, the surest first
	macs  map[netip.Addr]evidence.MAC
	alive map[evidence.MAC]bool // sent something in this run

	holders map[netip.Addr]int // how many MAC addresses have an address

	seenAt map[netip.Addr][]evidence.MAC // as macs, from what was seen in this run alone

	ways   map[way]bool          // some frame went so
	hears  map[evidence.MAC]bool // some frame went to it alone
	speaks map[evidence.MAC]bool // was itself the Ethernet source of what it said

	disputed map[netip.Addr][]evidence.MAC // addresses with several claimants, by the list of claims

	claims map[evidence.MAC][]netip.Addr // by the list of claims; nil: there is none
	used   map[evidence.MAC]use          // what ARP of its own a host was seen to do, likewise
	crowds []crowd                       // hosts that answer for many

	asked bool // somebody called the addresses VIPs
	isVIP map[netip.Addr]bool
	sent  uint64 // frames that this run sent, for whichever VIP

	// unused are the addresses that this run found nobody at, or tried to:
	// the targets of its ARP probes other than VIPs. claimed says who
	// answered for which of them.
	unused    map[netip.Addr]bool
	claimed   map[evidence.MAC][]evidence.Record
	lastProbe evidence.Record // the last of those probes
}

// mostOwn is how many answers a search for the addresses of one host may draw
// before they are no longer taken for its own.
const mostOwn = 16

// mostNames is how many addresses of one host are remembered.
const mostNames = 64

// whoIsWho learns the people from their own ARP, then from their names, then
// from the neighbour table.
func whoIsWho(log *evidence.Log, cfg *Config) *people {
	p := &people{
		ips:     map[evidence.MAC][]netip.Addr{},
		macs:    map[netip.Addr]evidence.MAC{},
		alive:   map[evidence.MAC]bool{},
		holders: map[netip.Addr]int{},
		seenAt:  map[netip.Addr][]evidence.MAC{},
		ways:    map[way]bool{},
		hears:   map[evidence.MAC]bool{},
		speaks:  map[evidence.MAC]bool{},
		isVIP:   map[netip.Addr]bool{},
		unused:  map[netip.Addr]bool{},
		claimed: map[evidence.MAC][]evidence.Record{},
	}
	for _, vip := range cfg.VIPs {
		p.isVIP[vip] = true
	}
	if cfg.Self.Addr.IsValid() {
		p.add(cfg.Self.MAC, cfg.Self.Addr)
	}
	named := map[netip.Addr]bool{}
	for _, h := range cfg.named() {
		if h.IP.IsValid() {
			named[h.IP] = true
		}
		if h.IP.IsValid() && !h.MAC.IsZero() {
			p.add(h.MAC, h.IP)
		}
	}
	// asked are the addresses that a host was asked for alone, and answered:
	// its own, unless they are many (a proxy, or a wide mask).
	asked := map[evidence.MAC]map[netip.Addr]bool{}
	found := map[evidence.MAC][]evidence.Record{}
	var called []evidence.Record
	for _, rec := range log.Records {
		if w, ok := wayOf(rec); ok {
			p.ways[w], p.hears[w.to] = true, true
		}
		switch {
		case rec.Sent:
			p.sent++
			if rec.Kind == evidence.ARPRequest && !rec.Dst.IsGroup() {
				if asked[rec.Dst] == nil {
					asked[rec.Dst] = map[netip.Addr]bool{}
				}
				asked[rec.Dst][rec.TargetIP] = true
			}
			if rec.IsProbe() && !p.isVIP[rec.TargetIP] && !named[rec.TargetIP] {
				p.unused[rec.TargetIP] = true
				p.lastProbe = rec
			}
			continue
		case rec.IsARP() && (rec.Src == rec.SenderMAC || !cfg.Self.MAC.IsZero() || shared(rec.SenderMAC)):
			p.alive[rec.SenderMAC] = true
		}
		p.alive[rec.Src] = true
		if !rec.IsARP() || rec.Src == rec.SenderMAC {
			p.speaks[rec.Src] = true
		} else if cfg.Self.MAC.IsZero() {
			continue // in another's name
		}
		if !rec.IsARP() || rec.IsProbe() || p.isVIP[rec.SenderIP] || slices.Contains(further, rec.SenderIP) || rec.SenderIP == nowhere {
			continue
		}
		if named[rec.SenderIP] {
			p.seenAt[rec.SenderIP] = append(p.seenAt[rec.SenderIP], rec.SenderMAC)
		}
		switch {
		case p.unused[rec.SenderIP]:
			p.claimed[rec.SenderMAC] = append(p.claimed[rec.SenderMAC], rec)
		case rec.Kind == evidence.ARPRequest:
			p.add(rec.SenderMAC, rec.SenderIP) // what a host asks with is its own
		case named[rec.SenderIP]:
			// What it answers for may be another's, so that counts only where
			// a host was named so.
			called = append(called, rec)
		case asked[rec.SenderMAC][rec.SenderIP]:
			found[rec.SenderMAC] = append(found[rec.SenderMAC], rec)
		}
	}
	p.fromClaims(log, named)
	// Who answers for everything (a wide mask on lo) has a name only where
	// nobody else answers to it.
	for _, greedy := range []bool{false, true} {
		for _, rec := range called {
			_, taken := p.macs[rec.SenderIP]
			if greedy == (len(p.grabbed(rec.SenderMAC)) > 0) && !(greedy && taken) {
				p.add(rec.SenderMAC, rec.SenderIP)
			}
		}
	}
	for _, mac := range sorted(found) {
		recs := found[mac]
		if len(recs) > mostOwn {
			continue
		}
		for _, rec := range recs {
			p.add(mac, rec.SenderIP)
		}
	}
	for _, mac := range sorted(p.claimed) {
		recs := p.claimed[mac]
		if len(p.grabbed(mac)) > 0 {
			continue
		}
		for _, rec := range recs[:min(len(recs), mostOwn)] {
			p.add(mac, rec.SenderIP) // the address is in use after all
		}
	}
	for ip := range p.macs {
		delete(p.unused, ip)
	}
	for _, ip := range slices.SortedFunc(maps.Keys(cfg.Neighbours), netip.Addr.Compare) {
		mac := cfg.Neighbours[ip]
		if !p.isVIP[ip] && len(p.ips[mac]) == 0 {
			p.add(mac, ip)
		}
		if _, ok := p.macs[ip]; !ok {
			p.macs[ip] = mac
		}
	}
	// An address that several hosts have, such as another VIP, names none.
	for _, ips := range p.ips {
		for _, ip := range ips {
			p.holders[ip]++
		}
	}
	for _, ips := range p.ips {
		slices.SortStableFunc(ips, func(a, b netip.Addr) int { return p.holders[a] - p.holders[b] })
	}
	return p
}

// sorted lists the hosts of a map in a fixed order, so that the same log always
// gives the same names.
func sorted(m map[evidence.MAC][]evidence.Record) []evidence.MAC {
	return slices.SortedFunc(maps.Keys(m), func(a, b evidence.MAC) int { return slices.Compare(a[:], b[:]) })
}

func (p *people) add(mac evidence.MAC, ip netip.Addr) {
	if len(p.ips[mac]) < mostNames && !slices.Contains(p.ips[mac], ip) {
		p.ips[mac] = append(p.ips[mac], ip)
	}
	if _, ok := p.macs[ip]; !ok {
		p.macs[ip] = mac
	}
}

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
	for ip := range p.unused {
		if answered[ip] {
			continue
		}
		others := false
		for other, recs := range p.claimed {
			others = others || other != mac && slices.ContainsFunc(recs, func(rec evidence.Record) bool { return rec.SenderIP == ip })
		}
		if !others {
			return nil
		}
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
