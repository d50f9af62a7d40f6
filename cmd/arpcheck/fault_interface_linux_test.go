package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A faulty is a run that something happens to.
type faulty struct {
	t      *testing.T
	lab    *scenarios.Lab
	code   int
	stderr string
	report.Document
}

// meanwhile starts a run, does something to the client in the middle of it, and
// gives what came of that.
func meanwhile(t *testing.T, top scenarios.Topology, do func(*scenarios.Lab) error, args ...string) faulty {
	t.Helper()
	f := faulty{t: t, lab: scenarios.Start(t, top)}
	cmd, stdout, stderr := arpcheck(f.lab, append([]string{"--director", "192.168.1.10", "-o", "json"}, args...)...)
	begun := make(chan bool, 1000)
	w := watch(t, f.lab.Host("client"))
	w.each(func(rec evidence.Record) {
		if rec.TargetIP == scenarios.ClassicVIP {
			select {
			case begun <- true:
			default:
			}
		}
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-begun:
	case <-time.After(20 * time.Second):
		t.Error("no frame was seen")
	}
	time.Sleep(300 * time.Millisecond)
	if err := do(f.lab); err != nil {
		t.Error(err)
	}
	f.code = exitCode(cmd.Wait())
	f.stderr = stderr.String()
	var err error
	if f.Document, err = report.Read(bytes.NewReader(stdout.Bytes())); err != nil {
		t.Fatalf("%v\nexit code %d, standard error: %s", err, f.code, f.stderr)
	}
	if strings.Contains(f.stderr, "goroutine") {
		t.Errorf("it panicked: %s", f.stderr)
	}
	return f
}

// says reports whether a note of the only result has the text in it.
func (f faulty) says(text string) bool {
	for _, n := range f.Results[0].Notes {
		if strings.Contains(n.Text, text) {
			return true
		}
	}
	return false
}

// What happens to the interface, its address or its namespace in mid-run: it
// ends, says what happened, and never passes what it has not seen.
func TestInterfaceFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(*scenarios.Lab) error
		code int
		says string
	}{
		{"goes down", func(l *scenarios.Lab) error { return l.Host("client").SetUp("eth1", false) }, 3, "eth1: interface is down or gone"},
		{"goes down and comes back", func(l *scenarios.Lab) error {
			if err := l.Host("client").SetUp("eth1", false); err != nil {
				return err
			}
			return l.Host("client").SetUp("eth1", true)
		}, 3, "eth1: interface is down or gone"},
		{"is deleted", func(l *scenarios.Lab) error { return l.Host("client").DeleteLink("eth1") }, 3, "eth1: interface is down or gone"},
		{"its other end goes down", func(l *scenarios.Lab) error { return l.Host("director").SetUp("eth1", false) }, 3, ""},
		{"the whole lab goes, namespaces included", func(l *scenarios.Lab) error { return l.Close() }, 3, "eth1: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := meanwhile(t, scenarios.Classic(right), tc.do, "--rs", "192.168.1.41", "-w", "2s")
			if f.code != tc.code || f.Verdict != diagnose.Inconclusive || tc.says != "" && !f.says(tc.says) {
				t.Errorf("exit code %d, want %d, and a note with %q: %s %+v %s", f.code, tc.code, tc.says, f.Verdict, f.Results[0].Notes, f.stderr)
			}
		})
	}
}

// To rename an interface, or to take its address away, ends nothing that has
// begun: the socket is bound to the interface itself, and what was seen holds.
func TestInterfaceChanges(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*scenarios.Lab) error{
		"is renamed": func(l *scenarios.Lab) error { return l.Host("client").RenameLink("eth1", "other") },
		"loses its address": func(l *scenarios.Lab) error {
			return l.Host("client").DelAddress("eth1", address(scenarios.ClassicClient.String()+"/24"))
		},
	} {
		for _, want := range []int{0, 1} {
			server := []scenarios.Server{right, {}}[want]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := meanwhile(t, scenarios.Classic(server), do)
				if f.code != want || f.stderr != "" {
					t.Errorf("exit code %d, want %d: %s %+v %s", f.code, want, f.Verdict, f.Results[0].Notes, f.stderr)
				}
			})
		}
	}
}

// An interface that is lost after a leak was drawn cannot be used to undo it:
// the report says what stays behind.
func TestInterfaceLostAfterALeak(t *testing.T) {
	t.Parallel()
	l := scenarios.Start(t, labs["leak"])
	client := l.Host("client")
	cmd, stdout, _ := arpcheck(l, "--director", "192.168.1.10", "-w", "30s", "-o", "json")
	drawn := make(chan bool, 1000)
	watch(t, client).each(func(rec evidence.Record) {
		if rec.Kind == evidence.ARPRequest && rec.SenderMAC == r1 && rec.SenderIP == scenarios.ClassicVIP {
			drawn <- true
		}
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-drawn:
	case <-time.After(20 * time.Second):
		t.Error("no leak was drawn")
	}
	time.Sleep(50 * time.Millisecond)
	if err := client.SetUp("eth1", false); err != nil {
		t.Error(err)
	}
	code := exitCode(cmd.Wait())
	doc, err := report.Read(stdout)
	if err != nil {
		t.Fatal(err)
	}
	f := faulty{t: t, Document: doc}
	if code != 1 || !f.says("may now point to ") || !f.says("were not corrected") || !f.says("interface is down or gone") {
		t.Errorf("exit code %d, want 1; notes %+v", code, doc.Results[0].Notes)
	}
}
