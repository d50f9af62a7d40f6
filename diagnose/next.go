package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// further are addresses that many hosts have on an interface of their own.
// Whoever answers for one of them on the segment has arp_ignore 0, or 3.
var further = []netip.Addr{
	netip.MustParseAddr("172.17.0.1"),    // docker0
	netip.MustParseAddr("192.168.122.1"), // libvirt's virbr0
	netip.MustParseAddr("10.88.0.1"),     // podman
	netip.MustParseAddr("10.96.0.1"),     // kubernetes.default on kube-ipvs0
	netip.MustParseAddr("10.43.0.1"),     // the same in k3s
	netip.MustParseAddr("169.254.25.10"), // nodelocaldns
}

// nowhere is an address for documentation (RFC 5737), which no host has: who
// answers for it, answers for whatever it routes to.
var nowhere = netip.MustParseAddr("203.0.113.77")

// Next returns what else is worth asking about a VIP: of each host the
// questions on which the hypotheses that are left do not agree, until each was
// asked often enough. When no question can split what is left, it is empty.
func Next(wire *evidence.Log, asked Config, vip netip.Addr) (all []evidence.Question) {
	k := acquaint(wire)
	log, cfg := k.ports(&asked).join(wire, &asked)
	s := newScene(log, cfg, whoIsWho(log, cfg), vip)
	suspected := s.suspected()
	for _, mac := range suspected[:min(len(suspected), mostAsked)] {
		if mac == cfg.Self.MAC {
			continue
		}
		c, m := s.eliminate(mac), s.model(mac)
		for _, q := range s.candidates(mac, m) {
			stimulus, ok := m.stimulus(frameOf(q, *cfg))
			if ok && s.timesAsked(q, *cfg) < asksNeeded && c.split(stimulus) {
				all = append(all, q)
			}
		}
	}
	return slices.Concat(all, s.relations(), k.unclear(&asked))
}

// relations asks each claimant for the addresses of the others: whoever answers
// for another's is the same host on another interface. And where a MAC address
// never asks as itself, it may be the port of a bond: then each is asked what
// portsOf wants to know.
func (s *scene) relations() (all []evidence.Question) {
	claimants := slices.DeleteFunc(s.claimants(), evidence.MAC.IsGroup) // who answers at one cannot be asked alone
	if len(claimants) > mostRelated {
		return nil
	}
	add := func(q evidence.Question) {
		if s.timesAsked(q, *s.cfg) < asksNeeded {
			all = append(all, q)
		}
	}
	for _, a := range claimants {
		for _, b := range claimants {
			if a == b {
				continue
			}
			for _, ip := range s.people.ips[b][:min(len(s.people.ips[b]), mostRelated)] {
				if !slices.Contains(s.people.ips[a], ip) {
					add(evidence.Question{To: a, Kind: evidence.ARPRequest, Target: ip})
				}
			}
		}
	}
	if len(s.order) < 2 || !slices.ContainsFunc(s.order, s.faceless) {
		return all
	}
	// The host behind such an address was not seen to answer a ping with its own, so
	// whoever was not is asked as well.
	pinged := 0
	for _, mac := range s.order {
		if !mac.IsGroup() && pinged < mostPinged && (slices.Contains(claimants, mac) || s.faceless(mac) || len(s.deeds[mac].echoes) == 0) {
			add(evidence.Question{To: mac, Kind: evidence.EchoRequest, Target: s.vip})
			pinged++
		}
	}
	// Who answers at an address that routers share: its own host?
	for _, virtual := range claimants {
		if !shared(virtual) {
			continue
		}
		for _, mac := range s.order {
			if ips := s.people.ips[mac]; len(ips) > 0 && s.crosses(mac, virtual) {
				add(evidence.Question{To: virtual, Kind: evidence.EchoRequest, Target: ips[0]})
			}
		}
	}
	if len(claimants) > 1 {
		for _, mac := range claimants {
			add(evidence.Question{To: mac, Kind: evidence.ARPRequest, Target: s.vip, Sender: evidence.AsNobody})
		}
	}
	return all
}

// faceless reports whether a host was never seen to ask as itself.
func (s *scene) faceless(mac evidence.MAC) bool {
	return !mac.IsGroup() && !slices.ContainsFunc(s.by[mac], func(rec evidence.Record) bool {
		return rec.Kind == evidence.ARPRequest && !rec.IsProbe() && !rec.IsGratuitous()
	})
}

const (
	// mostRelated is how many claimants, and addresses of each, are compared.
	mostRelated = 5
	// mostPinged is how many hosts are pinged alone for that.
	mostPinged = 16
	// mostAsked is how many hosts are asked further for each VIP.
	mostAsked = 64
)

// candidates are all questions that could be asked of a host.
func (s *scene) candidates(mac evidence.MAC, m model) (all []evidence.Question) {
	add := func(kind evidence.Kind, target netip.Addr, sender evidence.Sender) {
		all = append(all, evidence.Question{To: mac, Kind: kind, Target: target, Sender: sender})
	}
	add(evidence.EchoRequest, s.vip, evidence.AsUnused)
	add(evidence.EchoRequest, s.vip, evidence.AsSelf)
	add(evidence.ARPRequest, s.vip, evidence.AsFar)
	if len(m.ips) > 0 {
		add(evidence.EchoRequest, m.ips[0], evidence.AsSelf)
		add(evidence.ARPRequest, m.ips[0], evidence.AsFar)
	}
	add(evidence.ARPRequest, nowhere, evidence.AsSelf)
	if s.parts[mac].role == Director {
		return all // it is to answer and to announce, whatever lets it
	}
	if len(m.ips) > 0 {
		// Who announces the VIP even for packets from its own address has it
		// as the first address of the interface, whatever arp_announce is.
		add(evidence.EchoRequest, m.ips[0], evidence.AsUnused)
	}
	for _, addr := range further {
		add(evidence.ARPRequest, addr, evidence.AsSelf)
		// A packet from such an address separates arp_announce 0 from 1.
		if s.answered(mac, addr) {
			add(evidence.EchoRequest, addr, evidence.AsUnused)
		}
	}
	return all
}

// answered reports whether a host has answered who-has for an address.
func (s *scene) answered(mac evidence.MAC, addr netip.Addr) bool {
	return slices.ContainsFunc(s.by[mac], func(rec evidence.Record) bool {
		return rec.Kind == evidence.ARPReply && rec.SenderIP == addr
	})
}

// frameOf is the frame that a question would be. The sender need only be of
// the right kind, for the model knows no more of it.
func frameOf(q evidence.Question, cfg Config) evidence.Record {
	rec := evidence.Record{Kind: q.Kind, Sent: true, Dst: q.To, TargetIP: q.Target, SenderIP: cfg.Self.Addr}
	switch q.Sender {
	case evidence.AsFar:
		rec.SenderIP = netip.AddrFrom4([4]byte{255, 255, 255, 254}) // in nobody's subnet
	case evidence.AsNobody:
		rec.SenderIP = netip.IPv4Unspecified()
	}
	return rec
}

// timesAsked counts how often a host was asked the question alone.
func (s *scene) timesAsked(q evidence.Question, cfg Config) (n int) {
	for _, rec := range s.sent {
		if rec.Dst != q.To || rec.Kind != q.Kind || rec.TargetIP != q.Target {
			continue
		}
		sender := evidence.AsSelf
		switch {
		case rec.SenderIP.IsUnspecified():
			sender = evidence.AsNobody
		case !cfg.Self.Prefix.Contains(rec.SenderIP):
			sender = evidence.AsFar
		case rec.SenderIP != cfg.Self.Addr:
			sender = evidence.AsUnused
		}
		if sender == q.Sender {
			n++
		}
	}
	return n
}

// split reports whether the hypotheses that are left disagree on what the host
// would do.
func (c class) split(s kernel.Stimulus) bool {
	if len(c.left) == 0 {
		return false
	}
	reactions := c.grid.react(s)
	first := reactions[c.left[0]]
	for _, i := range c.left[1:] {
		r := reactions[i]
		if (r.Reply == kernel.Silent) != (first.Reply == kernel.Silent) || r.Announces != first.Announces {
			return true
		}
	}
	return false
}
