package scenarios

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

// TestEmbedded runs every scenario of the program, the commented example, and a
// failover by hand, with a keepalived that is stopped, killed and started again.
// Together they take little more than the longest of them, as they mostly wait;
// parallel subtests would be no more than there are processors.
func TestEmbedded(t *testing.T) {
	Need(t)
	failover, err := Load("testdata/failover.yaml")
	if err != nil {
		t.Fatal(err)
	}
	specs := append(All(), exampleSpec(t), failover)
	outcomes := make([]Outcome, len(specs))
	started := time.Now()
	room := make(chan bool, 4*runtime.NumCPU())
	var all sync.WaitGroup
	for i, s := range specs {
		all.Go(func() {
			room <- true
			outcomes[i] = s.Run(t.Context())
			<-room
		})
	}
	all.Wait()
	t.Log("all together took", time.Since(started))
	for _, o := range outcomes {
		t.Run(o.Name, func(t *testing.T) {
			if o.Status == Skipped && os.Getenv(NoSkip) == "" {
				t.Skip(o.Reason)
			}
			if err := o.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func exampleSpec(t *testing.T) *Spec {
	t.Helper()
	s, err := Read(strings.NewReader(Example()), "example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// edited is the classic scenario with something replaced.
func edited(t *testing.T, pairs ...string) *Spec {
	t.Helper()
	source := ByName("classic").Source()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(source, pairs[i]) {
			t.Fatalf("%q is not in the file", pairs[i])
		}
		source = strings.Replace(source, pairs[i], pairs[i+1], 1)
	}
	s, err := Read(strings.NewReader(source), "x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a check finds that it should not, or does not find, fails the scenario
// and does not end it.
func TestRunFails(t *testing.T) {
	Need(t)
	s := edited(t, "verdict: fail", "verdict: pass", "findings: [vip-reply-leak, vip-announce-leak]}", "findings: [vip-announce-leak], arp_ignore: 1}")
	s.Steps = s.Steps[:2]
	o := s.Run(t.Context())
	if o.Status != Failed || len(o.Steps) != 2 || o.Line != 29 {
		t.Errorf("got %s, %d steps, line %d; want a fail at line 29 and both steps", o.Status, len(o.Steps), o.Line)
	}
	err := o.Err()
	for _, want := range []string{
		"classic: step 1, nothing is set on the real server: 192.168.1.99: verdict fail, want pass: ",
		"findings about r1: vip-announce-leak, vip-reply-leak, want vip-announce-leak",
		"r1: arp_ignore [0",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %q in it", err, want)
		}
	}
}

// A command that fails has failed the scenario and ends it; so does one that
// does not end, and an address that does not come.
func TestRunCommandFails(t *testing.T) {
	Need(t)
	for name, tc := range map[string]struct{ step, want string }{
		"with an exit code": {"  - on: r1\n    run: sleep 60 & echo out of paper >&2; exit 3", `step 1: host r1: "sleep 60 & echo out of paper >&2; exit 3": exit status 3: out of paper`},
		"with some words":   {"  - on: r1\n    run: seq 9; exit 3", `"seq 9; exit 3": exit status 3: 5 | 6 | 7 | 8 | 9`},
		"with a signal":     {"  - on: r1\n    run: kill -9 $$; sh -c 'kill -9 $$'", "exit status 137"},
		"by its time":       {"  - on: r1\n    run: echo hold on; sleep 60\n    timeout: 300ms", `step 1: host r1: "echo hold on; sleep 60": it had not ended after 300ms: hold on`},
		"an address":        {"  - on: r1\n    await: 10.0.0.1\n    timeout: 300ms", "step 1: host r1 has no address 10.0.0.1 after 300ms"},
		"during the check": {"  - check:\n      during:\n        - on: r1\n          run: exit 4\n      expect: {verdict: pass}",
			"during the check, r1: exit 4: host r1"},
	} {
		s := edited(t, "steps:\n", "steps:\n"+tc.step+"\n")
		o := s.Run(t.Context())
		if o.Status != Failed || !strings.Contains(o.Reason, tc.want) || o.Line == 0 || len(o.Steps) != 1 || o.Steps[0].Error != "" {
			t.Errorf("%s: got %s, line %d, %q after %d steps, want %q", name, o.Status, o.Line, o.Reason, len(o.Steps), tc.want)
		}
	}
}

// A step that cannot be done ends it, says why, and leaves nothing behind.
func TestRunBreaks(t *testing.T) {
	Need(t)
	edited(t).Run(contextOf(t, time.Millisecond)) // what the runtime opens once
	before := openFiles(t)
	for name, tc := range map[string]struct {
		step, want string
	}{
		"an address twice":             {"  - on: r1\n    add: {interface: lo, address: 192.168.1.99/32}", "file exists"},
		"no such sysctl":               {"  - on: r1\n    sysctls: {net.ipv4.conf.all.no_such_thing: 1}", `sysctl "net.ipv4.conf.all.no_such_thing": this kernel has no such setting`},
		"wrong value":                  {"  - on: r1\n    sysctls: {net.ipv4.conf.all.arp_ignore: x}", "invalid argument"},
		"check from where all is down": {"  - on: client\n    down: eth1\n  - check:\n      expect: {verdict: pass}", "eth1 is down"},
	} {
		s := edited(t, "steps:\n", "steps:\n"+tc.step+"\n")
		o := s.Run(t.Context())
		if o.Status != Broken || !strings.Contains(o.Reason, tc.want) || o.Line == 0 {
			t.Errorf("%s: got %s, line %d, %q, want %q", name, o.Status, o.Line, o.Reason, tc.want)
		}
	}
	wait(t, "as many open files as before", func() bool { return openFiles(t) == before })
	if left := descendants(os.Getpid()); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
}

// A service that ends unasked breaks the scenario in whatever step that is, the
// last one too; one that is asked to does not.
func TestServiceEnds(t *testing.T) {
	Need(t)
	service := func(run string) []string {
		return []string{"    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    services: [{name: web, run: \"" + run + "\"}]\n"}
	}
	for name, tc := range map[string]struct {
		run, steps string
		want       string // part of the reason; empty: it passes
		done       int    // steps
	}{
		"with an error":   {"sleep 0.2; echo out of paper; exit 7", "  - pause: 1s\n  - pause: 10ms\n", "step 1: host r1: web has ended by itself (exit status 7): out of paper", 1},
		"without one":     {"sleep 0.2", "  - pause: 1s\n  - pause: 10ms\n", "step 1: host r1: web has ended by itself (exit status 0)", 1},
		"it is the cause": {"sleep 0.2; exit 3", "  - on: client\n    run: sleep 1; exit 4\n", `step 1: host client: "sleep 1; exit 4": exit status 4; host r1: web has ended by itself (exit status 3)`, 1},
		"stopped":         {"sleep 60", "  - on: r1\n    stop: web\n  - pause: 10ms\n", "", 2},
	} {
		s := edited(t, append(service(tc.run), "steps:\n", "steps:\n"+tc.steps)...)
		s.Steps = s.Steps[:strings.Count(tc.steps, "  - ")]
		o := s.Run(t.Context())
		switch {
		case tc.want == "" && o.Status != Passed:
			t.Errorf("%s: got %s, %s", name, o.Status, o.Reason)
		case tc.want != "" && (o.Status != Broken || o.Reason != tc.want):
			t.Errorf("%s: got %s, %s\nwant %s", name, o.Status, o.Reason, tc.want)
		}
		if len(o.Steps) != tc.done {
			t.Errorf("%s: %d steps were done, want %d", name, len(o.Steps), tc.done)
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func contextOf(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestRunSkips(t *testing.T) {
	Need(t)
	s := edited(t, "\nsegments:", "needs: [sh, no-such-program]\n\nsegments:")
	if o := s.Run(t.Context()); o.Status != Skipped || o.Reason != "not installed: no-such-program" || o.Hint != "on Debian or Ubuntu: sudo apt install no-such-program" {
		t.Errorf("got %s: %s (%s)", o.Status, o.Reason, o.Hint)
	}
}

// What is wrong in a file is told with its place, when the lab is built, too.
func TestBuildFails(t *testing.T) {
	Need(t)
	s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    sysctls: {net.ipv4.conf.all.no_such_thing: 1}\n")
	const want = `x.yaml:21:15: host "r1": sysctl "net.ipv4.conf.all.no_such_thing": this kernel has no such setting`
	if o := s.Run(t.Context()); o.Status != Broken || o.Reason != want || o.Line != 21 {
		t.Errorf("got %s, line %d: %s\nwant %s", o.Status, o.Line, o.Reason, want)
	}
}

// What keepalived says about its configuration is not lost among the rest.
func TestKeepalivedConfiguration(t *testing.T) {
	Need(t)
	if program("keepalived") == "" {
		t.Skip("keepalived is not installed")
	}
	s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    services:\n      - keepalived: |\n          vrrp_instance VI_1 {\n            interface eth7\n            virtual_router_idd 51\n          }\n")
	s.Steps = s.Steps[:1]
	s.Steps[0] = Step{Pause: Duration(time.Second)} // it may need longer than a start is watched
	o := s.Run(t.Context())
	for _, want := range []string{"host r1: keepalived ", "line 2 of its configuration: ", " | line 3 of its configuration: Unknown keyword 'virtual_router_idd'"} {
		if o.Status != Broken || !strings.Contains(o.Reason, want) {
			t.Errorf("got %s: %s\nwant %q in it", o.Status, o.Reason, want)
		}
	}
}

// An interrupted run ends at once: the check in order, a command by force.
func TestRunInterrupted(t *testing.T) {
	Need(t)
	for _, step := range []string{"  - on: r1\n    run: sleep 60", "  - pause: 1m", "  - on: r1\n    await: 10.0.0.1", "  - check: {wait: 1m, expect: {verdict: fail}}"} {
		s := edited(t, "steps:\n", "steps:\n"+step+"\n")
		started := time.Now()
		o := s.Run(contextOf(t, 300*time.Millisecond))
		if o.Status != Broken || time.Since(started) > 5*time.Second {
			t.Errorf("%q: got %s (%s) after %s", step, o.Status, o.Reason, time.Since(started))
		}
	}
}

// One that is interrupted before it began builds nothing, which a scenario that
// could not be built shows.
func TestRunInterruptedBefore(t *testing.T) {
	s := edited(t)
	s.Segments = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := s.Run(ctx); o.Status != Broken || o.Reason != "interrupted" || len(o.Steps) != 0 {
		t.Errorf("got %s: %s", o.Status, o.Reason)
	}
}

// What may not be done on a host of the lab is no reason to skip the scenario:
// namespaces are to be had.
func TestRunRefused(t *testing.T) {
	Need(t)
	s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    sysctls: {net.ipv4.conf.all.mc_forwarding: 1}\n") // it can only be read
	if o := s.Run(t.Context()); o.Status != Broken || !strings.Contains(o.Reason, "permission denied") {
		t.Errorf("got %s: %s", o.Status, o.Reason)
	}
}

// The settings that a diagnosis is compared with are those that count on the
// segment; one that cannot be read is no zero.
func TestRunSettings(t *testing.T) {
	s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    sysctls: {net.ipv4.conf.all.arp_ignore: 1, net.ipv4.conf.eth1.arp_announce: 2}\n")
	lab := Start(t, s)
	r := &run{s, lab}
	if got, err := r.settings("lan"); err != nil || got["r1"] != [2]int{1, 2} || len(got) != 3 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, change := range []error{
		lab.Host("r1").Sysctl("net.ipv4.conf.eth1.arp_ignore", "6"), // as 0
		lab.Host("director").RenameLink("eth1", "eth7"),
		lab.Host("client").SetUp("eth1", false), // which changes no setting
	} {
		if change != nil {
			t.Fatal(change)
		}
	}
	if got, err := r.settings("lan"); err != nil || got["r1"] != [2]int{0, 2} || len(got) != 2 {
		t.Errorf("after some changes: got %v, %v", got, err)
	}
	if err := lab.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := r.settings("lan"); err == nil {
		t.Errorf("of a lab that is closed: got %v", got)
	}
}

// A host that goes down and comes up again has its routes and services back.
func TestPowerCycle(t *testing.T) {
	s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    routes: [{to: 0.0.0.0/0, via: 192.168.1.10}]\n    services: [{tcp: 192.168.1.41:80}]\n")
	lab := Start(t, s)
	r := &run{s, lab}
	r1, client := lab.Host("r1"), lab.Host("client")
	service := netip.MustParseAddrPort("192.168.1.41:80")
	dial := func() error {
		conn, err := client.DialTCP(contextOf(t, 500*time.Millisecond), service)
		if err == nil {
			conn.Close()
		}
		return err
	}
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	if err := r.crash(r1, s.member("r1")); err != nil {
		t.Fatal(err)
	}
	if err := dial(); err == nil {
		t.Error("it serves while it is down")
	}
	if err := r.boot(r1, s.member("r1")); err != nil {
		t.Fatal(err)
	}
	if err := dial(); err != nil {
		t.Errorf("after it came up again: %v", err)
	}
	if err := r1.shell(t.Context(), "grep -q ^eth1.00000000 /proc/net/route", time.Minute); err != nil {
		t.Errorf("the default route is gone: %v", err)
	}
}

// A test of somebody else's can check by itself.
func TestHostCheck(t *testing.T) {
	lab := Start(t, Classic(Server{}))
	results, err := lab.Host("client").Check(t.Context(), "eth1", Check{VIPs: []netip.Addr{ClassicVIP}})
	if err != nil || len(results) != 1 || results[0].Verdict != diagnose.Fail {
		t.Errorf("got %v, %v, want one fail", results, err)
	}
	_, err = lab.Host("client").Check(t.Context(), "eth9", Check{VIPs: []netip.Addr{ClassicVIP}})
	if err == nil || !strings.Contains(err.Error(), "check from host client: no such interface: eth9") {
		t.Errorf("got %v", err)
	}
}
