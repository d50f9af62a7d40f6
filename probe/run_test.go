package probe

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/arpcheck/arpcheck/evidence"
)

// config names the director and one real server.
func config() Config {
	return Config{
		VIPs: []netip.Addr{vip}, MAC: selfMAC, Addr: client, Prefix: subnet,
		Director:    evidence.Host{IP: dirIP, MAC: dirMAC},
		RealServers: []evidence.Host{{IP: r1IP, MAC: r1}},
		Owners:      func(*evidence.Log, netip.Addr) []evidence.MAC { return []evidence.MAC{dirMAC} },
		Rand:        rand.New(rand.NewPCG(1, 2)),
	}
}

// do makes a run over the segment, in the bubble's time.
func do(t *testing.T, ctx context.Context, cfg Config, s *segment) evidence.Log {
	t.Helper()
	s.t = t
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r.Do(ctx, s)
}

func director() *host { return newHost(dirMAC, dirIP, 0, 0, true) }

func notes(log evidence.Log) (codes []evidence.NoteCode) {
	for _, n := range log.Notes {
		codes = append(codes, n.Code)
	}
	return codes
}

// What is sent is what is logged, in that order, and what is received is
// logged too, numbered in one row.
func TestLogIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 2, false)}}
		log := do(t, t.Context(), config(), s)
		var sent []evidence.Record
		for i, rec := range log.Records {
			if rec.Number != i+1 {
				t.Fatalf("record %d has the number %d", i+1, rec.Number)
			}
			if rec.Sent {
				sent = append(sent, rec)
			}
		}
		if diff := cmp.Diff(s.sent, sent, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
			cmpopts.IgnoreFields(evidence.Record{}, "Number", "Sent")); diff != "" {
			t.Errorf("on the wire and in the log (-wire +log):\n%s", diff)
		}
		if got := len(log.Records) - len(sent); got == 0 {
			t.Error("nothing was received")
		}
		if took := log.End.Sub(log.Start); took > 2500*time.Millisecond {
			t.Errorf("it took %v, want 2.5 s at most", took)
		}
	})
}

// A leak that the announce test has drawn is moved back by the director, and
// the run says whether that came to pass.
func TestUndo(t *testing.T) {
	announcing := func(n int) *host { return newHost(dirMAC, dirIP, 0, n, true) }
	for _, tc := range []struct {
		name   string
		hosts  []*host
		owners func(*evidence.Log, netip.Addr) []evidence.MAC
		want   []evidence.NoteCode
		says   string
	}{
		{"nothing to undo", []*host{director(), newHost(r1, r1IP, 1, 2, false)}, config().Owners, nil, ""},
		{"undone", []*host{director(), newHost(r1, r1IP, 1, 0, false)}, config().Owners, []evidence.NoteCode{evidence.Undone}, "announced the address again"},
		{"the director announces its own address", []*host{announcing(2), newHost(r1, r1IP, 1, 0, false)}, config().Owners, []evidence.NoteCode{evidence.NotUndone}, "arp_announce 2"},
		{"no director", []*host{newHost(r1, r1IP, 1, 0, false)}, nil, []evidence.NoteCode{evidence.NotUndone}, ""},
		{"it is down", []*host{newHost(r1, r1IP, 1, 0, false)}, config().Owners, []evidence.NoteCode{evidence.NotUndone}, "did not react"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := config()
				cfg.Owners = tc.owners
				log := do(t, t.Context(), cfg, &segment{hosts: tc.hosts})
				if diff := cmp.Diff(tc.want, notes(log)); diff != "" {
					t.Fatalf("notes (-want +got):\n%s%v", diff, log.Notes)
				}
				if tc.says != "" && !strings.Contains(log.Notes[0].Text, tc.says) {
					t.Errorf("the note is %q, want %q in it", log.Notes[0].Text, tc.says)
				}
			})
		})
	}
}

// A run that is interrupted asks nothing more, but undoes its harm.
func TestInterrupted(t *testing.T) {
	for after := 50 * time.Millisecond; after < 1600*time.Millisecond; after += 150 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 0, false)}}
			log := do(t, ctx, config(), s)
			leaked := slices.ContainsFunc(log.Records, func(r evidence.Record) bool { return r.Kind == evidence.ARPRequest && r.SenderMAC == r1 })
			codes := notes(log)
			if !slices.Contains(codes, evidence.Interrupted) || slices.Contains(codes, evidence.Undone) != leaked {
				t.Errorf("after %v: notes %v; want interrupted, and undone: %t", after, codes, leaked)
			}
		})
	}
}

// A lost interface is noted, whenever it goes.
func TestLostInterface(t *testing.T) {
	for after := 50 * time.Millisecond; after < 2300*time.Millisecond; after += 100 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			s := &segment{hosts: []*host{director()}, lost: time.Now().Add(after)}
			cfg := config()
			cfg.Wait = 2 * time.Second
			log := do(t, t.Context(), cfg, s)
			if took := log.End.Sub(log.Start); took > after+50*time.Millisecond {
				t.Errorf("lost after %v, ended after %v", after, took)
			}
			if !slices.Contains(notes(log), evidence.Interrupted) {
				t.Errorf("lost after %v: notes %v, want interrupted", after, notes(log))
			}
		})
	}
}

// An interface that goes while harm is undone is noted, and the harm that stays.
func TestLostWhileUndoing(t *testing.T) {
	stays := 0
	for before := 2 * time.Millisecond; before < 1400*time.Millisecond; before += 100 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			leaking := func() *segment { return &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 0, false)}} }
			whole := do(t, t.Context(), config(), leaking())
			s := leaking()
			s.lost = time.Now().Add(whole.End.Sub(whole.Start) - before)
			log := do(t, t.Context(), config(), s)
			codes := notes(log)
			if !slices.Contains(codes, evidence.Interrupted) {
				t.Errorf("lost %v before the end: notes %v, want interrupted", before, codes)
			}
			for _, n := range log.Notes {
				if n.Code == evidence.NotUndone {
					if stays++; !strings.Contains(n.Text, "gone") {
						t.Errorf("lost %v before the end: %q", before, n.Text)
					}
				}
			}
		})
	}
	if stays < 5 {
		t.Errorf("harm stays behind %d times only", stays)
	}
}

// The last that is sent is a who-has to each claimant, in every run.
func TestSignOfLife(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := config()
			cfg.NoAnnounceTest = quiet
			s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 0, 2, false)}}
			log := do(t, t.Context(), cfg, s)
			last := s.sent[len(s.sent)-2:]
			to := []evidence.MAC{last[0].Dst, last[1].Dst}
			for _, rec := range last {
				if rec.Kind != evidence.ARPRequest || rec.TargetIP != vip {
					t.Errorf("last was sent: %s", rec)
				}
			}
			if !slices.Contains(to, dirMAC) || !slices.Contains(to, r1) {
				t.Errorf("last were asked: %v", to)
			}
			if end := log.Records[len(log.Records)-1]; end.Kind != evidence.ARPReply || end.Sent {
				t.Errorf("last was seen: %s", end)
			}
		})
	}
}

// A link that was away for a time is noted too; the run is ended in order.
func TestLostLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 0, false)}, flap: errors.New("eth1: no link for some time")}
		if got := notes(do(t, t.Context(), config(), s)); !slices.Contains(got, evidence.Interrupted) || !slices.Contains(got, evidence.Undone) {
			t.Errorf("notes %v, want interrupted and undone", got)
		}
	})
}

// A SYN-ACK tells by its port which claimant it has come by: no two share one.
func TestSynPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.Port = 80
		s := &segment{}
		for i := range 100 {
			s.hosts = append(s.hosts, newHost(evidence.MAC{2, 0, 0, 0, 1, byte(i)}, netip.AddrFrom4([4]byte{192, 168, 1, byte(100 + i)}), 0, 0, false))
		}
		used := map[uint16]bool{}
		for _, rec := range do(t, t.Context(), cfg, s).Records {
			if rec.Kind != evidence.TCPSyn {
				continue
			}
			if used[rec.SenderPort] || rec.SenderPort < firstSynPort || rec.SenderPort >= firstSynPort+synPorts {
				t.Fatalf("port %d again, or none of ours", rec.SenderPort)
			}
			used[rec.SenderPort] = true
		}
		if len(used) < 800 {
			t.Errorf("%d SYNs, want 8 for each host", len(used))
		}
	})
}

// --no-announce-test: ARP alone, and nobody has to look for anyone.
func TestNoAnnounceTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.NoAnnounceTest = true
		log := do(t, t.Context(), cfg, &segment{hosts: []*host{director(), newHost(r1, r1IP, 0, 0, false)}})
		for _, rec := range log.Records {
			if !rec.IsARP() || !rec.Sent && rec.Kind == evidence.ARPRequest {
				t.Errorf("frame %d: %s", rec.Number, rec)
			}
		}
	})
}

// No two frames follow each other faster than the rate allows, but answers for
// a temporary address, which must not wait.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.Rate = 50
		cfg.VIPs = append(cfg.VIPs, netip.MustParseAddr("192.168.1.98"), netip.MustParseAddr("192.168.1.97"))
		s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 2, false)}}
		do(t, t.Context(), cfg, s)
		var last time.Time
		for _, rec := range s.sent {
			if rec.Kind == evidence.ARPReply {
				continue
			}
			if gap := rec.Time.Sub(last); gap < 20*time.Millisecond {
				t.Fatalf("%s was sent %v after the frame before", rec, gap)
			}
			last = rec.Time
		}
	})
}

// Only a temporary address that a test was sent from is answered for, and by a
// host that forwards with a MAC address that its interface does not accept.
func TestAnswersForTemporary(t *testing.T) {
	for _, forwards := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := config()
			cfg.Forwards = forwards
			s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 2, false)}}
			do(t, t.Context(), cfg, s)
			asked := map[netip.Addr]bool{}
			answers := 0
			for _, rec := range s.sent {
				switch rec.Kind {
				case evidence.EchoRequest:
					asked[rec.SenderIP] = true
				case evidence.ARPReply:
					answers++
					if !asked[rec.SenderIP] || rec.SenderIP == client || (rec.SenderMAC == selfMAC) == forwards || rec.Src != selfMAC {
						t.Errorf("forwards %t: %s, sent by %s", forwards, rec, rec.Src)
					}
				}
			}
			if answers == 0 {
				t.Error("nobody was answered")
			}
		})
	}
}

// Somebody takes a temporary address: it is not used, or no longer answered for.
func TestTakenCandidates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.ProbeSource = netip.MustParseAddr("192.168.1.200")
		has := newHost(evidence.MAC{2, 0, 0, 0, 0, 9}, cfg.ProbeSource, 0, 0, false)
		has.k.Interfaces[0].Addresses = nil
		s := &segment{hosts: []*host{director(), newHost(r1, r1IP, 1, 2, false), has}}
		do(t, t.Context(), cfg, s)
		for _, rec := range s.sent {
			if rec.SenderIP == cfg.ProbeSource {
				t.Errorf("%s: that address is in use", rec)
			}
		}
	})
}
