package scenarios_test

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A model foretells what a host does about a stimulus.
type model func(*kernel.Host, kernel.Stimulus) kernel.Reaction

// A sight is what was seen of a reaction, of all interfaces on the segment.
type sight struct {
	Eth1, Eth3 int        // replies to a who-has, by the interface that sent them
	Echoes     int        // echo replies
	Announces  netip.Addr // sender of the who-has for the way back
	Out        string     // the interface that sent it
}

func (s *sight) reply(to kernel.Stimulus, from evidence.MAC) {
	switch {
	case to.Kind == kernel.Echo:
		s.Echoes++
	case from == targetMAC["eth3"]:
		s.Eth3++
	default:
		s.Eth1++
	}
}

func interfaceOf(mac evidence.MAC) string {
	for name, have := range targetMAC {
		if have == mac {
			return name
		}
	}
	return mac.String()
}

func (s sight) String() string {
	text := "silence"
	switch {
	case s.Eth1+s.Eth3+s.Echoes > 1:
		text = fmt.Sprintf("%d replies of eth1, %d of eth3, %d echo replies", s.Eth1, s.Eth3, s.Echoes)
	case s.Echoes > 0:
		text = "an echo reply"
	case s.Eth1 > 0:
		text = "a reply of eth1"
	case s.Eth3 > 0:
		text = "a reply of eth3"
	}
	if s.Announces.IsValid() {
		text += fmt.Sprintf(", after a who-has tell %s of %s", s.Announces, s.Out)
	}
	return text
}

// foretell is what the model says would be seen. A broadcast frame reaches each
// interface on the segment.
func (c *config) foretell(says model, s kernel.Stimulus) (want sight) {
	for _, dev := range []string{"eth1", "eth3"} {
		if s.Broadcast && (dev == "eth1" || flux(&c.Host)) || dev == s.In {
			s.In = dev
			r := says(&c.Host, s)
			if r.Out != "" && targetMAC[r.Out] == (evidence.MAC{}) {
				continue // what leaves by another interface is not seen
			}
			if r.Reply == kernel.AtOnce || r.Reply == kernel.Late && !c.later {
				want.reply(s, targetMAC[dev])
			}
			// Who has asked already waits for the answer.
			if r.Announces.IsValid() && !want.Announces.IsValid() {
				want.Announces, want.Out = r.Announces, r.Out
			}
		}
	}
	if c.misled(says, s, want) {
		want.Echoes = 0
	}
	return want
}

// misled reports whether the host hears its own who-has on its other interface
// on the segment, and answers it itself: then its echo reply never leaves.
func (c *config) misled(says model, s kernel.Stimulus, of sight) bool {
	other := map[string]string{"eth1": "eth3", "eth3": "eth1"}[of.Out]
	if !of.Announces.IsValid() || c.later {
		return false
	}
	heard := kernel.Stimulus{Kind: kernel.WhoHas, In: other, Sender: of.Announces, Target: s.Sender, Broadcast: true}
	return flux(&c.Host) && says(&c.Host, heard).Reply != kernel.Silent
}

// A walked tells what became of a walk.
type walked struct {
	configs, stimuli int
	mismatches       []fmt.Stringer // of mismatch, or misdiagnosis
}

// A mismatch is one reaction that was not foretold.
type mismatch struct {
	config   config
	stimulus kernel.Stimulus
	got      sight
	want     sight
	repeat   string // the command that tries the configuration again
}

func (m mismatch) String() string {
	return fmt.Sprintf("%s\n\t%s\n\tthe kernel: %s\n\tthe model:  %s\n\tto repeat: %s",
		m.config, describe(m.stimulus), m.got, m.want, m.repeat)
}

// try takes the target to a configuration and compares each reaction with the
// one that the model foretells.
func (w *walked) try(b *bench, f family, number int, p *proof) error {
	c, d, g := f.at(number), b.d, b.g
	if err := g.become(c); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	w.configs++
	known := walkMemory{}
	for rest := f.ask(c.vip); len(rest) > 0; {
		batch := together(rest)
		rest = rest[len(batch):]
		batch, err := known.sources(d, g, batch)
		if err != nil {
			return err
		}
		got, err := d.ask(batch)
		if err != nil {
			return fmt.Errorf("%s: %s: %w\nto repeat: %s", c, describe(batch[0]), err, p.repeat(f.name, number))
		}
		for i, s := range batch {
			want := c.foretell(p.says, s)
			known.seen(g, s, got[i])
			w.stimuli++
			// An ICMP error that the kernel might send, but it limits their
			// number (ip_error, icmp_global_allow).
			if s.Kind == kernel.Echo && want.Echoes == 0 && got[i] == (sight{}) {
				continue
			}
			if got[i] != want {
				w.mismatches = append(w.mismatches, mismatch{c, s, got[i], want, p.repeat(f.name, number)})
			}
		}
	}
	return nil
}

// sure tries a configuration once more if it has not done what was foretold: of
// millions of frames one gets lost on a machine that is busy (netif_rx).
func (w *walked) sure(b *bench, f family, number int, p *proof) error {
	before := len(w.mismatches)
	err := w.try(b, f, number, p)
	if err != nil || len(w.mismatches) == before {
		return err
	}
	w.mismatches = w.mismatches[:before]
	again := walked{}
	err = again.try(b, f, number, p)
	w.mismatches = append(w.mismatches, again.mismatches...)
	return err
}

// together are the first stimuli whose reactions can be told apart: requests in
// the same kind of frame, or one echo.
func together(all []kernel.Stimulus) []kernel.Stimulus {
	first := all[0]
	n := slices.IndexFunc(all, func(s kernel.Stimulus) bool {
		return s.Kind != first.Kind || s.Broadcast != first.Broadcast || s.In != first.In
	})
	if first.Kind == kernel.Echo {
		n = 1
	}
	if n < 0 {
		n = len(all)
	}
	return all[:n:n]
}

// A walkMemory is what the host has learned in one configuration.
type walkMemory struct {
	last    netip.Addr // the last fresh source, and whether the host asked for it
	asked   bool
	gateway bool // the gateway was asked for: it is the way back to who is far
}

// sources puts real addresses in the place of truthFresh.
func (k *walkMemory) sources(d *driver, g *target, batch []kernel.Stimulus) ([]kernel.Stimulus, error) {
	if batch[0].Kind != kernel.Echo {
		return batch, nil
	}
	s := batch[0]
	switch {
	case s.Sender == truthFar:
		s.Known = k.gateway
	case s.Known && k.last.IsValid():
		s.Sender, s.Known = k.last, k.asked
	case s.Sender == truthFresh:
		addr, ok := d.fresh()
		if !ok {
			if err := g.forget(); err != nil {
				return nil, err
			}
			k.gateway = false
			addr, _ = d.fresh()
		}
		s.Sender = addr
	}
	return []kernel.Stimulus{s}, nil
}

// seen notes what the host has learned by a stimulus.
func (k *walkMemory) seen(g *target, s kernel.Stimulus, got sight) {
	if s.Kind != kernel.Echo {
		return
	}
	if s.Sender == truthFar {
		g.stale = true
		k.gateway = k.gateway || got.Announces.IsValid()
		return
	}
	k.asked = s.Sender == k.last && k.asked || got.Announces.IsValid()
	k.last = s.Sender
}
