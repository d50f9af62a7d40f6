package diagnose

import (
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// behind are the hosts for which a MAC address that routers share stands: the
// master, by its adverts, and who was it before. Such a host answers who-has with
// that one, and sends all else with its own: keepalived with use_vmac does so. Where
// the adverts are not heard (unicast_peer), the master is the one host that answers
// pings to its own address which a run sent to the shared one alone: no router passes
// those on, for their time to live is 1, and no balancer, for they are not for the VIP.
// And who was named as the director by its own address is it.
func (s *scene) behind(virtual evidence.MAC) map[evidence.MAC]bool {
	all := map[evidence.MAC]bool{}
	if !shared(virtual) || s.splitBrain() {
		return all
	}
	var answering []evidence.MAC
	if !s.witness && s.faceless(virtual) {
		for _, mac := range s.order {
			if d := s.deeds[mac]; len(d.replies)+len(d.gratuitous) == 0 && s.crosses(mac, virtual) && s.atHome(mac, virtual) {
				answering = append(answering, mac)
			}
		}
	}
	if len(answering) == 1 {
		all[answering[0]] = true
	}
	if !s.cfg.Director.IsZero() {
		if mac, ok := s.people.find(s.cfg.Director); ok {
			all[mac] = true
		}
	}
	for _, a := range s.adverts {
		mac := a.Src
		if a.Src == virtual {
			mac = s.people.macs[a.SenderIP]
		}
		// Nobody else has that address, and it does not answer by itself as well.
		if d := s.did(mac); s.people.holders[a.SenderIP] == 1 && len(d.replies)+len(d.gratuitous) == 0 {
			all[mac] = true
		}
	}
	return all
}

// atHome reports whether a host answers echo requests to its own address that another
// MAC address alone was sent.
func (s *scene) atHome(mac, at evidence.MAC) bool {
	return slices.ContainsFunc(s.by[mac], func(reply evidence.Record) bool {
		return reply.Kind == evidence.EchoReply && slices.Contains(s.people.ips[mac], reply.SenderIP) && slices.ContainsFunc(s.sent, func(ask evidence.Record) bool {
			return ask.Dst == at && answersTo(&reply, &ask, mac)
		})
	})
}

// sameGroup reports whether two MAC addresses are of one GLBP group, whose
// routers share the work: each client is told another one of them.
func sameGroup(a, b evidence.MAC) bool {
	by, group, _ := a.Virtual()
	other, same, _ := b.Virtual()
	return by == evidence.GLBP && by == other && group == same
}

// virtualRouter finds the one claimant that has a MAC address which routers
// share; of GLBP a group has several.
func (s *scene) virtualRouter() (mac evidence.MAC, ok bool) {
	for _, m := range s.claimants() {
		if !shared(m) {
			continue
		}
		if ok {
			if sameGroup(m, mac) {
				continue
			}
			return evidence.MAC{}, false
		}
		mac, ok = m, true
	}
	return mac, ok
}
