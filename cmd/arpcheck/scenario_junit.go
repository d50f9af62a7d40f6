package main

import (
	"fmt"
	"strings"

	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// junit is the JUnit form of a run: a suite for each scenario, a case for each
// step.
func (r *scenarioReport) junit() (string, error) {
	all := report.JUnit{Name: "arpcheck scenarios", Time: report.JUnitSeconds(r.DurationMS)}
	for _, o := range r.Scenarios {
		suite := report.JUnitSuite{
			Name: o.Name, Time: report.JUnitSeconds(o.DurationMS), Timestamp: r.Started.UTC().Format(report.JUnitTime),
			Properties: []report.JUnitProperty{{Name: "arpcheck.version", Value: r.Version}},
		}
		for _, s := range o.Steps {
			c := report.JUnitCase{Class: o.Name, Name: fmt.Sprintf("%d. %s", s.Number, s.Title), File: o.File, Line: s.Line,
				Time: report.JUnitSeconds(milliseconds(s.Took))}
			switch {
			case s.Error != "":
				c.Error = &report.JUnitText{Message: oneLine(s.Error), Type: "error", Body: strings.Join(append(s.Differences, s.Error), "\n")}
			case len(s.Differences) > 0:
				c.Failure = s.junitFailure()
			}
			suite.Add(c)
		}
		// One that did not come to its first step, or to its end, must not look like a pass.
		c := report.JUnitCase{Class: o.Name, Name: "the scenario", File: o.File, Line: o.Line, Time: report.JUnitSeconds(0)}
		switch {
		case o.Status == scenarios.Skipped:
			c.Skipped = &report.JUnitText{Message: oneLine(o.Reason), Body: o.Hint}
			suite.Add(c)
		case o.Status == scenarios.Broken && (len(o.Steps) == 0 || o.Steps[len(o.Steps)-1].Error == ""):
			c.Error = &report.JUnitText{Message: oneLine(o.Reason), Type: "error", Body: o.Hint}
			suite.Add(c)
		}
		all.Add(suite)
	}
	var b strings.Builder
	err := all.Write(&b)
	return b.String(), err
}
