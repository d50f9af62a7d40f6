package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// text is the table for people, and below each scenario that is no pass what
// was wrong.
func (r *scenarioReport) text(color bool) string {
	words := map[scenarios.Status]string{scenarios.Passed: "pass", scenarios.Failed: "FAIL", scenarios.Broken: "ERROR", scenarios.Skipped: "skip"}
	like := map[scenarios.Status]diagnose.Verdict{scenarios.Passed: diagnose.Pass, scenarios.Failed: diagnose.Fail, scenarios.Broken: diagnose.Fail, scenarios.Skipped: diagnose.Inconclusive}
	names := 0
	for _, o := range r.Scenarios {
		names = max(names, len(oneLine(o.Name)))
	}
	var b strings.Builder
	for _, o := range r.Scenarios {
		word := fmt.Sprintf("%-5s", words[o.Status])
		if color {
			word = report.Paint(like[o.Status], word)
		}
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%s  %-*s  %6.1f s  %s", word, names, oneLine(o.Name), o.Took.Seconds(), oneLine(o.About)), " "))
		for _, line := range o.wrong() {
			fmt.Fprintf(&b, "       %s%s\n", strings.Repeat("  ", line.deep), line)
		}
	}
	fmt.Fprintf(&b, "\n%s in %.1f s\n", r.tally(), r.DurationMS/1000)
	return b.String()
}

// String is the remark on one line, harmless on a terminal.
func (r remark) String() string {
	if r.word != "" {
		return r.word + ": " + oneLine(r.text)
	}
	return oneLine(r.text)
}

// markdown is the remark in a cell of a table, where nothing can be indented.
func (r remark) markdown() string {
	text := oneLine(r.text)
	if r.code {
		text = "`" + text + "`"
	}
	if r.word != "" {
		text = r.word + ": " + text
	}
	return report.MarkdownCell(text)
}

// tally counts the outcomes, in words.
func (r *scenarioReport) tally() string {
	parts := []string{fmt.Sprintf("%d passed", r.count(scenarios.Passed))}
	for _, p := range []struct {
		status scenarios.Status
		word   string
	}{{scenarios.Failed, "failed"}, {scenarios.Broken, "could not be done"}, {scenarios.Skipped, "skipped"}} {
		if n := r.count(p.status); n > 0 || p.status == scenarios.Failed {
			parts = append(parts, fmt.Sprintf("%d %s", n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// markdown is a table for the summary of a CI job.
func (r *scenarioReport) markdown() string {
	marks := map[scenarios.Status]string{scenarios.Passed: "✅", scenarios.Failed: "❌", scenarios.Broken: "💥", scenarios.Skipped: "⏭️"}
	var b strings.Builder
	fmt.Fprintf(&b, "### arpcheck scenarios: %s\n\n| | scenario | time | |\n|---|---|---|---|\n", r.tally())
	for _, o := range r.Scenarios {
		var text []string
		if o.About != "" {
			text = append(text, report.MarkdownCell(oneLine(o.About)))
		}
		for _, line := range o.wrong() {
			text = append(text, line.markdown())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", marks[o.Status], report.MarkdownCell(oneLine(o.Name)), o.Took.Round(100*time.Millisecond), strings.Join(text, "<br>"))
	}
	return b.String()
}

// annotations are workflow commands of GitHub Actions, which show what is wrong
// at its line of the file.
func (r *scenarioReport) annotations() string {
	// Both have rules of their own for what would end them early.
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var b strings.Builder
	for _, o := range r.Scenarios {
		kind := "error"
		switch o.Status {
		case scenarios.Passed:
			continue
		case scenarios.Skipped:
			kind = "warning"
		}
		where := ""
		if o.File != "" {
			where = "file=" + property.Replace(oneLine(o.File)) + ","
			if o.Line > 0 {
				where += fmt.Sprintf("line=%d,", o.Line)
			}
		}
		var text []string
		for _, line := range o.wrong() {
			text = append(text, strings.Repeat("  ", line.deep)+line.String())
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", kind, where, property.Replace(oneLine("scenario "+o.Name)), data.Replace(strings.Join(text, "\n")))
	}
	return b.String()
}
