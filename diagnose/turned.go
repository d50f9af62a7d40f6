package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A span is a part of a run or of a capture. The zero value is all of it.
type span struct{ from, to time.Time }

func (p span) has(t time.Time) bool { return !t.Before(p.from) && (p.to.IsZero() || !t.After(p.to)) }

// turn finds when a host last began to answer who-has VIP, or ceased to, while a long
// run asked all for it again and again: one of the two is not its way, but what somebody
// did to it. What counts is the part of the run after that; where the host did nothing
// at all any more, it has left, and the part before counts. Broadcasts alone are
// compared, for there are odd hosts that answer no others.
func (s *scene) turn(mac evidence.MAC) (part span, ok bool) {
	var asks, replies []evidence.Record
	for _, ask := range s.sent {
		if ask.Kind == evidence.ARPRequest && (ask.Dst == evidence.Broadcast || ask.Dst == mac) && ask.TargetIP == s.vip && (ask.SenderIP == s.cfg.Self.Addr || !s.cfg.Self.Addr.IsValid()) {
			asks = append(asks, ask)
		}
	}
	for _, rec := range s.by[mac] {
		// What was asked last is what it answers.
		for i := len(asks) - 1; i >= 0; i-- {
			if answersTo(&rec, &asks[i], mac) {
				if asks[i].Dst == evidence.Broadcast {
					replies = append(replies, rec)
				}
				break
			}
		}
	}
	asks = slices.DeleteFunc(asks, func(ask evidence.Record) bool { return ask.Dst != evidence.Broadcast })
	if len(replies) < asksNeeded {
		return part, false
	}
	// gaps[i] counts the questions that were not answered before replies[i], and the
	// last of them those after all replies.
	gaps := make([]int, len(replies)+1)
	var unanswered time.Time // the first of the last gap
	for _, ask := range asks {
		i, _ := slices.BinarySearchFunc(replies, ask, func(reply, ask evidence.Record) int {
			return reply.Time.Add(promptly).Compare(ask.Time) // their clocks may differ a little
		})
		if i < len(replies) && replies[i].Time.Sub(ask.Time) < promptly || !s.heard(ask, s.cfg.wait()) {
			continue // it was answered, or may yet be
		}
		if gaps[i]++; i == len(replies) && gaps[i] == 1 {
			unanswered = ask.Time
		}
	}
	// Whoever answers now and then has its pauses all the time.
	for i := len(replies); i >= 0; i-- {
		pauses := gaps[1:len(replies)]
		if i < len(replies) {
			pauses = gaps[i+1 : len(replies)]
		}
		usual := slices.Max(append([]int{0}, pauses...))
		switch {
		case gaps[i] < silentForGood || gaps[i] <= 2*usual:
		case i < len(replies):
			return span{from: replies[i].Time.Add(-promptly)}, len(replies)-i >= asksNeeded
		case s.by[mac][len(s.by[mac])-1].Time.Before(unanswered):
			return span{to: unanswered.Add(-time.Nanosecond)}, true
		default:
			return span{from: unanswered}, true
		}
	}
	return part, false
}

// turned says on which hosts something was changed, so that what is said about them is
// what they do now; and which have left.
func (s *scene) turned(suspects []*suspect) (notes []Note) {
	for _, x := range suspects {
		if s.former[x.mac] || s.spoofs(x.mac) {
			continue
		}
		name := s.people.call(x.mac)
		if at := x.class.until; s.left(x) {
			notes = append(notes, Note{Text: fmt.Sprintf("%s is silent since %s: is it down? What is said about it holds until then", name, clock(at))})
		}
		if at := x.class.since; !at.IsZero() {
			text := "something was changed on %s by %s: its settings, where the VIP is, or a filter; the settings shown are those since then"
			if !s.by[x.mac][0].Time.Before(at) {
				text = "%s was not heard before %s: it has come up then, or something was changed there"
			}
			notes = append(notes, Note{Text: fmt.Sprintf(text, name, clock(at))})
		}
	}
	return notes
}

// last is the time of the last one.
func last(recs []evidence.Record) time.Time { return recs[len(recs)-1].Time }

// clock is a time of day as it is said.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.0 UTC") }

// left reports whether a host was not heard any more from some moment on, though others
// were: else it may be the cable of this one.
func (s *scene) left(x *suspect) bool {
	if x.class.until.IsZero() {
		return false
	}
	for mac, recs := range s.by {
		if mac != x.mac && last(recs).After(x.class.until) {
			return true
		}
	}
	return false
}

// repliedOnce reports whether a host answered for the VIP only before something was
// changed on it, and announcedOnce whether it announced it only then.
func (x *suspect) repliedOnce() bool {
	return len(x.replies) > 0 && x.past(x.replies) && x.class.answersVIP() == No
}

func (x *suspect) announcedOnce() bool {
	return len(x.announcements) > 0 && x.past(x.announcements) && x.class.announcesVIP() == No
}

// past reports whether all of that was before something was changed on the host.
func (x *suspect) past(did []evidence.Record) bool {
	since := x.class.since
	return !since.IsZero() && !slices.ContainsFunc(did, func(rec evidence.Record) bool { return !rec.Time.Before(since) })
}

// anew reports whether all of that was after it.
func (x *suspect) anew(did []evidence.Record) bool {
	since := x.class.since
	return len(did) > 0 && !since.IsZero() && !slices.ContainsFunc(did, func(rec evidence.Record) bool { return rec.Time.Before(since) })
}

// explainPast is for what a host did only until something was changed on it.
func (s *scene) explainPast(x *suspect, f *Finding, did string, until time.Time, name string, value int, now []int) {
	f.Summary = fmt.Sprintf("%s %s until %s.", s.people.call(x.mac), did, clock(until))
	f.Why = fmt.Sprintf("Then something was changed there, during the %s: its settings (%s is %s now), where the VIP is, or a filter.", s.run(), name, list(now))
	f.Fix = append([]string{"# done, if that was you: check again. So that it outlives the next boot:"}, setting(name, value)[1])
	if slices.Contains(now, 0) || x.class.holdsVIP() != Yes {
		f.Why = fmt.Sprintf("Then the VIP was taken off it, during the %s, or it went away. %s may still be 0 there, so it may do that again.", s.run(), name)
		f.Fix = setting(name, value)
	}
}

// mostSteps is how many moments are tried as that of a change.
const mostSteps = 64

// latest finds the longest end of a capture that some hypothesis fits. A shorter end may
// fit worse: of a host that answered once, it may hold nothing but silence. So the
// moments are tried one after the other, or where there are very many of them, some,
// and then those before the first that fits.
func (s *scene) latest(mac evidence.MAC) (part span, ok bool) {
	var moments []time.Time
	for _, rec := range s.by[mac] {
		moments = append(moments, rec.Time.Add(time.Nanosecond))
	}
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.Compact(moments)
	step := (len(moments) + mostSteps - 1) / mostSteps
	try := func(i int) bool {
		end := span{from: moments[i]}
		fits := len(s.eliminateIn(mac, end).left) > 0
		if fits {
			part, ok = end, true
		}
		return fits
	}
	for i := 0; i < len(moments) && !ok; i += step {
		if !try(i) {
			continue
		}
		for from, to := max(0, i-step+1), i; from < to; {
			if mid := (from + to) / 2; try(mid) {
				to = mid
			} else {
				from = mid + 1
			}
		}
	}
	return part, ok
}
