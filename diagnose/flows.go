package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A flow is one connection of a client to the VIP.
type flow struct {
	client     netip.Addr
	port, vips uint16
}

// A served is a packet to the VIP with the answer to it.
type served struct {
	ask, answer evidence.Record
	by          evidence.MAC // to whom the client had sent it
}

// connections returns for each host the connections that it has accepted, and
// to whom their clients had sent them. A flow that was sent to several hosts
// tells nothing, but for one that passes on what it was sent.
func (s *scene) connections() map[evidence.MAC][]served {
	if s.accepted != nil {
		return s.accepted
	}
	s.accepted = map[evidence.MAC][]served{}
	syns := map[flow][]evidence.Record{}
	for _, syn := range s.syns {
		f := flow{syn.SenderIP, syn.SenderPort, syn.TargetPort}
		syns[f] = append(syns[f], syn)
	}
	for _, mac := range s.order {
		for _, ack := range s.deeds[mac].synAcks {
			of := syns[flow{ack.TargetIP, ack.TargetPort, ack.SenderPort}]
			if first, ok := firstHop(of); ok {
				s.accepted[mac] = append(s.accepted[mac], served{ask: first, answer: ack, by: first.Dst})
			}
		}
	}
	return s.accepted
}

// firstHop returns the SYN that the client itself has sent.
func firstHop(syns []evidence.Record) (first evidence.Record, ok bool) {
	for _, syn := range syns {
		relayed := slices.ContainsFunc(syns, func(other evidence.Record) bool { return other.Dst == syn.Src })
		switch {
		case relayed || syn.Dst.IsGroup() || syn.Dst.IsZero():
		case ok && first.Dst != syn.Dst:
			return first, false
		case !ok:
			first, ok = syn, true
		}
	}
	return first, ok
}

// passedOnBy returns who passes connections on to a host; zero: nobody does.
func (s *scene) passedOnBy(mac evidence.MAC) evidence.MAC {
	for _, c := range s.connections()[mac] {
		if c.by != mac {
			return c.by
		}
	}
	return evidence.MAC{}
}

// forwarder finds the one host that passes connections on: a direct-routing
// director. There is none if several do.
func (s *scene) forwarder() (evidence.MAC, bool) {
	all := s.forwarders()
	if len(all) != 1 {
		return evidence.MAC{}, false
	}
	return all[0], true
}

// forwarders are the hosts whose connections other hosts answer, and those that
// claim the VIP and send on what somebody else sent to it.
func (s *scene) forwarders() (all []evidence.MAC) {
	add := func(mac evidence.MAC) {
		if !mac.IsZero() && !slices.Contains(all, mac) {
			all = append(all, mac)
		}
	}
	for _, mac := range s.order {
		for _, c := range s.connections()[mac] {
			if c.by != mac {
				add(c.by)
			}
		}
	}
	claimants := s.claimants()
	for _, rec := range append(slices.Clone(s.syns), s.echoed...) {
		if rec.SenderIP != s.vip && !rec.Dst.IsZero() && !rec.Dst.IsGroup() && rec.Dst != rec.Src && slices.Contains(claimants, rec.Src) && s.people.elses(rec.SenderIP, rec.Src) {
			add(rec.Src)
		}
	}
	return all
}

// directly returns what clients asked a host at the VIP, in frames to its MAC
// address alone, and it answered by itself. Nobody passes echo requests on to
// real servers (ip_vs_in_icmp takes errors only). A connection may have come by
// way of a director that is not in the log, unless the frame is the client's
// own, or the director is known not to have sent it.
func (s *scene) directly(mac evidence.MAC) (all []served) {
	if !s.witness {
		return nil
	}
	d := s.did(mac)
	if len(d.echoes)+len(d.synAcks) == 0 {
		return nil
	}
	type ping struct {
		client  netip.Addr
		id, seq uint16
	}
	asks := map[ping]evidence.Record{}
	for _, ask := range s.echoed {
		if (ask.Dst == mac || ask.Dst.IsZero()) && ask.Src != mac && !s.fromDirector(ask.Src) {
			asks[ping{ask.SenderIP, ask.ID, ask.Seq}] = ask
		}
	}
	for _, reply := range d.echoes {
		if ask, ok := asks[ping{reply.TargetIP, reply.ID, reply.Seq}]; ok {
			all = append(all, served{ask: ask, answer: reply, by: mac})
		}
	}
	for _, c := range s.connections()[mac] {
		if c.by == mac && !s.fromDirector(c.ask.Src) && s.isClient(c.ask) {
			all = append(all, c)
		}
	}
	return all
}

// isClient reports whether a SYN comes from a client, or from the router of one,
// and not from a second interface of the director: its Ethernet source has the
// address that the connection is from, or asks who has the VIP, as a director
// never does, or the director is seen to pass connections on by itself.
func (s *scene) isClient(syn evidence.Record) bool {
	if slices.Contains(s.people.ips[syn.Src], syn.SenderIP) {
		return true
	}
	if slices.ContainsFunc(s.asked, func(ask evidence.Record) bool { return ask.SenderMAC == syn.Src }) {
		return true
	}
	return !s.directorMAC.IsZero() && slices.ContainsFunc(s.syns, func(rec evidence.Record) bool { return rec.Src == s.directorMAC })
}

// fromDirector reports whether a MAC address is that of a known director.
func (s *scene) fromDirector(mac evidence.MAC) bool {
	return mac == s.directorMAC || s.parts[mac].role == Director
}

// rivals are the hosts that act as the owner of the VIP: they claim it by ARP,
// or answer clients that were led to them. To ask with an address, as a real
// server may by mistake, is to claim it where nobody does more, or where it is
// the only address that any of them shows.
func (s *scene) rivals() []evidence.MAC {
	all := s.claimants()
	if !s.witness {
		return all
	}
	own := false
	for _, mac := range s.order {
		d := s.deeds[mac]
		own = own || len(s.people.ips[mac]) > 0 && len(d.replies)+len(d.gratuitous)+len(d.announcements) > 0
	}
	asks := len(all) == 0 || !own && len(s.adverts) == 0 && s.cfg.Director.IsZero()
	for _, mac := range s.order {
		if !slices.Contains(all, mac) && (len(s.directly(mac)) > 0 || asks && len(s.deeds[mac].announcements) > 0) {
			all = append(all, mac)
		}
	}
	return all
}
