package diagnose

import (
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

// whoIsWho learns the people from their own ARP, then from their names, then
// from the neighbour table.
func whoIsWho(log *evidence.Log, cfg *Config) *people {
	p := &people{
		ips:     map[evidence.MAC][]netip.Addr{},
		macs:    map[netip.Addr]evidence.MAC{},
		alive:   map[evidence.MAC]bool{},
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
		case rec.IsARP():
			p.alive[rec.SenderMAC] = true
		}
		p.alive[rec.Src] = true
		if !rec.IsARP() || rec.IsProbe() || p.isVIP[rec.SenderIP] || slices.Contains(further, rec.SenderIP) || rec.SenderIP == nowhere {
			continue
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
	for mac, recs := range found {
		if len(recs) > mostOwn {
			p.claimed[mac] = append(p.claimed[mac], recs...)
			continue
		}
		for _, rec := range recs {
			p.add(mac, rec.SenderIP)
		}
	}
	for mac, recs := range p.claimed {
		if len(p.grabbed(mac)) == 0 {
			p.add(mac, recs[0].SenderIP) // the address is in use after all
		}
	}
	for ip := range p.macs {
		delete(p.unused, ip)
	}
	for ip, mac := range cfg.Neighbours {
		if !p.isVIP[ip] && len(p.ips[mac]) == 0 {
			p.add(mac, ip)
		}
		if _, ok := p.macs[ip]; !ok {
			p.macs[ip] = mac
		}
	}
	return p
}

func (p *people) add(mac evidence.MAC, ip netip.Addr) {
	if !slices.Contains(p.ips[mac], ip) {
		p.ips[mac] = append(p.ips[mac], ip)
	}
	if _, ok := p.macs[ip]; !ok {
		p.macs[ip] = mac
	}
}

// find returns the MAC address of a named host; ok is false if nothing tells it.
func (p *people) find(h evidence.Host) (mac evidence.MAC, ok bool) {
	if !h.MAC.IsZero() {
		return h.MAC, true
	}
	mac, ok = p.macs[h.IP]
	return mac, ok
}

// call names a host for a reader.
func (p *people) call(mac evidence.MAC) string {
	if ips := p.ips[mac]; len(ips) > 0 {
		return ips[0].String()
	}
	return mac.String()
}

// shared returns an address that two MAC addresses both answer for: then they
// are two interfaces of one host, which Linux lets answer for each other (ARP
// flux), or of one bond.
func (p *people) shared(a, b evidence.MAC) (netip.Addr, bool) {
	for _, ip := range p.ips[a] {
		if slices.Contains(p.ips[b], ip) {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// grabbed returns the frames in which a host answered for addresses that
// nobody has. One such address may simply be in use, by this host; two that
// were picked at random are not.
func (p *people) grabbed(mac evidence.MAC) []evidence.Record {
	seen := map[netip.Addr]bool{}
	for _, rec := range p.claimed[mac] {
		seen[rec.SenderIP] = true
	}
	if len(seen) < 2 {
		return nil
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
