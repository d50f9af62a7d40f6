package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// tests answers the three questions of a check from what was found.
func (s *scene) tests(suspects []*suspect, missing []Host, findings []Finding) Tests {
	has := func(codes ...Code) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return slices.Contains(codes, f.Code) })
	}
	t := Tests{Reply: Pass, Announce: Pass, Holders: Pass}
	_, interrupted := s.noted(evidence.Interrupted)
	_, noSource := s.noted(evidence.NoProbeSource)
	unsure := interrupted || !s.lossless() || !s.stillThere()
	_, unseen := s.unseenDirector()
	// From another subnet no answer may find its way back to us.
	blind := s.cfg.Self.Prefix.IsValid() && !s.cfg.Self.Prefix.Contains(s.vip) &&
		!slices.ContainsFunc(suspects, func(x *suspect) bool { return x.host.HoldsVIP == Yes })

	switch {
	case has(ReplyLeak, GratuitousLeak, OnNIC, Conflict, Unowned, Bypassed, Spoofing):
		t.Reply = Fail
	case s.witness && len(s.replyDoubts(suspects)) > 0:
		t.Reply = Inconclusive
	case unsure || unseen || s.nobody || !s.witness && !s.askedInFull() || s.onSelf() || has(OwnerChanged, ProxyARP) || len(s.claimants()) == 0 || !s.ownerKnown():
		t.Reply = Inconclusive
	}

	var servers []Host
	for _, h := range missing {
		if h.Role != Director {
			servers = append(servers, h)
		}
	}
	for _, x := range suspects {
		if x.part.role != Director && !s.former[x.mac] {
			servers = append(servers, x.host)
		}
	}
	unknown := func(of func(Host) Answer) bool {
		return slices.ContainsFunc(servers, func(h Host) bool { return h.HoldsVIP != No && of(h) == Unknown })
	}
	switch {
	case has(AnnounceLeak):
		t.Announce = Fail
	case s.cfg.NoAnnounceTest:
		t.Announce = Skipped
	case unsure || blind || noSource && len(servers) == 0 || unknown(func(h Host) Answer { return h.AnnouncesVIP }):
		t.Announce = Inconclusive
	case len(servers) == 0:
		t.Announce = Skipped
	}
	switch {
	case len(missing) > 0:
		t.Holders = Inconclusive
	case s.cfg.NoAnnounceTest:
		t.Holders = Skipped
	case s.witness && len(s.cfg.RealServers) == 0 && !unsure && !unknown(func(h Host) Answer { return h.HoldsVIP }):
		t.Holders = Skipped // nobody has asked for all who hold it
	case unsure || blind || !s.witness && len(s.echoed) == 0 || unknown(func(h Host) Answer { return h.HoldsVIP }):
		t.Holders = Inconclusive
	}
	return t
}

// summary says in one sentence, without a full stop, what the verdict is.
func (s *scene) summary(r Result, suspects []*suspect) string {
	switch r.Verdict {
	case Fail:
		return s.blame(r.Findings)
	case Inconclusive:
		return "no fault was seen, but " + strings.Join(s.doubts(r, suspects), "; ")
	}
	owner := "one host"
	var silent []evidence.MAC
	for _, x := range suspects {
		switch {
		case x.part.role == Director:
			owner = s.people.call(x.mac)
		case x.host.HoldsVIP == Yes:
			silent = append(silent, x.mac)
		}
	}
	text := owner + " alone answers for it"
	if s.cfg.Director.IsZero() {
		for mac, p := range s.parts {
			if p.role == Director && p.reason == soleClaimant {
				text = s.people.call(mac) + " alone answers for it and is taken for the director"
			}
		}
	}
	switch {
	case len(silent) == 1:
		text += fmt.Sprintf("; %s holds it silently", s.names(silent))
	case len(silent) > 1:
		text += fmt.Sprintf("; %s hold it silently", s.names(silent))
	}
	switch {
	case s.cfg.NoAnnounceTest:
		text += "; who announces it was not tested, as you asked"
	case r.Tests.Announce == Skipped:
		text += "; no real server is named or in sight, so " + s.skipped() + " (name them with --rs)"
	case len(silent) > 0:
		text += ", as real servers should"
	}
	for _, x := range suspects {
		if x.part.role == RealServer && s.isNamed(x.mac) && x.host.HoldsVIP == No {
			text += fmt.Sprintf("; but %s does not have it", s.people.call(x.mac))
		}
	}
	return text
}

// onlyAnswer says who answers for the VIP.
func (s *scene) onlyAnswer() string {
	if len(s.claimants()) == 0 {
		return "none answers for it"
	}
	return "only " + s.names(s.claimants()) + " answers for it"
}

// unseenDirector returns the name of a director that was named and never seen.
func (s *scene) unseenDirector() (name string, unseen bool) {
	d := s.cfg.Director
	if d.IsZero() {
		return "", false
	}
	mac, ok := s.people.find(d)
	name = d.MAC.String()
	if d.IP.IsValid() {
		name = d.IP.String()
		if !d.MAC.IsZero() {
			name += "=" + d.MAC.String()
		}
	}
	return name, !s.ownerKnown() || !ok || !s.people.alive[mac] && mac != s.cfg.Self.MAC
}

// doubts lists what keeps the verdict from being pass.
func (s *scene) doubts(r Result, suspects []*suspect) (all []string) {
	add := func(doubt bool, format string, args ...any) {
		if doubt {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	_, interrupted := s.noted(evidence.Interrupted)
	add(interrupted, "the run ended early")
	if s.witness {
		all = append(all, s.replyDoubts(suspects)...)
	}
	add(s.nobody, "a frame claims it for the MAC address 00:00:00:00:00:00, which clients believe and which is nobody's")
	add(!s.lossless(), "%s, so silence proves nothing", strings.Join(s.losses(), "; "))
	add(!s.ownerKnown() && s.splitBrain(), "several hosts advertise it by VRRP at the same time, and %s", s.onlyAnswer())
	add(s.onSelf(), "this host has the VIP itself and cannot see its own answers")
	add(!s.heir.IsZero(), "the VIP moved from %s to %s during the %s", s.names(s.owners()), s.people.call(s.heir), s.run())
	add(!s.stillThere(), "nothing at all was heard in its last part: is the link up?")
	who, unseen := s.unseenDirector()
	add(unseen && len(s.claimants()) > 0, "the director was named as %s, which was not seen, and %s answers: is that the director?", who, s.names(s.claimants()))
	for _, h := range r.Hosts {
		if h.MAC.IsZero() && !(unseen && h.Role == Director) {
			add(true, "%s was never seen", h.IPs[0])
		}
	}
	add(s.cfg.Self.Prefix.IsValid() && !s.cfg.Self.Prefix.Contains(s.vip) && r.Tests.Holders == Inconclusive && len(suspects) < 2,
		"nobody answered from %s, the subnet of this host, which is not the VIP's: ask from an address in the VIP's subnet", s.cfg.Self.Prefix)
	var unheld, quiet []evidence.MAC
	for _, x := range suspects {
		switch {
		case x.part.role == Director || s.cfg.NoAnnounceTest || s.former[x.mac]:
		case x.host.HoldsVIP == Unknown:
			unheld = append(unheld, x.mac)
		case x.host.HoldsVIP == Yes && x.host.AnnouncesVIP == Unknown:
			quiet = append(quiet, x.mac)
		}
		if x.host.HoldsVIP == No && len(x.replies) > 0 {
			add(true, "%s answers for it without having it (proxy ARP)", s.people.call(x.mac))
		}
	}
	add(len(unheld) > 0, "whether %s holds it could not be seen", s.names(unheld))
	add(len(quiet) > 0, "whether %s announces it could not be seen", s.names(quiet))
	_, noSource := s.noted(evidence.NoProbeSource)
	add(noSource && r.Tests.Announce == Inconclusive, "the announce test could not be run")
	add(len(all) == 0, "not everything that was asked could be decided")
	return all
}
