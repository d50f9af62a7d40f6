package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// result prints all about one address.
func (p *printer) result(r *diagnose.Result) {
	p.headline(r.Verdict, place(r)+clean(r.Summary))
	p.overview(r)
	p.tests(&r.Tests)
	p.findings(r)
	p.notes(r)
	if p.verbose && len(r.Frames) > 0 {
		p.frames(r.Frames)
	}
}

// overview prints the table that a result begins with.
func (p *printer) overview(r *diagnose.Result) {
	if len(r.Interfaces) > 0 {
		p.interfaces(r)
	} else {
		p.hosts(r)
		p.captured(r)
	}
}

// notes prints what is to be known of the run itself.
func (p *printer) notes(r *diagnose.Result) {
	for _, n := range r.Notes {
		p.gap()
		p.para(p.style.bold("note:")+" ", "      ", clean(n.Text))
		if n.Fix != "" {
			p.paste("      ", n.Fix)
		}
	}
}

// place is what stands before the summary of a result: the address and where
// it was looked at.
func place(r *diagnose.Result) string {
	var where []string
	if r.Interface != "" {
		where = append(where, "on "+r.Interface)
	}
	if r.NetNS != "" {
		where = append(where, "in namespace "+r.NetNS)
	}
	if len(r.VLAN) > 0 {
		where = append(where, "VLAN "+strings.Trim(strings.ReplaceAll(fmt.Sprint(r.VLAN), " ", "."), "[]"))
	}
	if r.File != "" {
		where = append(where, "in "+r.File)
	}
	what := "" // a capture in which no address is in question
	if r.VIP.IsValid() {
		what = r.VIP.String()
	}
	return clean(strings.TrimSpace(what+" "+strings.Join(where, ", "))) + ": "
}

// hosts prints the table of hosts, or a paragraph for each on a narrow
// terminal.
func (p *printer) hosts(r *diagnose.Result) {
	if len(r.Hosts) == 0 {
		return
	}
	codes := codesByMAC(r.Findings)
	shown := p.chosen(r, codes)

	rows := make([][]cell, len(shown))
	for i, h := range shown {
		rows[i] = hostRow(h, codes[h.MAC], p.width)
	}
	p.gap()
	lines := table(hostColumns(p.width), rows, p.width, p.style)
	for _, line := range lines {
		p.line(line)
	}
	if lines == nil {
		for _, h := range shown {
			p.para("- ", "  ", hostCard(h, codes[h.MAC]))
		}
	}
	p.more(len(r.Hosts)-len(shown), "host", "")
	if p.width >= wide {
		return // the table says why each host has its role
	}
	for _, h := range shown {
		if h.Role == diagnose.Director && !strings.HasPrefix(h.RoleReason, "named as the director") {
			name := hostMAC(h)
			if len(h.IPs) > 0 {
				name = h.IPs[0].String()
			}
			p.para("director: ", "          ", clean(fmt.Sprintf("%s (%s)", name, h.RoleReason)))
		}
	}
}

// chosen are the hosts that are shown. When there are too many, those with
// findings come first.
func (p *printer) chosen(r *diagnose.Result, codes map[evidence.MAC][]diagnose.Code) []*diagnose.Host {
	shown := make([]*diagnose.Host, len(r.Hosts))
	for i := range r.Hosts {
		shown[i] = &r.Hosts[i]
	}
	if len(shown) > mostHosts && !p.verbose {
		slices.SortStableFunc(shown, func(a, b *diagnose.Host) int { return prominence(b, codes[b.MAC]) - prominence(a, codes[a.MAC]) })
		shown = shown[:mostHosts]
	}
	return shown
}

// prominence orders hosts when not all of them can be shown.
func prominence(h *diagnose.Host, codes []diagnose.Code) int {
	switch {
	case h.Role == diagnose.Director:
		return 2
	case len(codes) > 0:
		return 1
	}
	return 0
}

// more says that n things are left out, and how to see them.
func (p *printer) more(n int, thing, indent string) {
	if n <= 0 {
		return
	}
	if n > 1 {
		thing += "s"
	}
	p.para(indent, indent, fmt.Sprintf("and %s more %s: -v shows all", thousands(n), thing))
}

// tests names each question that was not asked or not decided.
func (p *printer) tests(t *diagnose.Tests) {
	p.gap()
	for _, test := range questions(t) {
		switch test.verdict {
		case diagnose.Skipped:
			p.para("not asked    ", "             ", test.question)
		case diagnose.Inconclusive:
			p.para("not decided  ", "             ", test.question)
		}
	}
}

// A question is one test in words.
type question struct {
	verdict  diagnose.Verdict
	question string
}

func questions(t *diagnose.Tests) []question {
	return []question{
		{t.Reply, "reply test: does the right host, and no other, answer who-has?"},
		{t.Announce, "announce test: does another host use the VIP as ARP sender?"},
		{t.Holders, "holders test: was everyone who holds the VIP found?"},
	}
}

// counts says how many frames the result rests on.
func counts(c *diagnose.Capture) string {
	var ignored uint64
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(c.Ignored)) {
		if n := c.Ignored[reason]; n > 0 {
			ignored += n
			reasons = append(reasons, fmt.Sprintf("%d %s", n, clean(string(reason))))
		}
	}
	lost := "0 lost"
	if c.Dropped > 0 {
		lost = fmt.Sprintf("%d LOST", c.Dropped)
	}
	text := fmt.Sprintf("frames: %d sent, %d received, %s, %d analysed, %d ignored", c.Sent, c.Received, lost, c.Analysed, ignored)
	if len(c.Files) > 0 {
		text = fmt.Sprintf("frames: %d read, %s, %d kept as evidence, %d ignored", c.Received, lost, c.Analysed, ignored)
	}
	if len(reasons) > 0 {
		text += " (" + strings.Join(reasons, ", ") + ")"
	}
	return text
}

// frames prints every frame on a line, in the manner of tcpdump.
func (p *printer) frames(frames []diagnose.Frame) {
	p.gap()
	if p.fromFiles {
		p.line(p.style.bold("every frame:"))
	} else {
		p.line(p.style.bold("every frame") + " (> sent, < seen):")
	}
	var stamps stamps
	for _, f := range frames {
		stamps.measure(p.frame(f.File, f.Frame), p.offset(f.Time))
	}
	for _, f := range frames {
		way := "< "
		if f.Sent {
			way = "> "
		}
		if p.fromFiles {
			way = ""
		}
		first := stamps.print(p.frame(f.File, f.Frame), p.offset(f.Time)) + way
		p.para(first, strings.Repeat(" ", len(first)), clean(f.Text))
	}
}

// offset is the time since the start of the document, or the time itself where
// that would say nothing: a capture may be years older than its reading.
func (p *printer) offset(t time.Time) string {
	switch since := t.Sub(p.started); {
	case p.fromFiles:
		return p.clock(t)
	case t.IsZero():
		return ""
	case since < 0 || since >= time.Hour:
		return t.Format("2006-01-02 15:04:05.000000")
	default:
		return fmt.Sprintf("+%.1f ms", float64(since)/float64(time.Millisecond))
	}
}

// stamps align the numbers and times of several frames.
type stamps struct{ number, offset int }

func (s *stamps) measure(number, offset string) {
	s.number = max(s.number, len(number))
	s.offset = max(s.offset, len(offset))
}

func (s *stamps) print(number, offset string) string {
	return fmt.Sprintf("%*s  %*s  ", s.number, number, s.offset, offset)
}

// thousands groups the digits of n, which is not negative.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
