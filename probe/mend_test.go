package probe

import (
	"net/netip"
	"slices"
	"strings"
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

// leaks are announcements of the VIP by a real server at these times.
func leaks(at ...time.Duration) (all []evidence.Record) {
	start := time.Now()
	for _, d := range at {
		all = append(all, evidence.Record{Kind: evidence.ARPRequest, Time: start.Add(d), Src: r1, Dst: evidence.Broadcast, SenderMAC: r1, SenderIP: vip, TargetIP: vip})
	}
	return all
}

// What a mend in mid-run comes to is told at the end of the run, and it uses up
// nothing that the tests or the end of the run need.
func TestMendIsTold(t *testing.T) {
	for _, tc := range []struct {
		name     string
		announce int // of the director
		count    int
		rate     int
		leaks    []time.Duration
		want     []evidence.NoteCode
	}{
		{"it works", 0, 3, 0, []time.Duration{300 * time.Millisecond}, []evidence.NoteCode{evidence.Undone}},
		{"the director announces its own address", 2, 3, 0, []time.Duration{300 * time.Millisecond}, []evidence.NoteCode{evidence.NotUndone}},
		{"and again", 2, 60, 0, []time.Duration{300 * time.Millisecond, 3 * time.Second, 6 * time.Second}, []evidence.NoteCode{evidence.NotUndone}},
		{"more often than there are addresses", 0, 60, 0, []time.Duration{
			300 * time.Millisecond, 1800 * time.Millisecond, 3300 * time.Millisecond, 4800 * time.Millisecond, 6300 * time.Millisecond,
			7800 * time.Millisecond, 9300 * time.Millisecond, 10800 * time.Millisecond,
		}, []evidence.NoteCode{evidence.Undone}},
		{"slowly", 0, 3, 2, []time.Duration{300 * time.Millisecond}, []evidence.NoteCode{evidence.Undone}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &segment{hosts: []*host{newHost(dirMAC, dirIP, 0, tc.announce, true)}, queue: leaks(tc.leaks...)}
				cfg := config()
				cfg.Count, cfg.Rate = tc.count, tc.rate
				log := do(t, t.Context(), cfg, s)
				if got := notes(log); !slices.Equal(got, tc.want) {
					t.Errorf("the notes are %v", log.Notes)
				}
				probes, last := map[netip.Addr]int{}, map[netip.Addr]time.Time{}
				for _, rec := range log.Records {
					switch {
					case !rec.Sent:
					case rec.IsProbe():
						probes[rec.TargetIP]++
						last[rec.TargetIP] = rec.Time
					case rec.Kind == evidence.EchoRequest && rec.SenderIP != client:
						if probes[rec.SenderIP] < probesEach || rec.Time.Sub(last[rec.SenderIP]) < settle {
							t.Errorf("%v is used %v after %d probes", rec.SenderIP, rec.Time.Sub(last[rec.SenderIP]), probes[rec.SenderIP])
						}
					}
				}
			})
		})
	}
}

// An entry that the director has just moved back by itself can be moved away
// again, and then resists as long as any.
func TestMendWaitsForEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		own := evidence.Record{Kind: evidence.ARPRequest, Time: start.Add(1250 * time.Millisecond), Src: dirMAC, Dst: evidence.Broadcast, SenderMAC: dirMAC, SenderIP: vip, TargetIP: vip}
		all := leaks(100*time.Millisecond, 2270*time.Millisecond)
		s := &segment{hosts: []*host{director()}, queue: []evidence.Record{all[0], own, all[1]}, own: &entry{mac: dirMAC, updated: start.Add(-time.Minute)}}
		cfg := config()
		cfg.Count = 30
		log := do(t, t.Context(), cfg, s)
		if s.own.mac != dirMAC {
			t.Errorf("in the end the entry is that of %s: %v", s.own.mac, log.Notes)
		}
		if len(log.Notes) != 1 || !strings.HasPrefix(log.Notes[0].Text, "2 times, for 1.2 s at most") && !strings.HasPrefix(log.Notes[0].Text, "2 times, for 1.1 s at most") {
			t.Errorf("the notes are %v", log.Notes)
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
