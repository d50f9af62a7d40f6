package main

import (
	"bytes"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// measured runs arpcheck on the client of a lab, and gives what it used.
func measured(t *testing.T, l *scenarios.Lab, args ...string) (doc report.Document, code int, used *syscall.Rusage, stderr string) {
	t.Helper()
	cmd, stdout, errors := arpcheck(l, append([]string{"-o", "json"}, args...)...)
	code = exitCode(cmd.Run())
	doc, err := report.Read(stdout)
	if err != nil {
		t.Fatalf("%v: exit code %d, %s", err, code, errors)
	}
	used = cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return doc, code, used, errors.String()
}

// inventsHosts answers the first who-has for the VIP in the name of n hosts.
func inventsHosts(t *testing.T, h *scenarios.Host, n int) {
	w := watch(t, h)
	var once sync.Once
	w.each(func(rec evidence.Record) {
		if rec.Kind != evidence.ARPRequest || rec.Src != clientMAC || rec.TargetIP != scenarios.ClassicVIP {
			return
		}
		once.Do(func() {
			for i := range n {
				mac := evidence.MAC{0x0a, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}
				w.send(arpFrame(2, mac, rec.SenderMAC, scenarios.ClassicVIP, rec.SenderIP))
			}
		})
	})
}

// Ten thousand hosts that answer for the VIP make a report that can be read,
// and take no more memory than there is.
func TestTenThousandHosts(t *testing.T) {
	l := start(t, scenarios.Cluster{Servers: []scenarios.Server{right}, Bystander: true}.Topology())
	inventsHosts(t, l.Host("bystander"), 10_000)
	doc, code, used, stderr := measured(t, l, "--director", "192.168.1.10", "--rs", "192.168.1.41")
	r := doc.Results[0]
	if code != 1 || r.Verdict != diagnose.Fail || stderr != "" {
		t.Errorf("exit code %d, %s: %s\n%s", code, r.Verdict, r.Summary, stderr)
	}
	if mb := used.Maxrss >> 10; mb > 300 {
		t.Errorf("it took %d MiB of memory", mb)
	}
	var text bytes.Buffer
	if err := report.Write(&text, "text", doc, report.Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(text.String(), "\n")
	t.Logf("%d MiB, %v of processor time; %d hosts, %d findings, %d lines of text, %d frames sent, %d received, %d lost",
		used.Maxrss>>10, syscall.TimevalToNsec(used.Utime)+syscall.TimevalToNsec(used.Stime), len(r.Hosts), len(r.Findings), lines, r.Capture.Sent, r.Capture.Received, r.Capture.Dropped)
	if lines > 3000 {
		t.Errorf("%d lines of text", lines)
	}
}
