package diagnose

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// ports are MAC addresses of one interface, each with the one that stands for
// it. A bond of mode balance-alb or balance-tlb sends with those of all its
// ports, and balance-alb gives each client another one of them as its own
// (rlb_arp_xmit), but asks with that of the bond alone. Of two switches that
// are one router (MLAG) each sends with its own, and both answer who-has with
// a common one.
//
// Two interfaces on one segment are something else, for each has its own
// settings: see oneHost.
type ports map[evidence.MAC]evidence.MAC

// A talk is what one address asks about another.
type talk struct{ asker, target netip.Addr }

// An acquaintance is what a log shows of MAC addresses, to tell hosts by it.
type acquaintance struct {
	asks    map[evidence.MAC]bool                  // has sent who-has as itself
	answers map[evidence.MAC]map[netip.Addr]bool   // the addresses it has answered for
	is      map[evidence.MAC]int                   // how often it answered who-has
	echoed  map[[2]uint16]evidence.MAC             // to whom alone an echo request went
	crossed map[evidence.MAC]map[evidence.MAC]bool // who has answered what another was asked alone, and that other

	asked map[talk]*round
	alone bool // somebody was asked alone
}

// A round is what the hosts did about one question.
type round struct {
	all     int                   // how often all were asked, before anybody was asked alone
	replied map[evidence.MAC]int  // who answered how often until then
	only    evidence.MAC          // who was asked alone; meaningful if nobody else was
	shared  bool                  // others were
	ever    map[evidence.MAC]bool // who answered at all
}

// acquaint learns that from the log of a run that has asked.
func acquaint(log *evidence.Log) *acquaintance {
	k := &acquaintance{
		asks: map[evidence.MAC]bool{}, answers: map[evidence.MAC]map[netip.Addr]bool{}, is: map[evidence.MAC]int{},
		echoed: map[[2]uint16]evidence.MAC{}, crossed: map[evidence.MAC]map[evidence.MAC]bool{},
		asked: map[talk]*round{},
	}
	for i := range log.Records {
		rec := &log.Records[i]
		switch {
		case rec.Sent && rec.Kind == evidence.EchoRequest && !rec.Dst.IsGroup():
			k.echoed[[2]uint16{rec.ID, rec.Seq}] = rec.Dst
		case rec.Sent && rec.Kind == evidence.ARPRequest:
			k.ask(rec)
		case rec.Sent:
		case rec.Kind == evidence.EchoReply:
			if to, ok := k.echoed[[2]uint16{rec.ID, rec.Seq}]; ok {
				note(k.crossed, rec.Src, to)
			}
		case rec.Kind == evidence.ARPReply:
			note(k.answers, rec.SenderMAC, rec.SenderIP)
			k.is[rec.SenderMAC]++
			if r := k.asked[talk{rec.TargetIP, rec.SenderIP}]; r != nil {
				r.ever[rec.SenderMAC] = true
				if !k.alone {
					r.replied[rec.SenderMAC]++
				}
			}
		case rec.Kind == evidence.ARPRequest && !rec.IsProbe():
			k.asks[rec.SenderMAC] = true
		}
	}
	for _, r := range k.asked {
		if r.shared || r.only.IsZero() || r.ever[r.only] {
			continue
		}
		for mac := range r.ever {
			note(k.crossed, mac, r.only)
		}
	}
	return k
}

// ask notes a who-has of the run.
func (k *acquaintance) ask(rec *evidence.Record) {
	of := talk{rec.SenderIP, rec.TargetIP}
	r := k.asked[of]
	if r == nil {
		r = &round{replied: map[evidence.MAC]int{}, ever: map[evidence.MAC]bool{}}
		k.asked[of] = r
	}
	if rec.Dst == evidence.Broadcast {
		r.shared = true
		if !k.alone {
			r.all++
		}
		return
	}
	k.alone = true
	r.shared = r.shared || !r.only.IsZero() && r.only != rec.Dst
	r.only = rec.Dst
}

// note adds to a set in a map.
func note[A, B comparable](all map[A]map[B]bool, a A, b B) {
	if all[a] == nil {
		all[a] = map[B]bool{}
	}
	all[a][b] = true
}

// both reports whether each of two MAC addresses has answered for a VIP as often
// as all were asked, whoever asked: as itself, or in ARP probes.
func (k *acquaintance) both(a, b evidence.MAC, cfg *Config) bool {
	asked := false
	for of, r := range k.asked {
		if r.all == 0 || !slices.Contains(cfg.VIPs, of.target) || of.asker != cfg.Self.Addr && !of.asker.IsUnspecified() || r.replied[a]+r.replied[b] == 0 {
			continue
		}
		if asked = true; r.replied[a] < r.all || r.replied[b] < r.all {
			return false
		}
	}
	return asked
}

// differ reports whether each of two MAC addresses has answered for an address
// for which the other one has not.
func (k *acquaintance) differ(a, b evidence.MAC) bool {
	lacks := func(a, b evidence.MAC) bool {
		for ip := range k.answers[b] {
			if !k.answers[a][ip] {
				return true
			}
		}
		return false
	}
	return lacks(a, b) && lacks(b, a)
}

// order sorts the MAC addresses of one interface: first the one at which it can be
// found; where that are several, the one with which it asks, for that is its own.
func (k *acquaintance) order(a, b evidence.MAC) int {
	first := func(is func(evidence.MAC) bool) int {
		switch {
		case is(a) == is(b):
			return 0
		case is(a):
			return -1
		}
		return 1
	}
	return cmp.Or(
		first(func(mac evidence.MAC) bool { return k.is[mac] > 0 }),
		first(func(mac evidence.MAC) bool { return k.asks[mac] }),
		cmp.Compare(k.is[b], k.is[a]),
		bytes.Compare(a[:], b[:]))
}

// apart reports whether the hosts that claim a VIP, or announce it, are surely
// different ones: each of two has shown an address of its own; or both answer for
// the VIP each time, as two ports of a bond never do, and one of them for another
// address, which a second interface of the same host would answer for, too.
func apart(r *Result, log *evidence.Log, cfg *Config) bool {
	var all []*Host
	for i := range r.Hosts {
		if h := &r.Hosts[i]; h.AnswersARP == Yes || h.AnnouncesVIP == Yes {
			all = append(all, h)
		}
	}
	if len(all) > mostRelated {
		return true
	}
	k := acquaint(log)
	for i, a := range all {
		for _, b := range all[:i] {
			own := len(a.IPs) > 0 && len(b.IPs) > 0 && !slices.ContainsFunc(a.IPs, func(ip netip.Addr) bool { return slices.Contains(b.IPs, ip) })
			if !own && !(k.both(a.MAC, b.MAC, cfg) && k.unlike(a.MAC, b.MAC)) {
				return false
			}
		}
	}
	return true
}

// unlike reports whether there is an address for which one of two MAC addresses
// has answered each time that all were asked, and the other never.
func (k *acquaintance) unlike(a, b evidence.MAC) bool {
	for _, r := range k.asked {
		if r.all >= asksNeeded && min(r.replied[a], r.replied[b]) == 0 && max(r.replied[a], r.replied[b]) >= r.all {
			return true
		}
	}
	return false
}

// portsOf finds the ports of bonds in the log of a run that has asked. What is
// sent to the one of two MAC addresses alone is answered by the other; never do
// both answer what all were asked; and only one of them asks as itself. A router
// that answers for a host and passes packets on to it has an address of its own.
func portsOf(log *evidence.Log, cfg *Config) ports {
	p := ports{}
	if cfg.Self.MAC.IsZero() {
		return p // nobody here has asked
	}
	k := acquaint(log)
	found := map[evidence.MAC][]evidence.MAC{}
	for from, to := range k.crossed {
		for asked := range to {
			switch {
			case from == asked || from == cfg.Self.MAC || asked == cfg.Self.MAC || shared(from) || shared(asked):
				continue
			case k.asks[from] && k.asks[asked] || k.both(from, asked, cfg) || k.differ(from, asked):
				continue
			}
			port, one := from, asked
			if k.order(from, asked) < 0 {
				port, one = asked, from
			}
			if !slices.Contains(found[port], one) {
				found[port] = append(found[port], one)
			}
		}
	}
	for port, macs := range found {
		// Where several answer, each frame reaches all.
		if len(macs) == 1 && len(found[macs[0]]) == 0 {
			p[port] = macs[0]
		}
	}
	return p
}

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
func (p ports) label(r *Result, log *evidence.Log) {
	if len(p) == 0 {
		return
	}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if h.OtherMACs = p.others(h.MAC); len(h.OtherMACs) > 0 {
			h.RoleReason += fmt.Sprintf("; %s is the same host (a bond, or MLAG)", strings.Trim(fmt.Sprint(h.OtherMACs), "[]"))
		}
	}
	wire := map[int]string{}
	for i := range log.Records {
		wire[log.Records[i].Number] = log.Records[i].String()
	}
	for i := range r.Findings {
		for j := range r.Findings[i].Evidence {
			e := &r.Findings[i].Evidence[j]
			e.Text = wire[e.Frame]
		}
	}
	for i := range r.Frames {
		r.Frames[i].Text = wire[r.Frames[i].Frame]
	}
}
