package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// mostProof is how many frames a finding shows.
const mostProof = 3

// findings lists what is wrong: with the VIP as a whole, then host by host.
func (s *scene) findings(suspects []*suspect) (all []Finding) {
	all = append(all, s.ownership(suspects)...)
	for _, x := range suspects {
		// What makes a host answer for a whole subnet hides the rest, and is
		// to be mended first.
		all = append(all, s.overreach(x)...)
		all = append(all, s.leaks(x)...)
		if f, ok := s.bypassed(x); ok {
			all = append(all, f)
		}
		if f, ok := s.many(x); ok {
			all = append(all, f)
		}
		if f, ok := s.silent(x); ok {
			all = append(all, f)
		}
		if f, ok := s.missingVIP(x); ok {
			all = append(all, f)
		}
		if f, ok := s.mismatch(x); ok {
			all = append(all, f)
		}
	}
	all = append(all, s.mismatches(suspects)...)
	if f, ok := loss(s.log, s.cfg.Self.Interface); ok {
		all = append(all, f)
	}
	return all
}

// about starts a finding on one host.
func (s *scene) about(x *suspect, code Code, severity Severity, proof []evidence.Record) Finding {
	f := Finding{Code: code, Severity: severity, MAC: x.mac, IPs: x.host.IPs}
	prove(&f, proof)
	return f
}

// leaks are the ways in which a host that is not the director draws the VIP's
// traffic to itself.
func (s *scene) leaks(x *suspect) (all []Finding) {
	if x.part.role == Director || x.part.role == Other && !s.ownerKnown() || s.former[x.mac] || s.spoofs(x.mac) {
		return nil
	}
	name := s.people.call(x.mac)
	if len(x.replies) > 0 {
		f := s.about(x, ReplyLeak, Critical, s.pair(x.replies))
		f.Summary = fmt.Sprintf("%s answers who-has %s, and should leave that to the director.", name, s.vip)
		s.explainReply(x, &f)
		all = append(all, f)
		// With arp_ignore 0 ruled out, the interface that is asked is nearly
		// always the reason.
		if !x.repliedOnce() && x.class.any(func(h hypothesis) bool { return h.Place.nic() }) && !slices.Contains(x.class.ignore(), 0) {
			f := s.about(x, OnNIC, Critical, s.pair(x.replies))
			s.explainNIC(x, &f)
			all = append(all, f)
		}
	}
	if len(x.announcements) > 0 {
		f := s.about(x, AnnounceLeak, Critical, s.drawn(x.announcements))
		f.Summary = fmt.Sprintf("%s uses %s as the sender of its own ARP requests.", name, s.vip)
		s.explainAnnounce(x, &f)
		all = append(all, f)
	}
	if len(x.gratuitous) > 0 {
		f := s.about(x, GratuitousLeak, Critical, x.gratuitous)
		f.Summary = fmt.Sprintf("%s sends gratuitous ARP for %s.", name, s.vip)
		s.explainGratuitous(x, &f)
		all = append(all, f)
	}
	return all
}

// overreach is a host that answers for addresses that are not its own.
func (s *scene) overreach(x *suspect) (all []Finding) {
	name := s.people.call(x.mac)
	grabbed := s.people.grabbed(x.mac)
	if len(grabbed) > 0 && grabbed[0].TargetIP.IsUnspecified() {
		f := s.about(x, SubnetAnswered, Critical, grabbed)
		f.Summary = fmt.Sprintf("%s answers for addresses that nobody has, such as %s.", name, grabbed[0].SenderIP)
		s.explainWide(&f)
		return append(all, f)
	}
	proxies := x.class.holdsVIP() == No && len(x.replies) > 0 && !x.past(x.replies)
	if len(grabbed) > 0 || proxies {
		f := s.about(x, ProxyARP, Warning, append(grabbed, s.pair(x.replies)...))
		f.Summary = fmt.Sprintf("%s answers who-has for addresses that it does not have, but routes to.", name)
		s.explainProxy(x, &f)
		all = append(all, f)
	}
	return all
}

// missingVIP is a named real server that has not got the VIP: it drops what the
// director passes on to it.
func (s *scene) missingVIP(x *suspect) (Finding, bool) {
	if x.part.role != RealServer || !s.isNamed(x.mac) || x.host.HoldsVIP != No || len(x.replies) > 0 {
		return Finding{}, false
	}
	f := s.about(x, Missing, Warning, s.alive(x))
	f.Summary = fmt.Sprintf("%s does not have %s.", s.people.call(x.mac), s.vip)
	f.Why = "It answers echo requests to its own address and none to the VIP. A real server without the VIP drops the connections that the director passes on to it."
	f.Fix = append(append(setting("arp_ignore", 1), setting("arp_announce", 2)...), fmt.Sprintf("ip addr add %s/32 dev lo", s.vip))
	return f, true
}

// silent is a host that was named and does not answer for its own address.
func (s *scene) silent(x *suspect) (Finding, bool) {
	if len(x.replies) > 0 || len(s.people.ips[x.mac]) == 0 || !s.isNamed(x.mac) {
		return Finding{}, false
	}
	if slices.ContainsFunc(s.by[x.mac], func(rec evidence.Record) bool { return rec.Kind == evidence.ARPReply }) {
		return Finding{}, false
	}
	var asked []evidence.Record
	for _, rec := range s.sent {
		// Whether an address off the subnet is on this segment at all, only
		// the user says.
		if rec.Kind == evidence.ARPRequest && rec.SenderIP == s.cfg.Self.Addr && s.cfg.Self.Prefix.Contains(rec.TargetIP) && slices.Contains(s.people.ips[x.mac], rec.TargetIP) {
			asked = append(asked, rec)
		}
	}
	if len(asked) < asksNeeded || !s.heard(asked[len(asked)-1], hearAlone) {
		return Finding{}, false
	}
	severity := Critical
	if !s.people.alive[x.mac] {
		severity = Warning
	}
	f := s.about(x, ARPSilent, severity, append(s.alive(x), asked[len(asked)-1]))
	f.Summary = fmt.Sprintf("%s does not answer who-has for its own address.", s.people.call(x.mac))
	s.explainSilent(x, &f)
	return f, true
}

// alive returns a frame that shows that the host is up, if there is one.
func (s *scene) alive(x *suspect) []evidence.Record {
	if seen := s.by[x.mac]; len(seen) > 0 {
		return seen[:1]
	}
	return nil
}

// mismatch is a claim whose ARP sender is not its Ethernet source. Virtual
// routers do so by design.
func (s *scene) mismatch(x *suspect) (Finding, bool) {
	if shared(x.mac) {
		return Finding{}, false
	}
	for _, group := range [][]evidence.Record{x.replies, x.announcements, x.gratuitous, s.inNameOf(x.mac)} {
		for _, rec := range group {
			if rec.Src != rec.SenderMAC && !s.spoofs(rec.Src) {
				return s.mismatched(rec), true
			}
		}
	}
	return Finding{}, false
}

// mostForged is of how many hosts that show nothing else it is reported that
// others speak in their names.
const mostForged = 8

// mismatches are the claims in the name of hosts that show nothing else about
// the VIP.
func (s *scene) mismatches(suspects []*suspect) (all []Finding) {
	told := map[evidence.MAC]bool{}
	for _, x := range suspects {
		told[x.mac] = true
	}
	for _, rec := range s.forgeries() {
		if !told[rec.SenderMAC] && !s.spoofs(rec.Src) && len(all) < mostForged {
			told[rec.SenderMAC] = true
			all = append(all, s.mismatched(rec))
		}
	}
	return all
}

func (s *scene) mismatched(rec evidence.Record) Finding {
	f := Finding{Code: SourceMismatch, Severity: Warning, MAC: rec.SenderMAC, IPs: s.people.ips[rec.SenderMAC]}
	prove(&f, []evidence.Record{rec})
	f.Summary = fmt.Sprintf("A frame from %s claims that %s is at %s.", rec.Src, s.vip, rec.SenderMAC)
	f.Why = "The Ethernet source and the ARP sender differ. Clients believe the ARP sender. Some bonding and virtual-router set-ups do this; so does ARP spoofing."
	f.Fix = []string{"# find the switch port of " + rec.Src.String() + " in the switch's MAC address table"}
	return f
}

// pair puts the request before the reply that answers it, where it is known.
func (s *scene) pair(replies []evidence.Record) []evidence.Record {
	for i := len(s.asked) - 1; i >= 0 && len(replies) > 0; i-- {
		ask := s.asked[i]
		if before(ask, replies[0]) && ask.SenderIP == replies[0].TargetIP {
			return append([]evidence.Record{ask}, replies...)
		}
	}
	return replies
}

// drawn puts the echo request before the who-has that it drew, where it is known.
func (s *scene) drawn(announcements []evidence.Record) []evidence.Record {
	for _, ask := range slices.Backward(s.echoed) {
		if ask.SenderIP == announcements[0].TargetIP && before(ask, announcements[0]) {
			return append([]evidence.Record{ask}, announcements...)
		}
	}
	return announcements
}

// ownerKnown reports whether some host is known to be the director. One that
// was named and never seen accuses nobody: the name may be wrong.
func (s *scene) ownerKnown() bool {
	for mac, p := range s.parts {
		if p.role == Director && (s.people.alive[mac] || mac == s.cfg.Self.MAC) {
			return true
		}
	}
	return false
}

func (s *scene) isNamed(mac evidence.MAC) bool {
	for _, h := range s.cfg.named() {
		if found, ok := s.people.find(h); ok && found == mac {
			return true
		}
	}
	return false
}

// names lists hosts for a sentence.
func (s *scene) names(macs []evidence.MAC) string {
	var all []string
	for i, mac := range macs {
		if i == 4 && len(macs) > 5 {
			all = append(all, fmt.Sprintf("%d more", len(macs)-i))
			break
		}
		all = append(all, s.people.call(mac))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
