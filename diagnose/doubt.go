package diagnose

import (
	"fmt"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// A question is one of those that a check answers, or several of them.
type question uint8

const (
	ofReply question = 1 << iota
	ofAnnounce
	ofHolders

	ofAll = ofReply | ofAnnounce | ofHolders
)

// A doubt is why questions cannot be answered. A test that found no fault is
// inconclusive if there is a doubt about it, and only then.
type doubt struct {
	of   question
	text string
}

type doubts []doubt

// add adds a doubt if there is one.
func (d *doubts) add(is bool, of question, format string, args ...any) {
	if is && of != 0 {
		*d = append(*d, doubt{of, fmt.Sprintf(format, args...)})
	}
}

// about reports whether there is a doubt about a question.
func (d doubts) about(of question) bool {
	for _, one := range d {
		if one.of&of != 0 {
			return true
		}
	}
	return false
}

func (d doubts) texts() (all []string) {
	for _, one := range d {
		all = append(all, one.text)
	}
	return all
}

// doubts lists what keeps tests from being decided.
func (s *scene) doubts(suspects []*suspect, missing []Host, findings []Finding) (d doubts) {
	// The last two questions are not put where the user wants no announce test.
	asked := ofAll
	if s.cfg.NoAnnounceTest {
		asked = ofReply
	}
	_, interrupted := s.noted(evidence.Interrupted)
	d.add(interrupted, asked, "the run ended early")
	if s.witness {
		for _, text := range s.replyDoubts(suspects) {
			d.add(true, ofReply, "%s", text)
		}
	}
	d.add(s.nobody, ofReply, "a frame claims it for the MAC address 00:00:00:00:00:00, which clients believe and which is nobody's")
	if wrong := s.misleading(); len(wrong) > 0 {
		d.add(true, ofReply, "%s, sent by %s, claims that it is at %s, and clients believe that",
			s.inFrame(wrong[0]), s.people.call(wrong[0].Src), s.people.call(wrong[0].SenderMAC))
	}
	d.add(!s.lossless(), asked, "%s, so silence proves nothing", strings.Join(s.losses(), "; "))
	d.add(!s.ownerKnown() && s.splitBrain(), ofReply, "several hosts advertise it by VRRP at the same time, and %s", s.onlyAnswer())
	d.add(s.onSelf(), ofReply, "this host has the VIP itself and cannot see its own answers")
	for _, x := range suspects {
		if len(x.replies) > 0 && x.part.role == Director && !s.former[x.mac] && (s.left(x) || x.repliedOnce()) {
			d.add(true, ofReply, "%s, its director, answered until %s and no more", s.people.call(x.mac), clock(last(x.replies)))
		}
	}
	d.add(!s.heir.IsZero(), ofReply, "the VIP moved from %s to %s during the %s", s.names(s.owners()), s.people.call(s.heir), s.run())
	d.add(!s.stillThere(), asked, "nothing at all was heard in its last part: is the link up?")
	n := s.unexamined(len(suspects))
	d.add(n > 0, asked, "%s not examined", count(n, "more host has to do with it and was", "more hosts have to do with it and were"))
	s.absent(&d, missing)
	s.unseenServers(&d, suspects, asked)
	for _, f := range findings {
		for _, x := range suspects {
			switch {
			case f.Code != ProxyARP || x.mac != f.MAC:
			case x.host.HoldsVIP == No && len(x.replies) > 0:
				d.add(true, ofReply, "%s answers for it without having it (proxy ARP)", s.people.call(x.mac))
			default:
				d.add(true, ofReply, "%s answers for addresses that it does not have, or does not use (proxy ARP)", s.people.call(x.mac))
			}
		}
	}
	// What is left can only be the lack of something that ends every run.
	d.add(!s.witness && !d.about(ofReply) && !s.askedInFull(), ofReply, "nobody was given the time to answer who-has for it")
	d.add(!d.about(ofReply) && len(s.claimants()) == 0, ofReply, "nobody was seen to answer who-has for it")
	d.add(!d.about(ofReply) && !s.ownerKnown(), ofReply, "nothing shows which host is its director: name it with --director")
	d.add(!s.witness && !d.about(ofHolders) && len(s.echoed) == 0, ofHolders&asked, "nobody was asked whether it holds the VIP, by an echo request to it")
	return d
}

// absent are the doubts for which a host that was named and not seen is the
// reason.
func (s *scene) absent(d *doubts, missing []Host) {
	who, unseen := s.unseenDirector()
	of := ofReply
	for _, h := range missing {
		if h.Role == Director {
			of |= ofHolders
		}
	}
	answers := ""
	if len(s.claimants()) > 0 {
		answers = fmt.Sprintf(", and %s answers: is that the director?", s.names(s.claimants()))
		if ip := s.cfg.Director.IP; s.witness && ip.IsValid() && s.cfg.Director.MAC.IsZero() {
			answers += fmt.Sprintf(" Then name it as %s=MAC", ip)
		}
	}
	d.add(unseen, of, "the director was named as %s, which was not seen%s", who, answers)
	of = ofAnnounce | ofHolders
	if s.cfg.NoAnnounceTest {
		of = ofHolders
	}
	for _, h := range missing {
		d.add(h.Role != Director || !unseen, of, "%s was never seen", h.IPs[0])
	}
}

// unseenServers are the doubts about who holds the VIP, and announces it.
func (s *scene) unseenServers(d *doubts, suspects []*suspect, asked question) {
	holds := false
	for _, x := range suspects {
		holds = holds || x.host.HoldsVIP == Yes
	}
	// From another subnet no answer may find its way back to us.
	if net := s.cfg.Self.Prefix; net.IsValid() && !net.Contains(s.vip) && !holds {
		text := "nobody answered from %s, the subnet of this host, which is not the VIP's: ask from an address in the VIP's subnet"
		if len(suspects) > 1 {
			text = "answers may not find their way to %s, the subnet of this host, which is not the VIP's: ask from an address in the VIP's subnet"
		}
		d.add(true, asked&(ofAnnounce|ofHolders), text, net)
	}
	var unheld, quiet []evidence.MAC
	var of question
	servers := s.servers(suspects)
	for _, x := range servers {
		silent := x.host.HoldsVIP != No && x.host.AnnouncesVIP == Unknown
		switch {
		case x.host.HoldsVIP == Unknown:
			unheld = append(unheld, x.mac)
			if of |= ofHolders; silent {
				of |= ofAnnounce
			}
		case silent:
			quiet = append(quiet, x.mac)
		}
	}
	d.add(len(unheld) > 0, of&asked, "whether %s holds it could not be seen", s.names(unheld))
	d.add(len(quiet) > 0, ofAnnounce&asked, "whether %s announces it could not be seen", s.names(quiet))
	_, noSource := s.noted(evidence.NoProbeSource)
	d.add(noSource && (len(servers) == 0 || d.about(ofAnnounce)), ofAnnounce&asked, "the announce test could not be run")
}
