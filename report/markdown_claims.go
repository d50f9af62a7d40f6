package report

import (
	"fmt"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// captured writes what a capture shows of an address.
func (m *markdown) captured(r *diagnose.Result) {
	m.claims(r)
	m.asks(r)
	m.changes(r)
}

func (m *markdown) claims(r *diagnose.Result) {
	shown := shorten(m.printer, r.Claims, mostClaims)
	if len(shown) == 0 {
		return
	}
	var heads []string
	for _, c := range m.claimColumns(r) {
		head := strings.ToLower(columnHeads.Replace(strings.Join(c.head, " ")))
		heads = append(heads, strings.ToUpper(head[:1])+head[1:])
	}
	rows := make([][]cell, len(shown))
	for i := range shown {
		rows[i] = m.claimRow(r, &shown[i])
	}
	m.table(heads, rows)
	m.rest(len(r.Claims)-len(shown), "claimant")
}

// columnHeads joins what the headings of the text break.
var columnHeads = strings.NewReplacer("GRATU- ITOUS", "GRATUITOUS", "- ", "-")

// captureFiles writes what is to be known of the captures.
func (m *markdown) captureFiles(d *Document) {
	var lines []string
	for _, f := range captureFiles(d) {
		lines = append(lines, "- "+markdownText(m.captureFile(f)))
	}
	if len(lines) > 0 {
		m.block("%s", strings.Join(lines, "\n"))
	}
}

func (m *markdown) asks(r *diagnose.Result) {
	shown := m.telling(r)
	if len(shown) == 0 {
		return
	}
	names := namesByMAC(r)
	var lines []string
	for _, ask := range shown {
		lines = append(lines, fmt.Sprintf("%s  %s  who-has from %s", m.frame(ask.File, ask.Frame), m.offset(ask.Time), ask.IP))
		for _, a := range shorten(m.printer, ask.Answers, mostAnswers) {
			lines = append(lines, fmt.Sprintf("  %s  +%s  %s", m.frame(a.File, a.Frame), latency(&a.DelayMS), named(a.MAC, names)))
		}
	}
	m.block("**Answers, in their order:**")
	m.block("%s", markdownBlock("text", lines))
	m.rest(answered(r.Asks)-len(shown), "who-has")
}

func (m *markdown) changes(r *diagnose.Result) {
	shown := shorten(m.printer, r.Changes, mostChanges)
	if len(shown) == 0 {
		return
	}
	names := namesByMAC(r)
	lines := make([]string, len(shown))
	for i, c := range shown {
		lines[i] = fmt.Sprintf("%s  %s  from %s to %s, by %s", m.frame(c.File, c.Frame), m.offset(c.Time), short(c.From, names), short(c.To, names), c.Why)
	}
	m.block("**Changes of owner:**")
	m.block("%s", markdownBlock("text", lines))
	m.rest(len(r.Changes)-len(shown), "change")
}

// filters writes what to paste into Wireshark.
func (m *markdown) filters(filters []diagnose.Filter) {
	for _, f := range filters {
		m.block("**In Wireshark%s:**", markdownText(map[bool]string{true: ", file " + f.File}[m.severalFiles]))
		m.block("%s", markdownBlock("text", []string{f.Display}))
	}
}
