package diagnose

import (
	"slices"

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
	if !s.witness || len(replies) == 0 {
		return observation{}, false
	}
	last := replies[len(replies)-1]
	var after []evidence.Record
	for _, ask := range asks {
		if before(last, ask) {
			after = append(after, ask)
		}
	}
	return observation{proof: after[:min(len(after), 1)]}, s.silentTo(mac, after) >= silentForGood
}
