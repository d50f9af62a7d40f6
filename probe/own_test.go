package probe

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// However a run ends, this host's own entry for the VIP is the director's, or
// as it was before; where it cannot be, the run says so.
func TestOwnEntry(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		hosts  []*host
		before evidence.MAC
		want   evidence.MAC
		note   bool
	}{
		{"it was right", func(*Config) {}, []*host{newHost(r1, r1IP, 0, 0, false), director()}, dirMAC, dirMAC, false},
		{"it was wrong before, and stays what it was", func(*Config) {}, []*host{newHost(r1, r1IP, 0, 2, false), director()}, r1, r1, false},
		{"ended at the first fault", func(c *Config) {
			c.Stop = func(log *evidence.Log) bool {
				return slices.ContainsFunc(log.Records, func(r evidence.Record) bool { return !r.Sent && r.SenderMAC == r1 })
			}
		}, []*host{newHost(r1, r1IP, 0, 0, false), director()}, dirMAC, dirMAC, false},
		{"nothing that makes others ask", func(c *Config) { c.NoAnnounceTest = true }, []*host{newHost(r1, r1IP, 0, 0, false), director()}, dirMAC, dirMAC, false},
		{"nobody knows who is right", func(c *Config) { c.Owners = nil }, []*host{newHost(r1, r1IP, 0, 0, false), director()}, dirMAC, dirMAC, false},
		{"the director is down", func(*Config) {}, []*host{newHost(r1, r1IP, 0, 0, false)}, dirMAC, r1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := config()
				tc.change(&cfg)
				s := &segment{hosts: tc.hosts, own: &entry{tc.before, time.Now().Add(-time.Minute)}}
				log := do(t, t.Context(), cfg, s)
				if s.own.mac != tc.want {
					t.Errorf("the entry is %s, want %s", s.own.mac, tc.want)
				}
				if said := slices.ContainsFunc(log.Notes, func(n evidence.Note) bool {
					return n.Code == evidence.NotUndone && n.Text[:11] == "this host's"
				}); said != tc.note {
					t.Errorf("said: %t, want %t; %v", said, tc.note, log.Notes)
				}
				if took := log.End.Sub(log.Start); took > 5*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// Where unused addresses are few, what is only good to know does not use up the
// one that undoes the harm.
func TestUndoHasAnAddressLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probing := config()
		probing.Next = func(*evidence.Log, netip.Addr) []evidence.Question {
			return []evidence.Question{{To: r1, Kind: evidence.EchoRequest, Target: vip, Sender: evidence.AsUnused}}
		}
		taken := probing
		taken.Rand = rand.New(rand.NewPCG(1, 2)) // the same dice
		first, err := New(taken)
		if err != nil {
			t.Fatal(err)
		}
		s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 0, false)}}
		for i, addr := range first.Temporary()[2:] {
			h := newHost(evidence.MAC{2, 0, 0, 0, 1, byte(i)}, addr, 0, 0, false)
			h.k.Interfaces[0].Addresses = nil // it does not have the VIP
			s.hosts = append(s.hosts, h)
		}
		if log := do(t, t.Context(), probing, s); !slices.Contains(notes(log), evidence.Undone) {
			t.Errorf("notes %v, want undone", log.Notes)
		}
	})
}

// Times of frames may come from a wall clock that is set back in mid-run: they
// then lie in the future. Nobody waits until that has come.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &segment{hosts: []*host{newHost(r1, r1IP, 0, 0, false), director()}, own: &entry{dirMAC, time.Now().Add(-time.Minute)}, ahead: time.Hour}
		log := do(t, t.Context(), config(), s)
		if took := log.End.Sub(log.Start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if !slices.Contains(notes(log), evidence.Undone) {
			t.Errorf("notes %v, want undone", log.Notes)
		}
	})
}
