package scenarios_test

import (
	"errors"
	"fmt"
	"math"
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
	truthPart  = "TRUTH_PART"  // one of so many configurations, which the seed chooses; 1: all
	truthSeed  = "TRUTH_SEED"  // the seed of an earlier run
	truthLinks = "TRUTH_LINKS" // not empty: the segment is a VLAN, and VIPs are on a dummy interface
	truthOnly  = "TRUTH_ONLY"  // the one configuration of this family/number, or a whole family
)

// usualPart is what share of the configurations is walked where nobody says:
// each test run of each developer walks another one.
const usualPart = 16

// TestTruth compares package kernel with the kernel of this machine: a host
// takes on one configuration after the other, and each reaction is compared.
func TestTruth(t *testing.T) {
	seed := seedOf(t)
	start := time.Now()
	step := usualPart
	if text := os.Getenv(truthPart); text != "" {
		var err error
		if step, err = strconv.Atoi(text); err != nil || step < 1 {
			t.Fatalf("%s=%s is no number", truthPart, text)
		}
	}
	p := proof{t: t, seed: seed, says: (*kernel.Host).React}
	if only := os.Getenv(truthOnly); only != "" {
		p.only(only)
	} else {
		for _, f := range families(seed) {
			p.walk(f, int(seed%uint64(step)), step)
		}
		p.diagnose(int(seed%uint64(step)), math.MaxInt, step)
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
	d         *driver
	g         *target
	processor int
}

// pin keeps the calling goroutine on the processor of the bench, for good: the
// thread ends with it.
func (b *bench) pin() error {
	runtime.LockOSThread()
	return stayOnOneProcessor(b.processor)
}

// only tries one configuration, or those of one family.
func (p *proof) only(which string) {
	name, text, one := strings.Cut(which, "/")
	first, last := 0, math.MaxInt
	if one {
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 {
			p.t.Fatalf("%s=%s: %q is no number", truthOnly, which, text)
		}
		first, last = number, number+1
	}
	if name == diagnosis {
		p.diagnose(first, last, 1)
		return
	}
	for _, f := range families(p.seed) {
		if f.name == name && first < f.count {
			f.count = min(f.count, last)
			p.walk(f, first, 1)
			return
		}
	}
	p.t.Fatalf("%s=%s: there is no such configuration", truthOnly, which)
}

// walk takes every step-th configuration of a family.
func (p *proof) walk(f family, first, step int) {
	p.t.Helper()
	p.share(f.name, f.count, first, step, func(w *walked, b *bench, number int) error {
		return w.sure(b, f, number, p)
	})
}

// share has every step-th number tried, on up to two processors.
func (p *proof) share(name string, count, first, step int, try func(w *walked, b *bench, number int) error) {
	p.t.Helper()
	for len(p.labs) < min(runtime.NumCPU(), 2) {
		d, g := startTarget(p.t)
		p.labs = append(p.labs, &bench{d, g, len(p.labs)})
	}
	const stretch = 200 // neighbours have most in common, so stretches stay together
	stretches := make(chan int, count/step/stretch+1)
	for at := first; at < count; at += stretch * step {
		stretches <- at
	}
	close(stretches)

	parts := make([]walked, len(p.labs))
	errs := make([]error, len(p.labs))
	var wg sync.WaitGroup
	for i, b := range p.labs {
		wg.Go(func() {
			if errs[i] = b.pin(); errs[i] != nil {
				return
			}
			for at := range stretches {
				for n := at; n < min(at+stretch*step, count); n += step {
					if errs[i] = try(&parts[i], b, n); errs[i] != nil {
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	for _, w := range parts {
		p.total.configs += w.configs
		p.total.stimuli += w.stimuli
		p.total.mismatches = append(p.total.mismatches, w.mismatches...)
	}
}
