package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// tests answers the three questions of a check from what was found, and says
// why those are inconclusive that are.
func (s *scene) tests(suspects []*suspect, missing []Host, findings []Finding) (t Tests, open []string) {
	has := func(codes ...Code) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return slices.Contains(codes, f.Code) })
	}
	doubts := s.doubts(suspects, missing, findings)
	decide := func(of question) Verdict {
		if doubts.about(of) {
			return Inconclusive
		}
		return Pass
	}
	t = Tests{Reply: decide(ofReply), Announce: decide(ofAnnounce), Holders: decide(ofHolders)}
	if has(ReplyLeak, GratuitousLeak, OnNIC, Conflict, Unowned, Bypassed, Spoofing) {
		t.Reply = Fail
	}
	switch {
	case has(AnnounceLeak):
		t.Announce = Fail
	case s.cfg.NoAnnounceTest, t.Announce == Pass && len(s.servers(suspects)) == 0:
		t.Announce = Skipped
	}
	switch {
	case t.Holders == Inconclusive:
	case s.cfg.NoAnnounceTest, s.witness && len(s.cfg.RealServers) == 0:
		t.Holders = Skipped // nobody has asked for all who hold it
	}
	return t, doubts.texts()
}

// servers are the hosts that may be real servers.
func (s *scene) servers(suspects []*suspect) (all []*suspect) {
	for _, x := range suspects {
		if x.part.role != Director && !s.former[x.mac] {
			all = append(all, x)
		}
	}
	return all
}

// summary says in one sentence, without a full stop, what the verdict is.
func (s *scene) summary(r Result, suspects []*suspect, open []string) string {
	switch r.Verdict {
	case Fail:
		return s.blame(r.Findings, suspects)
	case Inconclusive:
		return "no fault was seen, but " + strings.Join(open, "; ")
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
