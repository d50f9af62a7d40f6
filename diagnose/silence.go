package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// silentTo counts the asks to which a host that listened did not reply, though
// the log would show it.
func (s *scene) silentTo(mac evidence.MAC, asks []evidence.Record) (n int) {
	for _, ask := range asks {
		if s.visible(mac, ask) && s.heard(ask, s.cfg.wait()) && !s.repliedTo(mac, ask) {
			n++
		}
	}
	return n
}

// repliedTo reports whether a host replied to one ask.
func (s *scene) repliedTo(mac evidence.MAC, ask evidence.Record) bool {
	return slices.ContainsFunc(s.by[mac], func(rec evidence.Record) bool {
		return rec.Kind != evidence.ARPRequest && answersTo(&rec, &ask, mac) && rec.Time.Sub(ask.Time) <= s.cfg.wait()
	})
}

// silentForGood is after how many asks without a reply a host that did reply
// before has changed: that many frames are not lost in a row.
const silentForGood = 4

// fellSilent finds that a host replied at first and then no more: its settings
// were changed, and no hypothesis fits both.
func (s *scene) fellSilent(mac evidence.MAC, m model, asks, replies []evidence.Record) (observation, bool) {
	if len(replies) == 0 {
		return observation{}, false
	}
	last := replies[len(replies)-1]
	var after []evidence.Record
	for _, ask := range asks {
		if before(last, ask) {
			after = append(after, ask)
		}
	}
	return observation{turned: true, proof: after[:min(len(after), 1)]}, s.silentTo(mac, after) >= silentForGood
}

// mended says of which hosts the settings are those that they have now, and had
// not all the time.
func (s *scene) mended(suspects []*suspect) (notes []Note) {
	for _, x := range suspects {
		if !x.class.since.IsZero() && x.part.role != Director && !s.former[x.mac] && !s.spoofs(x.mac) {
			notes = append(notes, Note{Text: fmt.Sprintf("%s behaved otherwise before %s: somebody changed its settings, and those that are shown are the later ones",
				s.people.call(x.mac), clock(x.class.since))})
		}
	}
	return notes
}

// clock is a time of day as it is said.
func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// past reports whether all of that was before somebody changed the host's settings.
func (x *suspect) past(did []evidence.Record) bool {
	since := x.class.since
	return !since.IsZero() && !slices.ContainsFunc(did, func(rec evidence.Record) bool { return !rec.Time.Before(since) })
}

// mostSteps is how many moments are tried as that of a change.
const mostSteps = 64

// latest finds the longest end of the log that some hypothesis fits, and from
// when on it is. A shorter end may fit worse: of a host that answered once, it
// may hold nothing but silence. So the moments are tried one after the other, or
// where there are very many of them, some, and then those before the first that
// fits.
func (s *scene) latest(mac evidence.MAC) (c class, since time.Time, ok bool) {
	var moments []time.Time
	for _, rec := range s.by[mac] {
		moments = append(moments, rec.Time.Add(time.Nanosecond))
	}
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.Compact(moments)
	if !s.witness {
		// Who was asked until the end, and did nothing any more, has left.
		moments = moments[:max(0, len(moments)-1)]
	}
	step := (len(moments) + mostSteps - 1) / mostSteps
	try := func(i int) bool {
		found := s.eliminateSince(mac, moments[i])
		if len(found.left) > 0 {
			c, since, ok = found, moments[i], true
		}
		return len(found.left) > 0
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
	return c, since, ok
}
