package diagnose

import (
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
)

// likelyBits is the mask that the subnet of a host has at least, where nobody
// says what it is. Narrower ones with a VIP are rare.
const likelyBits = 24

// guessedModel is the model of a host of which a capture shows no mask. Its
// subnet is the narrowest that holds its own address and whatever it asks for,
// for a host asks only for those that it takes for its neighbours; but no
// narrower than likelyBits. Who is outside of that may be inside all the same,
// so the mask becomes part of each hypothesis.
func (s *scene) guessedModel(mac evidence.MAC) model {
	m := model{scene: s, ips: s.people.ips[mac], guessed: true}
	own := s.vip // whoever has no other address has it in its subnet
	if len(m.ips) > 0 {
		own = m.ips[0]
	}
	bits := likelyBits
	for _, rec := range s.by[mac] {
		if rec.Kind == evidence.ARPRequest && rec.SenderIP == own && !rec.IsProbe() && rec.TargetIP.Is4() {
			bits = min(bits, sharedBits(own, rec.TargetIP))
		}
	}
	m.prefix = netip.PrefixFrom(own, bits).Masked()
	m.grid = gridOf(vipMaybe)
	if m.prefix.Contains(s.vip) {
		m.grid = gridOf(vipSurely)
	}
	return m
}

// perhaps translates a sender that may be in the subnet of the host: closer to
// it than the VIP, as close, or farther away.
func (m model) perhaps(sender netip.Addr) netip.Addr {
	if m.grid == gridOf(vipSurely) {
		return modelFarther
	}
	own := m.prefix.Addr()
	switch a, b := sharedBits(own, sender), sharedBits(own, m.scene.vip); {
	case a > b:
		return modelNearer
	case a == b:
		return modelLikeVIP
	}
	return modelFarther
}

// sharedBits is how many leading bits two addresses share.
func sharedBits(a, b netip.Addr) int {
	for bits := a.BitLen(); bits > 0; bits-- {
		if p, err := a.Prefix(bits); err == nil && p.Contains(b) {
			return bits
		}
	}
	return 0
}
