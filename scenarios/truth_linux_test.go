package scenarios_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/kernel"
)

// The addresses of the truth lab.
var (
	truthRIP     = netip.MustParsePrefix("192.168.1.41/24")
	truthIn      = netip.MustParseAddr("192.168.1.99") // a VIP in the subnet of the RIP
	truthOut     = netip.MustParseAddr("10.9.9.99")    // a VIP outside
	truthClient  = netip.MustParseAddr("192.168.1.182")
	truthUnused  = netip.MustParseAddr("192.168.1.150")
	truthGateway = netip.MustParseAddr("192.168.1.1")
	truthFar     = netip.MustParseAddr("198.51.100.7")
	truthNear    = netip.MustParseAddr("10.9.9.7") // in the subnet of a wide truthOut
)

// TestTruth compares package kernel with the kernel of this machine: a host
// takes on one configuration after the other, and each reaction is compared.
//
// First every placement of the VIP with each setting alone, then random
// mixtures of all, in fixed time.
func TestTruth(t *testing.T) {
	from := seed(t, uint64(time.Now().UnixNano()))
	random := rand.New(rand.NewPCG(from, 0))
	d, g := startTarget(t)

	const most = 5 * time.Second
	start := time.Now()
	one := single()
	i := 0
	next := func() (config, bool) {
		if i++; i <= len(one) {
			return one[i-1], true
		}
		return mixture(random), time.Since(start) < most
	}
	w, err := walk(d, g, next, (*kernel.Host).React)
	if err != nil {
		t.Fatalf("TRUTH_SEED=%d: %v", from, err)
	}
	for _, m := range w.mismatches[:min(len(w.mismatches), 10)] {
		t.Error(m)
	}
	t.Logf("%d configurations, %d reactions compared, %d mismatches, %.1f s; TRUTH_SEED=%d",
		w.configs, w.compared, len(w.mismatches), time.Since(start).Seconds(), from)
}

// A model that is wrong must be found out, or TestTruth proves nothing.
func TestTruthFindsWrongModels(t *testing.T) {
	for name, wrong := range map[string]func(*kernel.Host, kernel.Stimulus) kernel.Reaction{
		"always replies": func(h *kernel.Host, s kernel.Stimulus) kernel.Reaction {
			r := h.React(s)
			r.Reply = kernel.AtOnce
			return r
		},
		"never replies": func(*kernel.Host, kernel.Stimulus) kernel.Reaction { return kernel.Reaction{} },
		"counts the setting of lo": func(h *kernel.Host, s kernel.Stimulus) kernel.Reaction {
			other := *h
			other.All.ARPIgnore = max(other.All.ARPIgnore, h.Interface("lo").ARPIgnore)
			return other.React(s)
		},
		"arp_announce 1 is 2": func(h *kernel.Host, s kernel.Stimulus) kernel.Reaction {
			other := *h
			if other.All.ARPAnnounce == 1 {
				other.All.ARPAnnounce = 2
			}
			return other.React(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, g := startTarget(t)
			configs := single()
			w, err := walk(d, g, func() (c config, ok bool) {
				if len(configs) == 0 {
					return c, false
				}
				c, configs = configs[0], configs[1:]
				return c, true
			}, wrong)
			if err != nil {
				t.Fatal(err)
			}
			if len(w.mismatches) == 0 {
				t.Errorf("%d reactions compared, and the wrong model was not noticed", w.compared)
			}
		})
	}
}

// A walked tells what became of a walk.
type walked struct {
	configs, compared int
	mismatches        []string
}

// walk takes the target through configurations and compares each reaction with
// the one that the model foretells.
func walk(d *driver, g *target, next func() (config, bool), model func(*kernel.Host, kernel.Stimulus) kernel.Reaction) (w walked, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the pinned thread ends here
		if err = stayOnOneProcessor(); err != nil {
			return
		}
		for c, ok := next(); ok && err == nil; c, ok = next() {
			if err = g.become(c.Host); err != nil {
				err = fmt.Errorf("%s: %w", c, err)
				return
			}
			w.configs++
			err = w.compare(d, c, model)
		}
	}()
	<-done
	return w, err
}

func (w *walked) compare(d *driver, c config, model func(*kernel.Host, kernel.Stimulus) kernel.Reaction) error {
	gatewayKnown := false
	for _, s := range stimuli(c.vip) {
		// The gateway is the way back to who is far; it is asked for once.
		s.Known = s.Kind == kernel.Echo && s.Sender == truthFar && gatewayKnown
		r := model(&c.Host, s)
		want := sight{Replied: r.Reply != kernel.Silent, Announces: r.Announces}
		got, err := d.put(s)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", c, describe(s), err)
		}
		if s.Kind == kernel.Echo && s.Sender == truthFar {
			gatewayKnown = gatewayKnown || got.Announces.IsValid()
		}
		w.compared++
		if s.Kind == kernel.Echo && !want.Replied && got == (sight{}) {
			continue // an ICMP error that the kernel might send, but it limits their rate (ip_error)
		}
		if got != want {
			w.mismatches = append(w.mismatches, fmt.Sprintf("%s\n\t%s\n\tthe kernel: %s\n\tthe model:  %s", c, describe(s), got, want))
		}
	}
	return nil
}

// stimuli are what every configuration is tried with. Each echo comes from a
// source of its own, which the host does not know yet.
func stimuli(vip netip.Addr) (all []kernel.Stimulus) {
	rip := truthRIP.Addr()
	for _, broadcast := range []bool{true, false} {
		for _, target := range []netip.Addr{vip, rip, truthUnused, truthOut.Next()} {
			// The last two are the host's own, so they are martian, or may be.
			for _, sender := range []netip.Addr{truthClient, netip.IPv4Unspecified(), truthFar, truthNear, rip, vip} {
				all = append(all, kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target, Broadcast: broadcast})
			}
		}
	}
	fresh := netip.MustParseAddr("192.168.1.200")
	for _, target := range []netip.Addr{vip, rip, fenceTarget} {
		for _, broadcast := range []bool{true, false} {
			all = append(all,
				kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: fresh, Target: target, Broadcast: broadcast},
				kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: truthFar, Target: target, Broadcast: broadcast})
			fresh = fresh.Next()
		}
	}
	return all
}

func describe(s kernel.Stimulus) string {
	how := "to it alone"
	if s.Broadcast {
		how = "broadcast"
	}
	if s.Kind == kernel.WhoHas {
		return fmt.Sprintf("who-has %s tell %s, %s", s.Target, s.Sender, how)
	}
	return fmt.Sprintf("echo request %s > %s, %s", s.Sender, s.Target, how)
}

// pick returns one of several values.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
