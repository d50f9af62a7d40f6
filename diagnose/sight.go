package diagnose

import (
	"fmt"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// askedInSight counts the broadcast who-has for the VIP whose answers the
// capture would show, whoever gave them. If there are others whose answers would
// have come by elsewhere, for the capture was taken at one host, it returns that.
func (s *scene) askedInSight() (n int, at evidence.MAC) {
	for _, ask := range s.asked {
		if ask.Dst != evidence.Broadcast || ask.IsProbe() || !s.heard(ask, s.cfg.wait()) {
			continue
		}
		in, there := s.people.inSight(&ask)
		if in {
			n++
		} else if at.IsZero() {
			at = there
		}
	}
	return n, at
}

// replyDoubts lists why a capture does not show that the right host, and no
// other, answers who-has for the VIP.
func (s *scene) replyDoubts(suspects []*suspect) (all []string) {
	asks := 0
	for _, ask := range s.asked {
		if ask.Dst == evidence.Broadcast {
			asks++
		}
	}
	answered := slices.ContainsFunc(suspects, func(x *suspect) bool { return len(x.replies) > 0 })
	var hidden []evidence.MAC
	for _, x := range suspects {
		if x.part.role != Director && !s.former[x.mac] && len(x.replies) == 0 && x.host.HoldsVIP != No && x.host.AnswersARP == Unknown {
			hidden = append(hidden, x.mac)
		}
	}
	inSight, at := s.askedInSight()
	switch {
	case !s.onLink && len(s.by) > 0:
		all = append(all, "nobody asks for it by ARP, so it may be far away, and the MAC addresses are those of routers")
	case asks == 0 && answered:
		all = append(all, "nobody asks for it by ARP in a broadcast, which all would have to answer")
	case asks == 0 && len(s.rivals()) == 1:
		all = append(all, fmt.Sprintf("%s answers clients as %s, and nothing shows whether it should: name it with --director or --rs", s.names(s.rivals()), s.vip))
	case asks == 0:
		all = append(all, "nobody asks for it by ARP, so who would answer cannot be seen")
	case !answered && len(s.rivals()) > 0:
		all = append(all, fmt.Sprintf("%s was not seen to answer who-has for it", s.names(s.rivals())))
	case !answered:
		all = append(all, fmt.Sprintf("no answer to %s is in the capture, which may have been taken where answers do not come by", count(asks, "who-has for it", "who-has for it")))
	case !s.lossless(): // no silence counts, which is told
	case inSight < asksNeeded && !at.IsZero():
		all = append(all, fmt.Sprintf("each frame to or from one host alone is of %s, so the capture may have been taken there, where the answers of others do not come by: capture at the one who asks, while that one talks to another host, too", s.people.call(at)))
	case inSight == 0:
		all = append(all, "the capture ends before others could have answered who-has for it")
	case inSight < asksNeeded:
		all = append(all, "only one who-has for it is in the capture, and the frames of one who-has can get lost")
	}
	if len(hidden) > 0 {
		all = append(all, fmt.Sprintf("whether %s answers for it cannot be seen: the capture has no such frame to whoever asked", s.names(hidden)))
	}
	return all
}

// skipped says what the lack of a real server leaves out.
func (s *scene) skipped() string {
	if s.witness {
		return "who announces it was not looked at"
	}
	return "the announce test was skipped"
}

// count puts a number before a noun.
func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
