package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// findings prints the findings of a result, the most severe first.
func (p *printer) findings(r *diagnose.Result) {
	sorted := ranked(r.Findings)
	shown := sorted
	if len(shown) > mostFindings && !p.verbose {
		shown = shown[:mostFindings]
	}
	for i, f := range shown {
		p.finding(i+1, f, r)
	}
	if rest := len(sorted) - len(shown); rest > 0 {
		p.gap()
		p.more(rest, "finding", "")
	}
}

// ranked returns the findings, the most severe first.
func ranked(findings []diagnose.Finding) []*diagnose.Finding {
	sorted := make([]*diagnose.Finding, len(findings))
	for i := range findings {
		sorted[i] = &findings[i]
	}
	order := []diagnose.Severity{diagnose.Info, diagnose.Warning, diagnose.Critical}
	slices.SortStableFunc(sorted, func(a, b *diagnose.Finding) int {
		return slices.Index(order, b.Severity) - slices.Index(order, a.Severity)
	})
	return sorted
}

// finding prints one finding. Its text is indented, so that the numbered
// headings stand out.
func (p *printer) finding(number int, f *diagnose.Finding, r *diagnose.Result) {
	const in = "   "
	here := said{number, r}
	p.gap()
	heading := p.style.bold(fmt.Sprintf("%d.", number)) + " " + p.style.severity(f.Severity, clean(string(f.Severity)))
	p.para(heading+"  "+p.style.bold(clean(string(f.Code)))+"  ", in, who(f))
	p.para(in, in, clean(f.Summary))

	causes := f.Causes
	if len(r.Interfaces) > 0 && len(causes) > 0 { // the host itself knows them
		p.label(in, "cause", clean(strings.Join(causes, "; ")))
		causes = nil
	}
	if f.Why != "" {
		why := clean(f.Why)
		if at, ok := p.again("why", f.Why, here); ok {
			why = at
		}
		p.label(in, "why", why)
	}
	p.fix(f, here)
	p.list(in, "likely causes", ", most common first", causes, mostCauses, here)
	p.list(in, "elsewhere", "", f.Variants, len(f.Variants), here)
	p.proof(in, f.Evidence)
	p.filters(in, f.Filters)
}

// names are what is known of the host that a finding is about.
func names(f *diagnose.Finding) (ip, mac string) {
	if len(f.IPs) > 0 {
		ip = clean(f.IPs[0].String())
	}
	if !f.MAC.IsZero() {
		mac = f.MAC.String()
	}
	return ip, mac
}

// who names the host of a finding in full.
func who(f *diagnose.Finding) string {
	ip, mac := names(f)
	if ip != "" && mac != "" {
		return fmt.Sprintf("%s (%s)", ip, mac)
	}
	return ip + mac
}

// label prints a paragraph with a word before it.
func (p *printer) label(in, word, text string) {
	p.para(in+p.style.bold(word+":")+" ", in+strings.Repeat(" ", len(word)+2), text)
}

// list prints items below a heading, which order explains, or says where they
// were printed before.
func (p *printer) list(in, heading, order string, items []string, most int, here said) {
	if len(items) == 0 {
		return
	}
	if at, ok := p.again(heading, strings.Join(items, "\n"), here); ok {
		p.label(in, heading, at)
		return
	}
	if p.verbose {
		most = len(items)
	}
	p.line(in + p.style.bold(heading+order+":"))
	for _, item := range items[:min(most, len(items))] {
		p.para(in+"- ", in+"  ", clean(item))
	}
	p.more(len(items)-most, "cause", in+"  ")
}

// fix prints what to type, on lines that nothing breaks. Where several hosts
// are mended in the same way it is printed once, with all their names.
func (p *printer) fix(f *diagnose.Finding, here said) {
	const in = "   "
	if len(f.Fix) == 0 {
		return
	}
	heading := "fix" + p.onHosts(f, here.result) + ":"
	if at, ok := p.again(heading, strings.Join(f.Fix, "\n"), here); ok {
		p.label(in, "fix", at)
		return
	}
	for _, line := range wrap(heading, p.width-len(in)) {
		p.line(in + p.style.bold(line))
	}
	if len(f.IPs) == 0 && !f.MAC.IsZero() {
		p.paste(in+"  ", "# which host that is: the switch shows its port, and there `ip -br link` shows this MAC address")
	}
	for _, line := range f.Fix {
		p.paste(in+"  ", line)
	}
}

// onHosts names the hosts that the lines of a fix are for: by the schema the one
// of the finding, unless a comment says otherwise, and here all those with the
// same lines.
func (p *printer) onHosts(f *diagnose.Finding, r *diagnose.Result) string {
	const most = 8
	if p.fixes[r] == nil {
		p.fixes[r] = map[string][]string{}
		seen := map[[2]string]bool{}
		for _, f := range ranked(r.Findings) {
			ip, mac := names(f)
			fix, host := strings.Join(f.Fix, "\n"), cmp.Or(ip, mac)
			if host != "" && !strings.HasPrefix(fix, "#") && !seen[[2]string{fix, host}] {
				seen[[2]string{fix, host}] = true
				p.fixes[r][fix] = append(p.fixes[r][fix], host)
			}
		}
	}
	hosts := p.fixes[r][strings.Join(f.Fix, "\n")]
	switch n := len(hosts); {
	case n == 0:
		return ""
	case n == 1:
		return ", on " + hosts[0]
	case n > most:
		return fmt.Sprintf(", on each of %s and %d more hosts below", strings.Join(hosts[:most], ", "), n-most)
	default:
		return fmt.Sprintf(", on each of %s and %s", strings.Join(hosts[:n-1], ", "), hosts[n-1])
	}
}

// paste prints a line of shell so that it can be copied: unbroken. A comment
// may be wrapped, as each of its lines is a comment again.
func (p *printer) paste(in, line string) {
	text := clean(line)
	comment, ok := strings.CutPrefix(text, "#")
	if !ok {
		p.line(in + p.style.paste(text))
		return
	}
	for _, part := range wrap(comment, p.width-len(in)-2) {
		p.line(strings.TrimRight(in+"# "+part, " "))
	}
}

// proof prints the frames that a finding rests on.
func (p *printer) proof(in string, frames []diagnose.Evidence) {
	shown := frames
	if len(shown) > mostProof && !p.verbose {
		shown = shown[:mostProof]
	}
	var stamps stamps
	for _, e := range shown {
		stamps.measure(p.frame(e.File, e.Frame), p.offset(e.Time))
	}
	if len(shown) > 0 {
		p.line(in + p.style.bold("proof:"))
	}
	for _, e := range shown {
		first := in + "  " + stamps.print(p.frame(e.File, e.Frame), p.offset(e.Time))
		p.para(first, strings.Repeat(" ", len(first)), clean(e.Text))
	}
	p.more(len(frames)-len(shown), "frame", in+"  ")
}

// said is a place in the document: a finding of a result.
type said struct {
	number int
	result *diagnose.Result
}

// again says where the same text was printed before, so that nobody has to read
// it twice; if it was not, it remembers that it is printed here.
func (p *printer) again(kind, text string, here said) (at string, ok bool) {
	key := kind + "\x00" + text
	before, ok := p.said[key]
	switch {
	case !ok:
		p.said[key] = here
		return "", false
	case before.result == here.result:
		return fmt.Sprintf("as in %d", before.number), true
	}
	return clean(fmt.Sprintf("as in %d of %s", before.number, before.result.VIP)), true
}
