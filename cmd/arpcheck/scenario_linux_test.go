package main

import (
	"testing"

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
