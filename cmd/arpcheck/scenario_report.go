package main

import (
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A scenarioReport is what a run of scenarios has to say. Its JSON form has the
// fields of every result of the schema, and the scenarios in place of results.
type scenarioReport struct {
	Schema     string            `json:"schema"`
	Version    string            `json:"version"`
	Command    string            `json:"command"`
	Started    time.Time         `json:"started"`
	DurationMS float64           `json:"duration_ms"`
	Verdict    diagnose.Verdict  `json:"verdict"`
	Scenarios  []scenarioOutcome `json:"scenarios"`
}

type scenarioOutcome struct {
	scenarios.Outcome
	DurationMS float64        `json:"duration_ms"`
	Steps      []scenarioStep `json:"steps"` // in place of those of the outcome
}

type scenarioStep struct {
	scenarios.StepOutcome
	DurationMS float64 `json:"duration_ms"`
}

func newScenarioReport(started time.Time, outcomes []scenarios.Outcome) *scenarioReport {
	r := &scenarioReport{
		Schema: report.Schema, Version: versionName(), Command: "scenario",
		Started: started.Round(0), DurationMS: milliseconds(time.Since(started)), Verdict: diagnose.Pass,
	}
	for _, o := range outcomes {
		steps := make([]scenarioStep, len(o.Steps))
		for i, s := range o.Steps {
			// As in every other document: lists are [], never null.
			s.Results = report.Complete(s.Results)
			if s.Differences == nil {
				s.Differences = []string{}
			}
			steps[i] = scenarioStep{s, milliseconds(s.Took)}
		}
		r.Scenarios = append(r.Scenarios, scenarioOutcome{o, milliseconds(o.Took), steps})
		switch o.Status {
		case scenarios.Failed:
			r.Verdict = r.Verdict.Worse(diagnose.Fail)
		case scenarios.Broken, scenarios.Skipped:
			r.Verdict = r.Verdict.Worse(diagnose.Inconclusive)
		}
	}
	return r
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}

func (r *scenarioReport) count(s scenarios.Status) (n int) {
	for _, o := range r.Scenarios {
		if o.Status == s {
			n++
		}
	}
	return n
}

// exitCode is that of the worst outcome. all says that nobody asked for any
// scenario by name: then one that cannot run here is no surprise.
func (r *scenarioReport) exitCode(all bool) int {
	skipped := r.count(scenarios.Skipped)
	strict := !all || os.Getenv(scenarios.NoSkip) != ""
	switch {
	case r.count(scenarios.Broken) > 0:
		return exitUsage
	case r.count(scenarios.Failed) > 0:
		return 1
	case skipped > 0 && strict, skipped == len(r.Scenarios):
		return 3
	}
	return 0
}

// scenarioWriters holds one entry for each format that a run can be rendered in.
var scenarioWriters = []struct {
	name  string
	write func(r *scenarioReport, o report.Options) (string, error)
}{
	{"text", func(r *scenarioReport, o report.Options) (string, error) { return r.text(o.Color), nil }},
	{"json", func(r *scenarioReport, _ report.Options) (string, error) {
		text, err := report.EncodeJSON(r)
		return string(text), err
	}},
	{"markdown", func(r *scenarioReport, _ report.Options) (string, error) { return r.markdown(), nil }},
	{"junit", func(r *scenarioReport, _ report.Options) (string, error) { return r.junit() }},
}

func scenarioFormats() (names []string) {
	for _, w := range scenarioWriters {
		names = append(names, w.name)
	}
	return names
}

// write renders the run in one of the scenarioFormats.
func (r *scenarioReport) write(w io.Writer, format string, o report.Options) error {
	i := slices.Index(scenarioFormats(), format)
	text, err := scenarioWriters[i].write(r, o)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}
