package scenarios_test

import (
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/kernel"
)

// A model that is wrong must be found out, or TestTruth proves nothing; and
// what is printed must say what it was about, and how to see it again.
func TestTruthFindsWrongModels(t *testing.T) {
	for name, wrong := range map[string]model{
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
		"a proxy replies at once": func(h *kernel.Host, s kernel.Stimulus) kernel.Reaction {
			s.Broadcast = s.Kind == kernel.Echo && s.Broadcast
			return h.React(s)
		},
		"two interfaces are one": func(h *kernel.Host, s kernel.Stimulus) kernel.Reaction {
			s.In = "eth1"
			return h.React(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := proof{t: t, seed: 1, says: wrong}
			for _, f := range families(p.seed) {
				if f.name == "single" || f.name == "proxies" || f.name == "two-nics" {
					p.walk(f, 0, 31)
				}
			}
			if len(p.total.mismatches) == 0 {
				t.Fatalf("%d reactions compared, and the wrong model was not noticed", p.total.stimuli)
			}
			m := p.total.mismatches[0].(mismatch)
			_, which, ok := strings.Cut(m.repeat, truthOnly+"=")
			again := proof{t: t, seed: 1, says: wrong}
			again.only(which)
			if !ok || len(again.total.mismatches) == 0 {
				t.Fatalf("%q does not repeat\n%s", m.repeat, m)
			}
			same := again.total.mismatches[0].(mismatch)
			if same.stimulus.Kind == kernel.Echo {
				same.stimulus.Sender = m.stimulus.Sender // a fresh one
			}
			if same.String() != m.String() {
				t.Errorf("%q repeats another one:\n%s\n%s", m.repeat, m, same)
			}
			for _, want := range []string{m.config.String(), describe(m.stimulus), "the kernel: " + m.got.String(), "the model:  " + m.want.String()} {
				if !strings.Contains(m.String(), want) {
					t.Errorf("the mismatch does not say %q:\n%s", want, m)
				}
			}
		})
	}
}
