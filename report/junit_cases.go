package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A junitTest is one case: a question, its answer, and what explains it.
type junitTest struct {
	name     string
	verdict  diagnose.Verdict
	findings []diagnose.Finding
}

// junitTests distributes the verdict and the findings to the cases; left are
// the findings that fail none of them. The last case is there for what no test
// asks for, so that a suite is green only if the verdict is pass.
func junitTests(r *diagnose.Result) (tests []junitTest, left []diagnose.Finding) {
	tests = []junitTest{
		{name: "reply test", verdict: r.Tests.Reply},
		{name: "announce test", verdict: r.Tests.Announce},
		{name: "holders test", verdict: r.Tests.Holders},
		{name: "other findings", verdict: diagnose.Pass},
	}
	reply, announce, other := &tests[0], &tests[1], &tests[3]
	for _, f := range r.Findings {
		to := other
		switch f.Code {
		case diagnose.ReplyLeak, diagnose.GratuitousLeak, diagnose.OnNIC, diagnose.Conflict, diagnose.Unowned, diagnose.Bypassed, diagnose.Spoofing:
			to = reply
		case diagnose.AnnounceLeak:
			to = announce
		}
		switch {
		case to != other && to.verdict == diagnose.Fail:
			to.findings = append(to.findings, f)
		case f.Severity == diagnose.Critical:
			other.verdict = diagnose.Fail
			other.findings = append(other.findings, f)
		default:
			left = append(left, f)
		}
	}
	// A test that failed, and no code above says why: a newer one.
	for i := range tests[:3] {
		if t := &tests[i]; t.verdict == diagnose.Fail && len(t.findings) == 0 {
			t.findings, other.findings = other.findings, nil
			other.verdict = diagnose.Pass
		}
	}
	explained := slices.ContainsFunc(tests, func(t junitTest) bool {
		return t.verdict == r.Verdict || t.verdict == diagnose.Fail
	})
	if !explained {
		other.verdict = r.Verdict
	}
	return tests, left
}

// junitMessage is the line that a list of failures shows.
func junitMessage(findings []diagnose.Finding, r *diagnose.Result) string {
	var all []string
	for _, f := range findings[:min(len(findings), 5)] {
		all = append(all, f.Summary)
	}
	if n := len(findings) - 5; n > 0 {
		all = append(all, fmt.Sprintf("And %d more.", n))
	}
	if len(all) == 0 {
		all = []string{r.Summary}
	}
	return clip(clean(strings.Join(all, " ")), 1000)
}

func junitCodes(findings []diagnose.Finding) string {
	var codes []string
	for _, f := range findings {
		if code := clean(string(f.Code)); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return string(diagnose.Fail)
	}
	return strings.Join(codes, " ")
}
