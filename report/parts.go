package report

import (
	"slices"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

// What follows is for whoever shows something that is no Document, such as a
// run of scenarios, and wants it to look like one.

// MarkdownCell makes foreign text a cell of a Markdown table: it stays text,
// but for `commands` and MAC addresses, which become code.
func MarkdownCell(text string) string { return markdownCell(text) }

// Wrap breaks text into lines of at most width columns, at spaces, and makes it
// harmless on a terminal.
func Wrap(text string, width int) []string { return wrap(clean(text), width) }

// Paint gives a word the colour of the verdict that it stands for.
func Paint(v diagnose.Verdict, word string) string { return style{color: true}.verdict(v, word) }

// Explain is the text of one result as a document has it: the hosts, and the
// findings with their causes and what mends them. Frames are counted from started.
func Explain(r diagnose.Result, started time.Time) string {
	p := newPrinter(&Document{Started: started, Results: []diagnose.Result{r}}, Options{Width: junitWidth})
	p.result(&r)
	return strings.TrimRight(p.out.String(), "\n") + "\n"
}

// Ranked gives the findings that say that something is wrong, the most severe first.
func Ranked(findings []diagnose.Finding) (wrong []*diagnose.Finding) {
	return slices.DeleteFunc(ranked(findings), func(f *diagnose.Finding) bool { return f.Severity == diagnose.Info })
}

// Complete gives the results with [] and {} where a list or a map is nil, as
// JSON wants them. The results themselves are not changed.
func Complete(results []diagnose.Result) []diagnose.Result {
	d := Document{Results: slices.Clone(results)}
	d.complete()
	return d.Results
}
