package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// blame sums up the critical findings: which hosts do what.
func (s *scene) blame(findings []Finding, suspects []*suspect) string {
	deeds := map[Code][3]string{ // of one host, of several, and in the past
		ReplyLeak:      {"answers for it", "answer for it", "answered for it"},
		AnnounceLeak:   {"announces it", "announce it", "announced it"},
		GratuitousLeak: {"sends gratuitous ARP for it", "send gratuitous ARP for it"},
		SubnetAnswered: {"answers for addresses that nobody has", "answer for addresses that nobody has"},
		Bypassed:       {"serves clients that should go to the director", "serve clients that should go to the director"},
		Spoofing:       {"draws it to itself by ARP spoofing", "draw it to themselves by ARP spoofing"},
		ARPSilent:      {"does not answer ARP for its own address", "do not answer ARP for their own addresses"},
	}
	when := map[evidence.MAC]map[Code]string{} // of a host that somebody has mended, or broken
	for _, x := range suspects {
		when[x.mac] = map[Code]string{}
		switch {
		case x.repliedOnce():
			when[x.mac][ReplyLeak] = " until " + clock(last(x.replies))
		case x.anew(x.replies):
			when[x.mac][ReplyLeak] = " since " + clock(x.class.since)
		}
		if x.announcedOnce() {
			when[x.mac][AnnounceLeak] = " until " + clock(last(x.announcements))
		}
	}
	var parts []string
	var macs []evidence.MAC
	did := map[evidence.MAC][]Code{}
	for _, f := range findings {
		switch {
		case f.Severity != Critical:
		case f.Code == Conflict:
			if s.splitBrain() {
				parts = append(parts, s.disputed()+" advertise it at the same time, each as the master (split brain)")
				continue
			}
			parts = append(parts, s.disputed()+" "+s.verb()+" it, and nothing shows which is right ("+s.nameIt()+")")
		case f.Code == Unowned:
			parts = append(parts, "nobody answers for it, so no client can reach it")
		case deeds[f.Code][0] != "":
			if did[f.MAC] == nil {
				macs = append(macs, f.MAC)
			}
			did[f.MAC] = append(did[f.MAC], f.Code)
		}
	}
	// Hosts that did the same share a part of the sentence.
	for len(macs) > 0 {
		codes := did[macs[0]]
		var same, rest []evidence.MAC
		for _, mac := range macs {
			if slices.Equal(did[mac], codes) && maps.Equal(when[mac], when[macs[0]]) {
				same = append(same, mac)
			} else {
				rest = append(rest, mac)
			}
		}
		text := s.names(same)
		for i, code := range codes {
			at := when[macs[0]][code]
			tense := min(len(same), 2) - 1
			if strings.HasPrefix(at, " until") {
				tense = 2
			}
			if i > 0 {
				text += " and"
			}
			text += " " + deeds[code][tense]
			if i+1 == len(codes) || when[macs[0]][codes[i+1]] != at {
				text += at
			}
		}
		parts = append(parts, text)
		macs = rest
	}
	var directors []evidence.MAC
	answers := false
	for _, mac := range s.suspected() {
		if s.parts[mac].role == Director && len(did[mac]) == 0 {
			d := s.did(mac)
			directors = append(directors, mac)
			answers = answers || len(d.replies)+len(d.gratuitous) > 0 || mac == s.cfg.Self.MAC
		}
	}
	claims := false // or it is their own addresses that they are silent about
	for _, codes := range did {
		claims = claims || slices.ContainsFunc(codes, func(c Code) bool { return c != ARPSilent })
	}
	switch {
	case !claims || len(directors) == 0:
	case answers:
		parts = append(parts, "only "+s.names(directors)+" should")
	case !s.askedInFull():
		// It may well answer, where that was not seen.
	default:
		// First, for that is what must be mended first.
		parts = slices.Insert(parts, 0, "the director "+s.names(directors)+" does not answer for it")
	}
	return strings.Join(parts, "; ")
}

// disputed names those between whom a conflict is.
func (s *scene) disputed() string {
	var rivals []evidence.MAC
	for _, mac := range s.rivals() {
		if s.parts[mac].role == Other && !s.former[mac] && !s.spoofs(mac) {
			rivals = append(rivals, mac)
		}
	}
	if len(rivals) == 0 {
		return "two routers"
	}
	return s.names(rivals)
}

// verb is what they do.
func (s *scene) verb() string {
	for _, mac := range s.rivals() {
		if d := s.deeds[mac]; s.parts[mac].role == Other && len(d.replies)+len(d.gratuitous)+len(d.announcements) == 0 {
			return "answer as"
		}
	}
	return "claim"
}

// nameIt says how to name the director so that it is known in the log.
func (s *scene) nameIt() string {
	if ip := s.cfg.Director.IP; ip.IsValid() && s.cfg.Director.MAC.IsZero() {
		return fmt.Sprintf("no frame shows the MAC address of %s: name the director as %s=MAC", ip, ip)
	}
	return "name the director with --director"
}
