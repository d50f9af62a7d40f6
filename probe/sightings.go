package probe

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// sightings is what was seen about one VIP: only what the next step needs.
type sightings struct {
	vip   netip.Addr
	hosts map[evidence.MAC]*sighting
	order []evidence.MAC // of hosts, as they were seen

	synRounds, syns  int // rounds of SYNs, and SYNs in all, that were sent
	pool, poolBefore int // hosts that answered a SYN, now and before the last round

	tested   bool   // an announce test was sent
	drawn    bool   // the announce test has made somebody ask
	shortage string // why an announce test was not sent; empty: it was

	mend  time.Time    // when to look into what has announced it; zero: nothing has
	mends []netip.Addr // unused addresses from which the director was last asked to mend it
}

// sighting is what one host was seen to do about a VIP.
type sighting struct {
	claims bool // answers who-has
	served bool // answered a SYN
}

// mostSightings bounds what is remembered of one VIP, whoever invents hosts.
const mostSightings = 4096

func (v *sightings) host(mac evidence.MAC) *sighting {
	s := v.hosts[mac]
	if s == nil {
		s = new(sighting)
		if len(v.order) < mostSightings {
			v.hosts[mac] = s
			v.order = append(v.order, mac)
		}
	}
	return s
}

// see takes a received record into account.
func (r *Run) see(rec evidence.Record) {
	r.unused.seen(rec)
	if rec.IsARP() && (rec.SenderMAC.IsZero() || rec.SenderMAC.IsGroup()) {
		return // such a host cannot be asked alone
	}
	if rec.IsARP() && !rec.IsProbe() && r.vips[rec.SenderIP] == nil && len(r.macs) < mostSightings {
		// What a host asks with is its own; what it answers for need not be.
		asks := rec.Kind == evidence.ARPRequest
		if _, known := r.rips[rec.SenderMAC]; asks || !known && r.cfg.Prefix.Contains(rec.SenderIP) && !slices.Contains(r.unused.candidates, rec.SenderIP) {
			r.rips[rec.SenderMAC] = rec.SenderIP
		}
		r.macs[rec.SenderIP] = rec.SenderMAC
	}
	if v := r.tested[rec.TargetIP]; v != nil && rec.Kind == evidence.ARPRequest && !rec.IsProbe() {
		v.host(rec.SenderMAC)
		v.drawn = true
	}
	v := r.vips[rec.SenderIP]
	if v == nil {
		return
	}
	switch rec.Kind {
	case evidence.ARPReply:
		v.host(rec.SenderMAC).claims = true
	case evidence.ARPRequest:
		v.host(rec.SenderMAC)
	case evidence.EchoReply:
		v.host(rec.Src)
	case evidence.TCPSynAck:
		if s := v.host(rec.Src); !s.served {
			s.served = true
			v.pool++
		}
	}
}

// targets are the hosts that are asked alone about a VIP: those that were
// named, and those that showed something.
func (r *Run) targets(v *sightings) []evidence.MAC {
	var all []evidence.MAC
	for _, h := range r.named() {
		if mac, ok := r.resolve(h); ok {
			all = append(all, mac)
		}
	}
	for _, mac := range v.order {
		if !slices.Contains(all, mac) && len(all) < mostTargets {
			all = append(all, mac)
		}
	}
	return all
}

// named returns the director, if it was named, and the real servers.
func (r *Run) named() []evidence.Host {
	if r.cfg.Director.IsZero() {
		return r.cfg.RealServers
	}
	return append([]evidence.Host{r.cfg.Director}, r.cfg.RealServers...)
}

// resolve finds the MAC address of a named host: from its name, its own ARP or
// the neighbour table.
func (r *Run) resolve(h evidence.Host) (evidence.MAC, bool) {
	if !h.MAC.IsZero() {
		return h.MAC, true
	}
	if mac, ok := r.macs[h.IP]; ok {
		return mac, true
	}
	mac, ok := r.cfg.Neighbours[h.IP]
	return mac, ok
}

// rip finds the own address of a host.
func (r *Run) rip(mac evidence.MAC) (netip.Addr, bool) {
	for _, h := range r.named() {
		if h.MAC == mac && h.IP.IsValid() {
			return h.IP, true
		}
	}
	if ip, ok := r.rips[mac]; ok {
		return ip, true
	}
	var found netip.Addr
	for ip, m := range r.cfg.Neighbours {
		if m == mac && r.vips[ip] == nil && (!found.IsValid() || ip.Less(found)) {
			found = ip
		}
	}
	return found, found.IsValid()
}
