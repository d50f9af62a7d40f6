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

// cast assigns a role to each host that has to do with the VIP.
func (s *scene) cast() map[evidence.MAC]part {
	parts := map[evidence.MAC]part{}
	for _, h := range s.cfg.RealServers {
		if mac, ok := s.people.find(h); ok {
			parts[mac] = part{RealServer, "named as a real server"}
		}
	}
	director, reason, ok := s.director(parts)
	if ok {
		parts[director] = part{Director, reason}
	}
	if self, named := parts[s.cfg.Self.MAC]; named {
		self.reason += "; it is this very host, which cannot see itself"
		parts[s.cfg.Self.MAC] = self
	}
	through := "" // the hosts that SYNs went to and that did not answer them
	for _, syn := range s.syns {
		if parts[syn.Dst].role == Director {
			through = s.people.call(syn.Dst)
		}
	}
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
		case mac == s.predecessor:
			parts[mac] = part{Other, "had the VIP until another host took it over"}
		case len(d.synAcks) > 0 && through != "":
			parts[mac] = part{RealServer, "answers connections that " + through + " was sent"}
		case ok && s.holds(d):
			parts[mac] = part{RealServer, "holds the VIP and is not the director"}
		case ok:
			parts[mac] = part{Other, "is not the director"}
		case len(d.replies)+len(d.gratuitous) == 0:
			parts[mac] = part{RealServer, "holds the VIP and does not answer for it"}
		default:
			parts[mac] = part{Other, "claims the VIP; nothing shows who should own it"}
		}
	}
	return parts
}

// twin finds a host with a role that answers for the same address.
func (s *scene) twin(mac evidence.MAC, parts map[evidence.MAC]part) (twin evidence.MAC, ip netip.Addr, ok bool) {
	for _, other := range s.order {
		if _, known := parts[other]; !known || other == mac {
			continue
		}
		if ip, ok := s.people.shared(mac, other); ok {
			return other, ip, true
		}
	}
	return twin, ip, false
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
		return mac, "named as the director", ok
	}
	for _, mac := range s.claimants() {
		if vrid, ok := mac.VirtualRouter(); ok {
			return mac, fmt.Sprintf("has the MAC address of VRRP router %d", vrid), true
		}
	}
	if len(s.adverts) > 0 {
		// The last one: after a failover that is the new master.
		a := s.adverts[len(s.adverts)-1]
		return a.Src, fmt.Sprintf("sends the VRRP adverts for it (router %d, priority %d)", a.VRID, a.Priority), true
	}
	if mac, ok := s.forwarder(); ok {
		return mac, "passes connections to the VIP on to other hosts", true
	}
	if _, mac := s.failover(); !mac.IsZero() {
		return mac, "took the VIP over during the run", true
	}
	if s.onSelf() {
		return mac, "", false // this host may be it, and cannot see itself
	}
	var left []evidence.MAC
	for _, mac := range s.claimants() {
		if parts[mac].role != RealServer {
			left = append(left, mac)
		}
	}
	// Several interfaces of one host are one claimant.
	left = slices.DeleteFunc(left, func(mac evidence.MAC) bool {
		_, same := s.people.shared(mac, left[0])
		return mac != left[0] && same
	})
	if len(left) == 1 {
		reason = "the only host that answers for the VIP"
		if len(s.claimants()) > 1 {
			reason = "the only claimant that is not a named real server"
		}
		return left[0], reason, true
	}
	return mac, "", false
}

// forwarder finds a claimant whose connections another host answers: a
// direct-routing director.
func (s *scene) forwarder() (evidence.MAC, bool) {
	for _, syn := range s.syns {
		for _, d := range s.deeds {
			for _, ack := range d.synAcks {
				if ack.Src != syn.Dst && ack.TargetPort == syn.SenderPort && ack.TargetIP == syn.SenderIP {
					return syn.Dst, true
				}
			}
		}
	}
	return evidence.MAC{}, false
}

// onSelf reports whether the host that the run was made from has the VIP.
func (s *scene) onSelf() bool { return slices.Contains(s.cfg.Self.Local, s.vip) }

// Owners returns the MAC addresses of the host that should own the VIP, by what
// was seen so far: one for each of its interfaces on the segment.
func Owners(log *evidence.Log, cfg Config, vip netip.Addr) (owners []evidence.MAC) {
	s := newScene(log, &cfg, whoIsWho(log, &cfg), vip)
	for mac, p := range s.parts {
		if p.role == Director {
			owners = append(owners, mac)
		}
	}
	// Who answered first comes first.
	slices.SortFunc(owners, func(a, b evidence.MAC) int { return slices.Index(s.order, a) - slices.Index(s.order, b) })
	return owners
}
