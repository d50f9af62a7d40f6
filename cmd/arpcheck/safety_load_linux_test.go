package main

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// loadRuns is how often TestUnderLoad asks; "make load" asks a hundred times.
func loadRuns(t *testing.T) int {
	n := 3
	if s := os.Getenv("ARPCHECK_LOAD_RUNS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// On a segment that is full of the traffic of others the check still finds a
// host that answers once, or says that it lost frames. It never passes.
func TestUnderLoad(t *testing.T) {
	const wanted = 300_000
	var found, lost, worst int
	var used time.Duration
	var rate uint64
	runs := loadRuns(t)
	for i := range runs {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			// The one that answers is not the one that sends: its own
			// traffic must not keep its answer waiting.
			l := scenarios.Start(t, scenarios.Cluster{Servers: []scenarios.Server{right, {Ignore: 8, Announce: 2}}, Bystander: true}.Topology())
			client := l.Host("client")
			answersOnce(t, l.Host("r2"), 1+i%3)
			burden(t, l.Host("bystander"), wanted, foreign(labMAC(5)))
			before, began := arrived(t, client), time.Now()
			doc, code, rusage, stderr := measured(t, l, "--director", "192.168.1.10")
			took := time.Since(began)
			n := arrived(t, client) - before
			r := doc.Results[0]
			leak := false
			for _, f := range r.Findings {
				leak = leak || f.Code == diagnose.ReplyLeak
			}
			cpu := time.Duration(syscall.TimevalToNsec(rusage.Utime) + syscall.TimevalToNsec(rusage.Stime))
			t.Logf("%s arrived; exit code %d, leak found: %t; %d received, %d lost; %d MiB, %v of processor time in %v",
				perSecond(n, took), code, leak, r.Capture.Received, r.Capture.Dropped, rusage.Maxrss>>10, cpu, took)
			switch {
			case code == 1 && leak:
				found++
			case code == 3 && r.Capture.Dropped > 0:
				lost++
			default:
				t.Errorf("exit code %d: %s\n%+v\n%s", code, r.Summary, r.Capture, stderr)
			}
			if mb := int(rusage.Maxrss >> 10); mb > 200 {
				t.Errorf("it took %d MiB", mb)
			}
			worst, used, rate = max(worst, int(rusage.Maxrss>>10)), max(used, cpu), rate+uint64(float64(n)/took.Seconds())
		})
	}
	t.Logf("%d runs at %d frames/s: found %d times, said to have lost frames %d times; %d MiB and %v of processor time at most",
		runs, rate/uint64(runs), found, lost, worst, used)
}

// What concerns the VIP gets past the filter. A flood of it costs time and
// memory up to a limit, and what was not looked at is said to be lost.
func TestFloodOfClaims(t *testing.T) {
	for name, hosts := range map[string]int{"of one host": 1, "of 256 hosts": 256} {
		t.Run(name, func(t *testing.T) {
			l := scenarios.Start(t, scenarios.Cluster{Servers: []scenarios.Server{right}, Bystander: true}.Topology())
			var frames [][]byte
			for i := range 256 {
				mac := evidence.MAC{0x0a, 0, 0, 0, 0, byte(i % hosts)}
				frames = append(frames, arpFrame(2, mac, clientMAC, scenarios.ClassicVIP, scenarios.ClassicClient))
			}
			burden(t, l.Host("bystander"), 100_000, frames)
			client := l.Host("client")
			for _, args := range [][]string{{"--director", "192.168.1.10"}, {"--director", "192.168.1.10", "--fail-fast"}} {
				before, began := arrived(t, client), time.Now()
				doc, code, used, stderr := measured(t, l, args...)
				took := time.Since(began)
				r := doc.Results[0]
				t.Logf("%v: %s; exit code %d; %d received, %d lost; %d MiB, %v of processor time in %v", args,
					perSecond(arrived(t, client)-before, took), code, r.Capture.Received, r.Capture.Dropped, used.Maxrss>>10,
					time.Duration(syscall.TimevalToNsec(used.Utime)+syscall.TimevalToNsec(used.Stime)), took)
				if code != 1 {
					t.Errorf("%v: exit code %d: %s\n%s", args, code, r.Summary, stderr)
				}
				if mb := used.Maxrss >> 10; mb > 300 {
					t.Errorf("%v: it took %d MiB", args, mb)
				}
			}
		})
	}
}
