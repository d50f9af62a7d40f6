package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A model translates addresses of the wire into those of the model network,
// from the view of one host.
type model struct {
	scene      *scene
	grid       *grid
	ips        []netip.Addr
	prefix     netip.Prefix
	sameSubnet bool // the host is in the subnet of the client
	guessed    bool // the prefix is the narrowest that it can be

	// Of a host that answers for nowhere, and so for whatever it routes to:
	// only what it answers sooner than that can be an address of its own.
	proxies bool
	own     []netip.Addr
}

func (s *scene) model(mac evidence.MAC) model {
	if s.witness {
		return s.guessedModel(mac)
	}
	m := model{scene: s, ips: s.people.ips[mac], prefix: s.cfg.Self.Prefix, sameSubnet: true}
	if len(m.ips) > 0 && !slices.ContainsFunc(m.ips, m.prefix.Contains) {
		m.prefix, m.sameSubnet = netip.PrefixFrom(m.ips[0], likelyBits).Masked(), false
	}
	if !m.prefix.IsValid() {
		m.prefix, m.sameSubnet = netip.PrefixFrom(s.vip, likelyBits).Masked(), false
	}
	m.grid = gridFor(m.prefix.Contains(s.vip))
	if m.proxies = s.answered(mac, nowhere); m.proxies && !s.prompt(mac, nowhere) {
		for _, addr := range further {
			if s.prompt(mac, addr) {
				m.own = append(m.own, addr)
			}
		}
	}
	return m
}

// prompt reports whether a host has answered more than one who-has for an
// address that it alone was asked, each at once.
func (s *scene) prompt(mac evidence.MAC, addr netip.Addr) bool {
	var asks, replies []evidence.Record
	for _, ask := range s.sent {
		if ask.Kind == evidence.ARPRequest && ask.Dst == mac && ask.TargetIP == addr {
			asks = append(asks, ask)
		}
	}
	for _, rec := range s.by[mac] {
		if rec.Kind == evidence.ARPReply && rec.SenderIP == addr {
			replies = append(replies, rec)
		}
	}
	return len(replies) > 1 && promptReplies(asks, replies)
}

// stimulus translates a frame that was sent; ok is false if it is no question
// to this host.
func (m model) stimulus(rec evidence.Record) (s kernel.Stimulus, ok bool) {
	s = kernel.Stimulus{In: modelNIC, Target: m.address(rec.TargetIP), Broadcast: rec.Dst == evidence.Broadcast}
	switch rec.Kind {
	case evidence.ARPRequest:
		s.Kind = kernel.WhoHas
	case evidence.EchoRequest:
		s.Kind = kernel.Echo
	}
	switch {
	case rec.SenderIP.IsUnspecified():
		s.Sender = netip.IPv4Unspecified()
	case rec.SenderIP == m.scene.vip:
		s.Sender = m.grid.vip // another host that uses it
	case slices.Contains(m.ips, rec.SenderIP):
		s.Sender = modelRIP // likewise
	case m.prefix.Contains(rec.SenderIP):
		s.Sender = m.grid.client
	case m.guessed:
		s.Sender = m.perhaps(rec.SenderIP)
	default:
		s.Sender = modelFar
	}
	// What is passed on may be answered by whoever is there.
	passed := s.Kind == kernel.Echo && s.Target == modelFar
	return s, s.Kind != 0 && s.Target != modelUnused && !passed
}

// address translates an address of the host; any other becomes the unused one.
func (m model) address(a netip.Addr) netip.Addr {
	switch {
	case a == m.scene.vip:
		return m.grid.vip
	case slices.Contains(m.ips, a):
		return modelRIP
	case slices.Contains(further, a) && !m.prefix.Contains(a) && (!m.proxies || slices.Contains(m.own, a)):
		return modelElse
	case (a == nowhere || slices.Contains(further, a)) && !m.prefix.Contains(a):
		return modelFar
	}
	return modelUnused
}
