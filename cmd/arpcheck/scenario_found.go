package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A remark is one line of what a run has to say about a scenario.
type remark struct {
	deep int    // how far it is indented
	word string // what kind of line it is, if that has to be said
	text string
	code bool // it can be typed
}

// How much is shown of what a check found.
const (
	mostFound  = 5
	mostCauses = 2
)

// wrong lists all that is not as it has to be, with what was found there: who
// reads it may see nothing else of the run.
func (o *scenarioOutcome) wrong() (all []remark) {
	for _, s := range o.Steps {
		for _, d := range s.Differences {
			all = append(all, remark{text: fmt.Sprintf("step %d, %s: %s", s.Number, s.Title, d)})
		}
		all = append(all, s.found()...)
		if s.Error != "" {
			all = append(all, remark{text: fmt.Sprintf("step %d, %s: %s", s.Number, s.Title, s.Error)})
		}
	}
	if len(all) == 0 && o.Status != scenarios.Passed {
		all = []remark{{text: o.Reason}}
		if o.Hint != "" {
			all = append(all, remark{word: "hint", text: o.Hint})
		}
	}
	return all
}

// differing are the results of a step that are not as they have to be.
func (s *scenarioStep) differing() (all []diagnose.Result) {
	for _, r := range s.Results {
		if slices.Contains(s.Differ, r.VIP) {
			all = append(all, r)
		}
	}
	return all
}

// found lists the findings of a check that did not find what it had to.
func (s *scenarioStep) found() (all []remark) {
	for _, r := range s.differing() {
		findings := report.Ranked(r.Findings)
		for _, f := range findings[:min(len(findings), mostFound)] {
			text := string(f.Code) + ": " + f.Summary
			if who := s.who(f); who != "" {
				text = who + ": " + text
			}
			all = append(all, remark{deep: 1, text: text})
			for _, cause := range f.Causes[:min(len(f.Causes), mostCauses)] {
				all = append(all, remark{deep: 2, word: "likely cause", text: cause})
			}
			for _, line := range f.Fix {
				all = append(all, remark{deep: 2, word: "fix", text: line, code: !strings.HasPrefix(line, "#")})
			}
		}
		if n := len(findings) - mostFound; n > 0 {
			all = append(all, remark{deep: 1, text: fmt.Sprintf("and %d more", n)})
		}
	}
	return all
}

// who names the host of a finding by what the scenario and the wire call it.
func (s *scenarioStep) who(f *diagnose.Finding) string {
	var words []string
	if name := s.Names[f.MAC]; name != "" {
		words = append(words, name)
	}
	switch {
	case len(f.IPs) > 0:
		words = append(words, f.IPs[0].String())
	case !f.MAC.IsZero():
		words = append(words, f.MAC.String())
	}
	return strings.Join(words, ", ")
}

// junitFailure is all of it for somebody who sees this file alone.
func (s *scenarioStep) junitFailure() *report.JUnitText {
	out := &report.JUnitText{Message: oneLine(s.Differences[0])}
	var codes, short []string
	body := strings.Join(s.Differences, "\n") + "\n"
	for _, r := range s.differing() {
		body += "\n"
		for _, h := range r.Hosts {
			if name := s.Names[h.MAC]; name != "" && len(h.IPs) > 0 {
				body += fmt.Sprintf("%s is %s (%s)\n", name, h.IPs[0], h.MAC)
			}
		}
		body += "\n" + report.Explain(r, s.Began)
		for _, f := range report.Ranked(r.Findings) {
			if !slices.Contains(codes, string(f.Code)) {
				codes = append(codes, string(f.Code))
			}
			short = append(short, strings.TrimPrefix(s.who(f)+" "+string(f.Code), " "))
		}
	}
	if n := len(short) - mostFound; n > 0 {
		short = append(short[:mostFound], fmt.Sprintf("and %d more", n))
	}
	if short != nil {
		out.Message += " (" + oneLine(strings.Join(short, "; ")) + ")"
	}
	out.Body = body
	out.Type = cmp.Or(strings.Join(codes, " "), map[bool]string{true: "check", false: "command"}[s.Check])
	return out
}
