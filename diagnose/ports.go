package diagnose

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// ports are MAC addresses of one interface, each with the one that stands for
// it. A bond of mode balance-alb or balance-tlb sends with those of all its
// ports, and balance-alb gives each client another one of them as its own
// (rlb_arp_xmit), but asks with that of the bond alone.
//
// Two interfaces on one segment are something else, for each has its own
// settings: see oneHost. So are two switches that are one router (MLAG): each has
// addresses of its own besides the common one, see cast.
type ports map[evidence.MAC]evidence.MAC

// portsOf finds the ports of bonds in the log of a run that has asked.
func portsOf(log *evidence.Log, cfg *Config) ports {
	if cfg.Self.MAC.IsZero() {
		return ports{} // nobody here has asked
	}
	return acquaint(log).ports(cfg)
}

// ports finds those of bonds. Two kinds are sure. The one answers a who-has that was
// sent to the other alone, which nobody passes on, and never do both answer one and the
// same (balance-alb). Or it answers echo requests that the other was sent alone, but is
// deaf to its own, and speaks no ARP at all (balance-tlb): so there is nothing that it
// could be accused of.
func (k *acquaintance) ports(cfg *Config) ports {
	p := ports{}
	found := map[evidence.MAC][]evidence.MAC{}
	add := func(a, b evidence.MAC) {
		port, one := a, b
		if k.compare(a, b) < 0 {
			port, one = b, a
		}
		named := func(h evidence.Host) bool { return h.MAC == port }
		if !couldBePort(port, one, cfg) || slices.ContainsFunc(cfg.RealServers, named) {
			return
		}
		if !slices.Contains(found[port], one) {
			found[port] = append(found[port], one)
		}
	}
	for from, to := range k.crossed {
		for asked := range to {
			if !(len(k.asks[from]) > 0 && len(k.asks[asked]) > 0) && !k.both(from, asked, cfg) && !k.differ(from, asked) {
				add(from, asked)
			}
		}
	}
	for from, to := range k.passed {
		for asked := range to {
			deaf := k.pinged[from] >= asksNeeded && k.ponged[from] == 0
			late := k.pinged[from] == 0 && !k.own[from] // seen at the end alone
			if from != asked && len(k.asks[from]) == 0 && k.replies[from] == 0 && (deaf || late) {
				add(from, asked)
			}
		}
	}
	count := map[evidence.MAC]int{}
	for _, macs := range found {
		count[macs[0]]++
	}
	for port, macs := range found {
		// Where several answer, each frame reaches all; and nobody has so many
		// ports, but whoever invents them.
		if len(macs) == 1 && len(found[macs[0]]) == 0 && count[macs[0]] <= mostPorts {
			p[port] = macs[0]
		}
	}
	return p
}

// mostPorts is how many ports an interface may have besides its own address.
const mostPorts = 8

// of returns the address that stands for another.
func (p ports) of(mac evidence.MAC) evidence.MAC {
	if one, ok := p[mac]; ok {
		return one
	}
	return mac
}

// others are the ports for which a MAC address stands, besides its own.
func (p ports) others(mac evidence.MAC) (all []evidence.MAC) {
	for port, one := range p {
		if one == mac {
			all = append(all, port)
		}
	}
	slices.SortFunc(all, func(a, b evidence.MAC) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// join returns the log and the configuration as they would be if each host
// used one MAC address alone.
func (p ports) join(log *evidence.Log, cfg *Config) (*evidence.Log, *Config) {
	if len(p) == 0 {
		return log, cfg
	}
	joined, as := *log, *cfg
	joined.Records = slices.Clone(log.Records)
	for i := range joined.Records {
		rec := &joined.Records[i]
		rec.Src, rec.Dst, rec.SenderMAC = p.of(rec.Src), p.of(rec.Dst), p.of(rec.SenderMAC)
	}
	as.Director.MAC = p.of(as.Director.MAC)
	as.RealServers = slices.Clone(cfg.RealServers)
	for i := range as.RealServers {
		as.RealServers[i].MAC = p.of(as.RealServers[i].MAC)
	}
	as.Neighbours = maps.Clone(cfg.Neighbours)
	for ip, mac := range as.Neighbours {
		as.Neighbours[ip] = p.of(mac)
	}
	return &joined, &as
}

// label names the ports of each host, and shows frames as they were on the
// wire.
func (p ports) label(r *Result, wire *evidence.Log) {
	if len(p) == 0 {
		return
	}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		switch h.OtherMACs = p.others(h.MAC); len(h.OtherMACs) {
		case 0:
		case 1:
			h.RoleReason += fmt.Sprintf("; %s is the same host (a bond, or MLAG)", h.OtherMACs[0])
		default:
			h.RoleReason += fmt.Sprintf("; %d more MAC addresses are the same host (a bond, or MLAG)", len(h.OtherMACs))
		}
	}
	text := func(frame int, said string) string {
		if i := frame - 1; i >= 0 && i < len(wire.Records) && wire.Records[i].Number == frame {
			return wire.Records[i].String()
		}
		return said
	}
	for i := range r.Findings {
		for j := range r.Findings[i].Evidence {
			e := &r.Findings[i].Evidence[j]
			e.Text = text(e.Frame, e.Text)
		}
	}
	for i := range r.Frames {
		r.Frames[i].Text = text(r.Frames[i].Frame, r.Frames[i].Text)
	}
}
