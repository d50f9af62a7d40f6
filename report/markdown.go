package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// writeMarkdown writes the document for the summary of a CI job. It shows what
// the text shows, and holds no HTML of its own.
func writeMarkdown(w io.Writer, d Document, o Options) error {
	m := &markdown{printer: newPrinter(&d, o)}
	m.write(&d)
	_, err := io.WriteString(w, m.text.String())
	return err
}

// A markdown collects the Markdown of one document. From the printer it has
// what is left out, and what was said before.
type markdown struct {
	*printer
	text strings.Builder
}

// block writes a paragraph, a heading, a table or a list, with a blank line
// before it.
func (m *markdown) block(format string, a ...any) {
	if m.text.Len() > 0 {
		m.text.WriteString("\n")
	}
	fmt.Fprintf(&m.text, format+"\n", a...)
}

func (m *markdown) write(d *Document) {
	m.block("## arpcheck: %s", markdownVerdict(d.Verdict))
	switch len(d.Results) {
	case 0:
		m.block("no result: no address was looked at")
	case 1:
	default:
		m.block("%s", tally(d.Results))
	}

	full, short := m.split(d.Results)
	for _, r := range full {
		if len(d.Results) > 1 {
			m.block("### %s: %s", markdownVerdict(r.Verdict), markdownPlace(r))
		}
		m.result(r)
	}
	if len(short) > 0 {
		m.block("### The others")
		var items []string
		for _, r := range short {
			items = append(items, fmt.Sprintf("- %s: **%s:** %s", markdownVerdict(r.Verdict), markdownPlace(r), markdownText(clip(clean(r.Summary), 300))))
		}
		m.block("%s", strings.Join(items, "\n"))
	}
	m.captureFiles(d)
	took := "took " + latency(&d.DurationMS)
	if len(d.Results) > 0 && sameCapture(d.Results) && d.Command != inspected {
		took = markdownText(counts(&d.Results[0].Capture)) + "; " + took
	}
	m.block("arpcheck %s, %s; %s", markdownText(d.Version), markdownText(d.Command), took)
}

// markdownVerdict is a verdict in capital letters.
func markdownVerdict(v diagnose.Verdict) string { return markdownText(strings.ToUpper(string(v))) }

func markdownPlace(r *diagnose.Result) string {
	return markdownText(strings.TrimSuffix(place(r), ": "))
}

// result writes all about one address.
func (m *markdown) result(r *diagnose.Result) {
	m.block("**%s:** %s", markdownPlace(r), markdownText(r.Summary))
	if len(r.Interfaces) > 0 {
		m.interfaces(r)
	} else {
		m.hosts(r)
		m.captured(r)
	}
	var open []string
	for _, test := range questions(&r.Tests) {
		switch test.verdict {
		case diagnose.Skipped:
			open = append(open, "- Not asked: "+test.question)
		case diagnose.Inconclusive:
			open = append(open, "- Not decided: "+test.question)
		}
	}
	if len(open) > 0 {
		m.block("%s", strings.Join(open, "\n"))
	}

	shown := ranked(r.Findings)
	if len(shown) > mostFindings && !m.verbose {
		shown = shown[:mostFindings]
	}
	for i, f := range shown {
		m.finding(i+1, f, r)
	}
	m.rest(len(r.Findings)-len(shown), "finding")
	for _, n := range r.Notes {
		m.block("**Note:** %s", markdownText(n.Text))
		if n.Fix != "" {
			m.block("%s", markdownBlock("sh", []string{n.Fix}))
		}
	}
	if m.verbose && len(r.Frames) > 0 {
		lines := make([]string, len(r.Frames))
		for i, f := range r.Frames {
			way := "<"
			if f.Sent {
				way = ">"
			}
			lines[i] = fmt.Sprintf("%s  %s  %s %s", m.frame(f.File, f.Frame), m.offset(f.Time), way, f.Text)
		}
		m.block("**Every frame** (\\> sent, \\< seen):")
		m.block("%s", markdownBlock("text", lines))
	}
}

// rest says that n things are left out.
func (m *markdown) rest(n int, thing string) {
	if n > 1 {
		thing += "s"
	}
	if n > 0 {
		m.block("and %s more %s: -v shows all", thousands(n), thing)
	}
}

// finding writes one finding; what was said before is not said again.
func (m *markdown) finding(number int, f *diagnose.Finding, r *diagnose.Result) {
	here := said{number, r}
	said := func(kind, label, text string) bool {
		at, again := m.again(kind, text, here)
		if again {
			m.block("**%s:** %s", label, markdownText(at))
		}
		return again
	}
	m.block("#### %d. %s", number, markdownText(fmt.Sprintf("%s %s %s", f.Severity, f.Code, who(f))))
	m.block("%s", markdownText(f.Summary))
	if f.Why != "" && !said("why", "Why", f.Why) {
		m.block("**Why:** %s", markdownText(f.Why))
	}
	if label := "Fix" + m.onHosts(f, r); len(f.Fix) > 0 && !said(label, "Fix", strings.Join(f.Fix, "\n")) {
		m.block("**%s:**", markdownText(label))
		m.block("%s", markdownBlock("sh", f.Fix))
	}
	causes, order := "Likely causes", ", most common first"
	if len(r.Interfaces) > 0 { // the host itself knows them
		causes, order = "Cause", ""
	}
	for _, list := range []struct {
		label, order string
		items        []string
	}{{causes, order, f.Causes}, {"Elsewhere", "", f.Variants}} {
		if len(list.items) == 0 || said(list.label, list.label, strings.Join(list.items, "\n")) {
			continue
		}
		items := list.items
		if len(items) > mostCauses && !m.verbose {
			items = items[:mostCauses]
		}
		lines := make([]string, len(items))
		for i, item := range items {
			lines[i] = "- " + markdownText(item)
		}
		m.block("**%s**%s:", list.label, list.order)
		m.block("%s", strings.Join(lines, "\n"))
		m.rest(len(list.items)-len(items), "cause")
	}
	m.proof(f.Evidence)
	m.filters(f.Filters)
}

// proof writes the frames that a finding rests on.
func (m *markdown) proof(frames []diagnose.Evidence) {
	if len(frames) == 0 {
		return
	}
	shown := frames
	if len(shown) > mostProof && !m.verbose {
		shown = shown[:mostProof]
	}
	lines := make([]string, len(shown))
	for i, e := range shown {
		lines[i] = fmt.Sprintf("%s  %s  %s", m.frame(e.File, e.Frame), m.offset(e.Time), e.Text)
	}
	m.block("**Proof:**")
	m.block("%s", markdownBlock("text", lines))
	m.rest(len(frames)-len(shown), "frame")
}
