package scenarios_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/kernel"
)

// Variables of the environment that say what TestTruth walks.
const (
	truthAll  = "TRUTH_ALL"  // every configuration, not a part that the seed chooses
	truthSeed = "TRUTH_SEED" // the seed of an earlier run
	truthOnly = "TRUTH_ONLY" // the one configuration of this family and number
)

// part is which share of the configurations is walked by default: each test run
// of each developer walks another one.
const part = 16

// TestTruth compares package kernel with the kernel of this machine: a host
// takes on one configuration after the other, and each reaction is compared.
func TestTruth(t *testing.T) {
	seed := seedOf(t)
	start := time.Now()
	step := part
	if os.Getenv(truthAll) != "" {
		step = 1
	}
	p := proof{t: t, seed: seed, says: (*kernel.Host).React}
	if only := os.Getenv(truthOnly); only != "" {
		p.only(only)
	} else {
		for _, f := range families(seed) {
			p.walk(f, int(seed%uint64(step)), step)
		}
	}
	w := p.total
	for _, m := range w.mismatches[:min(len(w.mismatches), 10)] {
		t.Error(m)
	}
	fmt.Printf("truth: %d configurations, %d stimuli, %d mismatches, %.1f s, seed %d\n",
		w.configs, w.stimuli, len(w.mismatches), time.Since(start).Seconds(), seed)
}

// seedOf is printed at the end; TRUTH_SEED repeats a run.
func seedOf(t *testing.T) uint64 {
	text := os.Getenv(truthSeed)
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", truthSeed, err)
	}
	return seed
}

// repeat is the command that tries one configuration again.
func (p *proof) repeat(family string, number int) string {
	return fmt.Sprintf("make truth %s=%d %s=%s/%d", truthSeed, p.seed, truthOnly, family, number)
}

// A proof is the comparison of a model with the kernel.
type proof struct {
	t     *testing.T
	seed  uint64
	says  model
	total walked

	labs []*bench
}

// A bench is a target with its driver, on one processor.
type bench struct {
	d *driver
	g *target
}

// only tries one configuration, and says what was seen of it.
func (p *proof) only(which string) {
	name, text, _ := strings.Cut(which, "/")
	number, err := strconv.Atoi(text)
	for _, f := range families(p.seed) {
		if f.name != name || err != nil || number >= f.count {
			continue
		}
		f.count = number + 1
		p.walk(f, number, 1)
		return
	}
	p.t.Fatalf("%s=%s: there is no such configuration", truthOnly, which)
}

// walk takes every step-th configuration of a family, shared among processors.
func (p *proof) walk(f family, first, step int) {
	p.t.Helper()
	for len(p.labs) < min(runtime.NumCPU(), 2) {
		d, g := startTarget(p.t)
		p.labs = append(p.labs, &bench{d, g})
	}
	const stretch = 200 // neighbours have most in common, so stretches stay together
	stretches := make(chan int, f.count/step/stretch+1)
	for at := first; at < f.count; at += stretch * step {
		stretches <- at
	}
	close(stretches)

	parts := make([]walked, len(p.labs))
	errs := make([]error, len(p.labs))
	var wg sync.WaitGroup
	for i, b := range p.labs {
		wg.Go(func() {
			runtime.LockOSThread() // and never unlocked: the pinned thread ends here
			if errs[i] = stayOnOneProcessor(i); errs[i] != nil {
				return
			}
			for at := range stretches {
				for n := at; n < min(at+stretch*step, f.count); n += step {
					if errs[i] = parts[i].sure(b, f, n, p); errs[i] != nil {
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		p.t.Fatalf("%s: %v", f.name, err)
	}
	for _, w := range parts {
		p.total.configs += w.configs
		p.total.stimuli += w.stimuli
		p.total.mismatches = append(p.total.mismatches, w.mismatches...)
	}
}
