package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/arpcheck/arpcheck/scenarios"
)

// TestScenarioScripts runs the scenario commands.
func TestScenarioScripts(t *testing.T) {
	scenarios.Need(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/scenario",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds:                commands,
	})
}

// In a report that mixes everything, nothing looks like what it is not.
func TestScenarioExitCodes(t *testing.T) {
	outcome := func(all ...scenarios.Status) *scenarioReport {
		r := new(scenarioReport)
		for _, s := range all {
			r.Scenarios = append(r.Scenarios, scenarioOutcome{Outcome: scenarios.Outcome{Status: s}})
		}
		return r
	}
	const pass, fail, broken, skip = scenarios.Passed, scenarios.Failed, scenarios.Broken, scenarios.Skipped
	for _, tc := range []struct {
		r          *scenarioReport
		named, all int // exit code for scenarios that were named, and for --all
	}{
		{outcome(pass, pass), 0, 0},
		{outcome(pass, fail), 1, 1},
		{outcome(fail, broken, pass), 2, 2},
		{outcome(pass, skip), 3, 0},
		{outcome(skip, skip), 3, 3},
		{outcome(skip, fail), 1, 1},
	} {
		t.Setenv(scenarios.NoSkip, "")
		if got := tc.r.exitCode(false); got != tc.named {
			t.Errorf("%v: exit code %d, want %d", tc.r.Scenarios, got, tc.named)
		}
		if got := tc.r.exitCode(true); got != tc.all {
			t.Errorf("%v with --all: exit code %d, want %d", tc.r.Scenarios, got, tc.all)
		}
		t.Setenv(scenarios.NoSkip, "1")
		if got := tc.r.exitCode(true); got != tc.named {
			t.Errorf("%v without skipping: exit code %d, want %d", tc.r.Scenarios, got, tc.named)
		}
	}
}

// In a table nothing that was read from a file is markup, or ends its cell.
func TestScenarioMarkdown(t *testing.T) {
	r := &scenarioReport{Scenarios: []scenarioOutcome{{Outcome: scenarios.Outcome{
		Name: "x", About: `a \| b <b>c</b> *d*`, Status: scenarios.Broken, Reason: "see `a|b` at https://x.example",
	}}}}
	const want = `| 💥 | x | 0s | a \\\| b &lt;b&gt;c&lt;/b&gt; \*d\*<br>see ` + "`a\\|b`" + ` at https\://x.example |`
	if got := r.markdown(); !strings.Contains(got, want+"\n") {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

// A signal ends a run in order, unless nohup said that it is not to.
func TestScenarioSignals(t *testing.T) {
	scenarios.Need(t)
	dir := t.TempDir()
	flag := filepath.Join(dir, "running")
	file := filepath.Join(dir, "x.yaml")
	text := `{name: x, about: a, teaches: b, segments: [lan],
hosts: [{name: h, role: client, interfaces: [{name: eth1, segment: lan}]}],
steps: [{on: h, run: "touch ` + flag + `"}, {pause: 1s}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, shell string
		sig         os.Signal
		code        int
		said        string
	}{
		{"Ctrl-C", `exec "$@"`, os.Interrupt, 2, ": interrupted"},
		{"a lost terminal", `exec "$@"`, syscall.SIGHUP, 2, ": interrupted"},
		{"a lost terminal under nohup", `trap "" HUP; exec "$@"`, syscall.SIGHUP, 0, "1 passed"},
	} {
		os.Remove(flag)
		var stdout, stderr bytes.Buffer
		cmd := exec.Command("sh", "-c", tt.shell, "sh", "arpcheck", "scenario", "run", file)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if _, err := os.Stat(flag); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cmd.Process.Signal(tt.sig)
		if code := exitCode(cmd.Wait()); code != tt.code || !strings.Contains(stdout.String(), tt.said) || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, want %d; standard output:\n%sstandard error:\n%s", tt.name, code, tt.code, &stdout, &stderr)
		}
	}
}
