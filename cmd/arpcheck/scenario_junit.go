package main

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/scenarios"
)

// The JUnit form of a run: a suite for each scenario, a case for each step.
type (
	scenarioSuites struct {
		XMLName  xml.Name        `xml:"testsuites"`
		Name     string          `xml:"name,attr"`
		Tests    int             `xml:"tests,attr"`
		Failures int             `xml:"failures,attr"`
		Errors   int             `xml:"errors,attr"`
		Skipped  int             `xml:"skipped,attr"`
		Time     string          `xml:"time,attr"`
		Suites   []scenarioSuite `xml:"testsuite"`
	}
	scenarioSuite struct {
		Name     string         `xml:"name,attr"`
		Tests    int            `xml:"tests,attr"`
		Failures int            `xml:"failures,attr"`
		Errors   int            `xml:"errors,attr"`
		Skipped  int            `xml:"skipped,attr"`
		Time     string         `xml:"time,attr"`
		Stamp    string         `xml:"timestamp,attr"`
		Cases    []scenarioCase `xml:"testcase"`
	}
	scenarioCase struct {
		Name    string         `xml:"name,attr"`
		Class   string         `xml:"classname,attr"`
		File    string         `xml:"file,attr,omitempty"`
		Line    int            `xml:"line,attr,omitempty"`
		Time    string         `xml:"time,attr"`
		Failure *scenarioFault `xml:"failure"`
		Error   *scenarioFault `xml:"error"`
		Skipped *scenarioFault `xml:"skipped"`
	}
	scenarioFault struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func (r *scenarioReport) junit() (string, error) {
	all := scenarioSuites{Name: "arpcheck scenarios", Time: fmt.Sprintf("%.3f", r.DurationMS/1000)}
	for _, o := range r.Scenarios {
		suite := scenarioSuite{Name: o.Name, Time: inSeconds(o.Took), Stamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
		for _, s := range o.Steps {
			c := scenarioCase{Name: fmt.Sprintf("%d. %s", s.Number, s.Title), Class: o.Name, File: o.File, Line: s.Line, Time: inSeconds(s.Took)}
			switch {
			case s.Error != "":
				c.Error = &scenarioFault{Message: oneLine(s.Error)}
			case len(s.Differences) > 0:
				c.Failure = &scenarioFault{Message: oneLine(s.Differences[0]), Text: strings.Join(s.Differences, "\n")}
			}
			suite.Cases = append(suite.Cases, c)
		}
		// One that did not come to its first step, or to its end, must not look like a pass.
		c := scenarioCase{Name: "the lab", Class: o.Name, File: o.File, Time: inSeconds(0)}
		switch {
		case o.Status == scenarios.Skipped:
			c.Skipped = &scenarioFault{Message: oneLine(o.Reason)}
			suite.Cases = append(suite.Cases, c)
		case o.Status == scenarios.Broken && (len(o.Steps) == 0 || o.Steps[len(o.Steps)-1].Error == ""):
			c.Error = &scenarioFault{Message: oneLine(o.Reason)}
			suite.Cases = append(suite.Cases, c)
		}
		for _, c := range suite.Cases {
			suite.Tests++
			suite.Failures += one(c.Failure)
			suite.Errors += one(c.Error)
			suite.Skipped += one(c.Skipped)
		}
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	return xml.Header + string(text) + "\n", err
}

func one(f *scenarioFault) int {
	if f == nil {
		return 0
	}
	return 1
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
