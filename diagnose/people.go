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

	sights map[view]*sight
	also   map[frameID][]view    // where else a frame was captured
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
		sights:  map[view]*sight{},
		also:    map[frameID][]view{},
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
			p.sees(viewOf(&rec), w)
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
			if rec.IsProbe() && rec.Dst.IsGroup() && !p.isVIP[rec.TargetIP] && !named[rec.TargetIP] {
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
