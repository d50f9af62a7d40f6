package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// How much the text shows of what a capture tells about one address.
const (
	mostClaims  = 20
	mostAsks    = 5
	mostAnswers = 5
	mostChanges = 10
)

// captured prints what a capture shows of an address: who claimed it, who
// answered for it and when, and how it moved.
func (p *printer) captured(r *diagnose.Result) {
	p.claims(r)
	p.asks(r)
	p.changes(r)
}

// claimColumns are those of the table of claimants. Columns that would be empty
// are left out.
func (p *printer) claimColumns(r *diagnose.Result) []column {
	cols := []column{
		{head: []string{"CLAIMED BY"}, most: 17},
		{head: []string{"FIRST", "FRAME"}, most: 20, right: true},
		{head: []string{"AT"}, most: 14},
		{head: []string{"LAST", "FRAME"}, most: 20, right: true},
		{head: []string{"AT"}, most: 14},
		{head: []string{"IS-AT"}, most: 8, right: true},
		{head: []string{"WHO-", "HAS"}, most: 8, right: true},
		{head: []string{"GRATU-", "ITOUS"}, most: 8, right: true},
	}
	if slices.ContainsFunc(r.Claims, probed) {
		cols = append(cols, column{head: []string{"PROBES"}, most: 8, right: true})
	}
	if slices.ContainsFunc(r.Claims, mismatched) {
		cols = append(cols, column{head: []string{"OTHER", "SOURCE"}, most: 8, right: true})
	}
	return cols
}

func probed(c diagnose.Claim) bool     { return c.Probes > 0 }
func mismatched(c diagnose.Claim) bool { return c.Mismatched > 0 }

func (p *printer) claimRow(r *diagnose.Result, c *diagnose.Claim) []cell {
	number := func(n uint64) cell { return cell{text: strconv.FormatUint(n, 10)} }
	row := []cell{
		{text: claimant(c.MAC)},
		{text: p.frame(c.First.File, c.First.Frame)},
		{text: p.brief(c.First.Time)},
		{text: p.frame(c.Last.File, c.Last.Frame)},
		{text: p.brief(c.Last.Time)},
		number(c.Replies), number(c.Requests), number(c.Gratuitous),
	}
	for i, code := range []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak, diagnose.GratuitousLeak} {
		found := slices.ContainsFunc(r.Findings, func(f diagnose.Finding) bool { return f.Code == code && f.MAC == c.MAC })
		if told := &row[len(row)-3+i]; found && told.text != "0" {
			told.mark = true
			told.text += " !"
		}
	}
	if slices.ContainsFunc(r.Claims, probed) {
		row = append(row, number(c.Probes))
	}
	if slices.ContainsFunc(r.Claims, mismatched) {
		other := number(c.Mismatched)
		if other.mark = c.Mismatched > 0; other.mark {
			other.text += " !"
		}
		row = append(row, other)
	}
	return row
}

// claims prints who claimed the address, or a paragraph for each claimant on a
// narrow terminal.
func (p *printer) claims(r *diagnose.Result) {
	shown := shorten(p, r.Claims, mostClaims)
	if len(shown) == 0 {
		return
	}
	rows := make([][]cell, len(shown))
	for i := range shown {
		rows[i] = p.claimRow(r, &shown[i])
	}
	p.gap()
	lines := table(p.claimColumns(r), rows, p.width, p.style)
	for _, line := range lines {
		p.line(line)
	}
	if lines == nil {
		for i := range shown {
			p.para("- ", "  ", p.claimCard(&shown[i]))
		}
	}
	p.left(len(r.Claims)-len(shown), int(r.ClaimsTotal)-len(r.Claims), "claimant")
}

// claimCard says the same as a row where no table fits.
func (p *printer) claimCard(c *diagnose.Claim) string {
	text := fmt.Sprintf("claimed by %s from frame %s (%s) to %s (%s): %s, %s, %s", claimant(c.MAC),
		p.frame(c.First.File, c.First.Frame), p.brief(c.First.Time),
		p.frame(c.Last.File, c.Last.Frame), p.brief(c.Last.Time),
		plural(c.Replies, "is-at", "is-at"), plural(c.Requests, "who-has", "who-has"), plural(c.Gratuitous, "gratuitous", "gratuitous"))
	if c.Probes > 0 {
		text += ", " + plural(c.Probes, "probe", "probes")
	}
	if c.Mismatched > 0 {
		text += fmt.Sprintf("; %d of these sent by another Ethernet source !", c.Mismatched)
	}
	return text
}

// asks prints some who-has with their answers, in order; those that several
// hosts answered come first.
func (p *printer) asks(r *diagnose.Result) {
	shown := p.telling(r)
	if len(shown) == 0 {
		return
	}
	p.gap()
	p.line(p.style.bold("answers, in their order:"))
	names := namesByMAC(r)
	for _, ask := range shown {
		who := ask.MAC.String()
		if ask.IP.IsValid() && !ask.IP.IsUnspecified() {
			who = clean(ask.IP.String())
		}
		first := "  " + p.frame(ask.File, ask.Frame) + "  " + p.offset(ask.Time) + "  "
		p.para(first, strings.Repeat(" ", len(first)), "who-has from "+who)
		answers := shorten(p, ask.Answers, mostAnswers)
		var stamps stamps
		for _, a := range answers {
			stamps.measure(p.frame(a.File, a.Frame), "+"+latency(&a.DelayMS))
		}
		for _, a := range answers {
			first := "    " + stamps.print(p.frame(a.File, a.Frame), "+"+latency(&a.DelayMS))
			p.para(first, strings.Repeat(" ", len(first)), named(a.MAC, names))
		}
		p.more(len(ask.Answers)-len(answers), "answer", "    ")
	}
	p.left(answered(r.Asks)-len(shown), int(r.AsksTotal)-len(r.Asks), "request")
}

// telling are the who-has that are shown: answered by several hosts if there
// are such, else answered at all. They stay in the order of time.
func (p *printer) telling(r *diagnose.Result) []*diagnose.Ask {
	var several, one []*diagnose.Ask
	for i := range r.Asks {
		ask := &r.Asks[i]
		switch {
		case len(ask.Answers) == 0:
		case slices.ContainsFunc(ask.Answers, func(a diagnose.Answered) bool { return a.MAC != ask.Answers[0].MAC }):
			several = append(several, ask)
		default:
			one = append(one, ask)
		}
	}
	if p.verbose {
		return slices.SortedFunc(slices.Values(append(several, one...)), func(a, b *diagnose.Ask) int { return a.Time.Compare(b.Time) })
	}
	if len(several) == 0 {
		several = one
	}
	return several[:min(len(several), mostAsks)]
}

func answered(asks []diagnose.Ask) (n int) {
	for i := range asks {
		if len(asks[i].Answers) > 0 {
			n++
		}
	}
	return n
}

// changes prints how the address moved.
func (p *printer) changes(r *diagnose.Result) {
	shown := shorten(p, r.Changes, mostChanges)
	if len(shown) == 0 {
		return
	}
	p.gap()
	p.line(p.style.bold("changes of owner:"))
	names := namesByMAC(r)
	var stamps stamps
	for _, c := range shown {
		stamps.measure(p.frame(c.File, c.Frame), p.offset(c.Time))
	}
	for _, c := range shown {
		first := "  " + stamps.print(p.frame(c.File, c.Frame), p.offset(c.Time))
		text := "to " + short(c.To, names)
		if !c.From.IsZero() {
			text = "from " + short(c.From, names) + " " + text
		}
		if c.Why != "" {
			text += ", by " + clean(c.Why)
		}
		p.para(first, strings.Repeat(" ", len(first)), text)
	}
	p.left(len(r.Changes)-len(shown), int(r.ChangesTotal)-len(r.Changes), "change")
}

// filters prints what to paste into Wireshark to see all frames of a finding.
func (p *printer) filters(in string, filters []diagnose.Filter) {
	for _, f := range filters {
		where := ""
		if p.severalFiles {
			where = ", file " + clean(f.File)
		}
		p.para(in, in, p.style.bold("in Wireshark"+where+":"))
		p.line(in + "  " + p.style.paste(clean(f.Display)))
	}
}

// left says what is left out: by this form, and before by the diagnosis.
func (p *printer) left(here, before int, thing string) {
	p.more(here, thing, "")
	if before > 0 {
		p.para("", "", fmt.Sprintf("and %s more that the result does not list", thousands(before)))
	}
}

// shorten leaves out what is beyond most, unless all is wanted.
func shorten[T any](p *printer, items []T, most int) []T {
	if p.verbose {
		return items
	}
	return items[:min(len(items), most)]
}

func claimant(mac evidence.MAC) string {
	if mac.IsZero() {
		return "00:00:00:00:00:00"
	}
	return mac.String()
}

// namesByMAC are the own addresses of hosts.
func namesByMAC(r *diagnose.Result) map[evidence.MAC]string {
	names := map[evidence.MAC]string{}
	for i := range r.Hosts {
		if h := &r.Hosts[i]; len(h.IPs) > 0 && !h.MAC.IsZero() {
			names[h.MAC] = clean(h.IPs[0].String())
		}
	}
	return names
}

func named(mac evidence.MAC, names map[evidence.MAC]string) string {
	if name := names[mac]; name != "" {
		return mac.String() + " (" + name + ")"
	}
	return claimant(mac)
}

// short names a host by its address alone, unless several go by that.
func short(mac evidence.MAC, names map[evidence.MAC]string) string {
	name := names[mac]
	if name == "" {
		return claimant(mac)
	}
	for other, n := range names {
		if n == name && other != mac {
			return named(mac, names)
		}
	}
	return name
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int(n)) + " " + many
}
