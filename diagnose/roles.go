package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A part is the role of a host, and how that is known.
type part struct {
	role   Role
	reason string
}

// soleClaimant is the weakest reason to take a host for the director.
const soleClaimant = "the only host that answers for the VIP"

// cast assigns a role to each host that has to do with the VIP.
func (s *scene) cast() map[evidence.MAC]part {
	parts := map[evidence.MAC]part{}
	for _, h := range s.cfg.RealServers {
		if mac, ok := s.people.find(h); ok {
			parts[mac] = part{RealServer, "named as a real server"}
		}
	}
	director, reason, ok := s.director(parts)
	s.directorMAC = director
	if ok && !s.cfg.Director.IsZero() && !s.people.alive[director] && director != s.cfg.Self.MAC {
		// Named, and silent even to who-has for its own address: it may be
		// down, or the name wrong, so nobody is told off for answering.
		ok = false
		parts[director] = part{Director, reason + ", and never seen"}
	} else if ok {
		parts[director] = part{Director, reason}
	}
	if self, named := parts[s.cfg.Self.MAC]; named {
		self.reason += "; it is this very host, which cannot see itself"
		parts[s.cfg.Self.MAC] = self
	}
	rivals, behind := s.rivals(), s.behind(director)
	for _, mac := range s.order {
		if _, known := parts[mac]; known {
			continue
		}
		if twin, ip, is := s.twin(mac, parts); is {
			parts[mac] = part{parts[twin].role, fmt.Sprintf("answers for %s as %s does: one host with two interfaces here", ip, twin)}
			continue
		}
		d := s.deeds[mac]
		switch {
		case sameGroup(mac, director):
			parts[mac] = part{Director, "has another MAC address of the same GLBP group"}
		case behind[mac]:
			parts[mac] = part{Director, "is the host behind " + director.String()}
		case ok && len(d.replies)+len(d.gratuitous)+len(d.announcements) == 0 && s.faceless(director) && s.crosses(mac, director):
			parts[mac] = part{Other, "answers pings that were sent to " + director.String() + ": it shares that address (MLAG), or that host passes them on"}
		case s.former[mac]:
			parts[mac] = part{Other, "had the VIP until another host took it over"}
		case s.spoofs(mac):
			parts[mac] = part{Other, "sends ARP replies that nobody asked for"}
		case parts[s.passedOnBy(mac)].role == Director:
			parts[mac] = part{RealServer, "answers connections that " + s.people.call(s.passedOnBy(mac)) + " was sent"}
		case ok && s.holds(d):
			parts[mac] = part{RealServer, "holds the VIP and is not the director"}
		case ok:
			parts[mac] = part{Other, "is not the director"}
		case slices.Contains(rivals, mac) && len(d.replies)+len(d.gratuitous) == 0 && len(s.directly(mac)) > 0:
			parts[mac] = part{Other, "answers clients as the VIP; nothing shows who should own it"}
		case slices.Contains(rivals, mac) && len(d.replies)+len(d.gratuitous) == 0:
			parts[mac] = part{Other, "asks with the VIP; nothing shows who should own it"}
		case s.witness && len(d.replies)+len(d.gratuitous) == 0:
			parts[mac] = part{RealServer, "uses the VIP, and was not seen to answer who-has for it"}
		case len(d.replies)+len(d.gratuitous) == 0:
			parts[mac] = part{RealServer, "holds the VIP and does not answer for it"}
		default:
			parts[mac] = part{Other, "claims the VIP; nothing shows who should own it"}
		}
	}
	return parts
}

// twin finds a host with a role that is the same host on another interface.
func (s *scene) twin(mac evidence.MAC, parts map[evidence.MAC]part) (twin evidence.MAC, ip netip.Addr, ok bool) {
	if len(s.people.ips[mac])+len(s.people.claims[mac]) == 0 || len(s.order) > mostRelated {
		return twin, ip, false
	}
	for _, other := range s.order {
		if _, known := parts[other]; known && other != mac && s.oneHost(mac, other) {
			return other, append(slices.Clone(s.people.ips[mac]), s.people.claims[mac]...)[0], true
		}
	}
	return twin, ip, false
}

// oneHost reports whether two MAC addresses belong to one host: it sends its
// echo replies out of one interface, those too for which the other one was
// asked. That both answer for the same addresses is not enough, for a director
// and a real server share every VIP.
func (s *scene) oneHost(a, b evidence.MAC) bool {
	return s.people.same(a, b) && s.crosses(a, b) != s.crosses(b, a)
}

// crosses reports whether one MAC address answers echo requests that were sent
// to the other alone, and that one answers none.
func (s *scene) crosses(a, b evidence.MAC) bool {
	answers := func(mac evidence.MAC) bool {
		return slices.ContainsFunc(s.by[mac], func(reply evidence.Record) bool {
			return reply.Kind == evidence.EchoReply && slices.ContainsFunc(s.sent, func(ask evidence.Record) bool {
				return ask.Kind == evidence.EchoRequest && ask.Dst == b && ask.ID == reply.ID && ask.Seq == reply.Seq &&
					ask.SenderIP == reply.TargetIP && ask.TargetIP == reply.SenderIP
			})
		})
	}
	return answers(a) && !answers(b)
}

// elected finds the host that VRRP has elected: the claimant that sends the
// adverts for the VIP, or whose own address they come from. Where several do,
// it is the last one, provided that all others fell silent before.
func (s *scene) elected() (mac evidence.MAC, last evidence.Record, ok bool) {
	if len(s.adverts) == 0 || s.splitBrain() {
		return mac, last, false
	}
	last = s.adverts[len(s.adverts)-1]
	for _, m := range []evidence.MAC{last.Src, s.people.macs[last.SenderIP]} {
		// Whoever else passes connections on is a director, too, even if its
		// adverts were not heard in the time of the run.
		rival := slices.ContainsFunc(s.forwarders(), func(f evidence.MAC) bool { return f != m })
		if d := s.did(m); len(d.replies)+len(d.gratuitous) > 0 {
			return m, last, !rival
		}
	}
	return mac, last, false
}

// holds reports whether a host showed by itself that it has the VIP.
func (s *scene) holds(d *deeds) bool {
	return len(d.echoes)+len(d.synAcks)+len(d.announcements)+len(d.solicits) > 0
}

// director finds out who should own the VIP; parts holds the named real
// servers. In this order: who was named, who VRRP elects, through whom the
// connections go, and the one claimant that is no real server.
func (s *scene) director(parts map[evidence.MAC]part) (mac evidence.MAC, reason string, ok bool) {
	if !s.cfg.Director.IsZero() {
		mac, ok = s.people.find(s.cfg.Director)
		virtual, is := s.virtualRouter()
		if d := s.did(mac); is && s.cfg.Director.MAC.IsZero() && len(d.replies)+len(d.gratuitous) == 0 {
			return virtual, "has a VRRP virtual MAC address, and the director was named", true
		}
		return mac, "named as the director", ok
	}
	if mac, ok := s.virtualRouter(); ok {
		by, group, _ := mac.Virtual()
		what := "router"
		if by != evidence.VRRP {
			what = "group"
		}
		return mac, fmt.Sprintf("has the MAC address of %s %s %d", by, what, group), true
	}
	if mac, a, ok := s.elected(); ok {
		return mac, "sends the " + advertised(a), true
	}
	if s.splitBrain() {
		return mac, "", false
	}
	if mac, ok := s.forwarder(); ok {
		return mac, "passes connections to the VIP on to other hosts", true
	}
	if !s.heir.IsZero() {
		return s.heir, "took the VIP over during the " + s.run(), true
	}
	if s.onSelf() {
		return mac, "", false // this host may be it, and cannot see itself
	}
	var left []evidence.MAC
	for _, mac := range s.rivals() {
		if parts[mac].role != RealServer && !s.spoofs(mac) {
			left = append(left, mac)
		}
	}
	// Several interfaces of one host are one claimant.
	if len(left) > 0 {
		first := left[0]
		left = slices.DeleteFunc(left, func(mac evidence.MAC) bool { return mac != first && s.oneHost(mac, first) })
	}
	if len(left) == 1 && slices.Contains(s.claimants(), left[0]) {
		reason = soleClaimant
		if len(s.claimants()) > 1 {
			reason = "the only claimant that is not a named real server"
		}
		return left[0], reason, true
	}
	return mac, "", false
}

// onSelf reports whether the host that the run was made from has the VIP.
func (s *scene) onSelf() bool { return slices.Contains(s.cfg.Self.Local, s.vip) }

// Owners returns the MAC addresses of the host that should own the VIP, by what
// was seen so far: of each of its interfaces on the segment, with all ports of a
// bond. The first is the one to ask.
func Owners(wire *evidence.Log, asked Config, vip netip.Addr) (owners []evidence.MAC) {
	p := portsOf(wire, &asked)
	log, cfg := p.join(wire, &asked)
	s := newScene(log, cfg, whoIsWho(log, cfg), vip)
	for mac, part := range s.parts {
		if part.role == Director {
			owners = append(owners, mac)
		}
	}
	// Who answered first comes first.
	slices.SortFunc(owners, func(a, b evidence.MAC) int { return slices.Index(s.order, a) - slices.Index(s.order, b) })
	for _, mac := range slices.Clone(owners) {
		owners = append(owners, p.others(mac)...)
	}
	return owners
}
