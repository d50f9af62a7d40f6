package probe

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// In a long run a real server announces the VIP by itself, more than once, and
// another one right behind it. No neighbour entry stays wrong until the end.
func TestMend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r2 := evidence.MAC{2, 0, 0, 0, 0, 4}
		start := time.Now()
		s := &segment{hosts: []*host{director()}, own: &entry{mac: dirMAC, updated: start.Add(-time.Minute)}}
		for _, by := range []struct {
			at  time.Duration
			mac evidence.MAC
		}{
			{300 * time.Millisecond, r1},
			{3 * time.Second, r1}, {3100 * time.Millisecond, r1}, {4010 * time.Millisecond, r2}, {4020 * time.Millisecond, r1},
			{9 * time.Second, r2},
		} {
			s.queue = append(s.queue, evidence.Record{Kind: evidence.ARPRequest, Time: start.Add(by.at), Src: by.mac, Dst: evidence.Broadcast,
				SenderMAC: by.mac, SenderIP: vip, TargetIP: vip})
		}
		cfg := config()
		cfg.Count = 60
		w := &watched{segment: s}
		s.t = t
		r, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		log := r.Do(t.Context(), w)
		if s.own.mac != dirMAC {
			t.Errorf("in the end the entry is that of %s", s.own.mac)
		}
		if w.stretches < 3 || w.longest > 2200*time.Millisecond {
			t.Errorf("the entry was wrong %d times, for up to %v", w.stretches, w.longest)
		}
		if len(notes(log)) != 1 || log.Notes[0].Code != evidence.Undone {
			t.Errorf("the notes are %v", log.Notes)
		}
		if took := log.End.Sub(log.Start); took < 11*time.Second {
			t.Errorf("the run took %v, too short to tell", took)
		}
	})
}

// watched notes how long the client's own entry is not the director's. The worst
// that can be is two locktimes: a host that comes just before the repair has to be
// waited for, too.
type watched struct {
	*segment
	wrong     time.Time
	stretches int
	longest   time.Duration
}

func (w *watched) Next(deadline time.Time) (evidence.Record, error) {
	rec, err := w.segment.Next(deadline)
	switch {
	case w.own.mac == dirMAC:
		w.wrong = time.Time{}
	case w.wrong.IsZero():
		w.wrong = time.Now()
		w.stretches++
	default:
		w.longest = max(w.longest, time.Since(w.wrong))
	}
	return rec, err
}
