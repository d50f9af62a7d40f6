package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/arpcheck/arpcheck/diagnose"
)

// How much of each kind the text shows before it only counts the rest;
// Options.Verbose lifts all of these.
const (
	mostResults  = 20 // that are not a pass, in full
	mostPasses   = 3  // results up to which a pass is shown in full as well
	mostHosts    = 20
	mostFindings = 20
	mostCauses   = 5
	mostProof    = 3
)

// inspected is the command whose results rest on no frame.
const inspected = "inspect"

// WriteText renders the document for a person. Only the lines of a fix may be
// wider than the terminal: they are there to be pasted.
func WriteText(w io.Writer, d Document, o Options) error {
	p := newPrinter(&d, o)
	p.document(&d)
	_, err := w.Write(p.out.Bytes())
	return err
}

// A printer collects the text of one document.
type printer struct {
	out     bytes.Buffer
	width   int
	style   style
	verbose bool
	started time.Time
	said    map[string]said
	fixes   map[*diagnose.Result]map[string][]string // by the lines of a fix: the hosts that they are for
	fileView
}

func newPrinter(d *Document, o Options) *printer {
	p := &printer{
		width:    max(o.Width, 40),
		style:    style{color: o.Color},
		verbose:  o.Verbose,
		started:  d.Started,
		said:     map[string]said{},
		fileView: viewOf(d),
		fixes:    map[*diagnose.Result]map[string][]string{},
	}
	if o.Width == 0 {
		p.width = 80
	}
	return p
}

// document prints the results and what is about all of them.
func (p *printer) document(d *Document) {
	if len(d.Results) == 0 {
		p.headline(diagnose.Inconclusive, "no result: no address was looked at")
	}
	if len(d.Results) > 1 {
		p.headline(d.Verdict, tally(d.Results))
	}

	// What is wrong comes last: there the reader's eye is when the run ends.
	full, short := p.split(d.Results)
	p.gap()
	for _, r := range short {
		p.headlineShort(r)
	}
	shared := sameCapture(d.Results)
	for _, r := range full {
		p.gap()
		if len(d.Results) > 1 {
			p.line(p.style.faint(strings.Repeat("-", p.width)))
		}
		p.result(r)
		if !shared && d.Command != inspected {
			p.gap()
			p.para("", "", counts(&r.Capture))
		}
	}

	p.gap()
	p.captureFiles(d)
	if len(d.Results) > 0 && shared && d.Command != inspected {
		p.para("", "", fmt.Sprintf("%s; took %s", counts(&d.Results[0].Capture), latency(&d.DurationMS)))
		return
	}
	p.para("", "", "took "+latency(&d.DurationMS))
}

// split chooses which results are shown in full, the worst first, and which in
// one line, the passes first.
func (p *printer) split(results []diagnose.Result) (full, short []*diagnose.Result) {
	all := make([]*diagnose.Result, len(results))
	for i := range results {
		all[i] = &results[i]
	}
	badness := func(r *diagnose.Result) int {
		return slices.Index([]diagnose.Verdict{diagnose.Fail, diagnose.Inconclusive, diagnose.Pass}, r.Verdict)
	}
	slices.SortStableFunc(all, func(a, b *diagnose.Result) int { return badness(a) - badness(b) })
	for _, r := range all {
		inFull := len(full) < mostResults
		if r.Verdict == diagnose.Pass {
			inFull = len(results) <= mostPasses
		}
		if p.verbose || inFull {
			full = append(full, r)
		} else {
			short = append(short, r)
		}
	}
	slices.SortStableFunc(short, func(a, b *diagnose.Result) int { return badness(b) - badness(a) })
	return full, short
}

// tally counts the verdicts in words.
func tally(results []diagnose.Result) string {
	count := map[diagnose.Verdict]int{}
	for i := range results {
		count[results[i].Verdict]++
	}
	var parts []string
	for _, v := range []diagnose.Verdict{diagnose.Fail, diagnose.Inconclusive, diagnose.Pass} {
		if count[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[v], v))
		}
	}
	return fmt.Sprintf("%d addresses: %s", len(results), strings.Join(parts, ", "))
}

// sameCapture reports whether all results rest on the same frames, as those of
// one live run do; then the frames are counted once, at the end.
func sameCapture(results []diagnose.Result) bool {
	for i := range results {
		a, b := results[0].Capture, results[i].Capture
		if a.Received != b.Received || a.Dropped != b.Dropped || a.Analysed != b.Analysed || !maps.Equal(a.Ignored, b.Ignored) {
			return false
		}
	}
	return true
}

// line prints one line as it is.
func (p *printer) line(text string) { p.out.WriteString(text + "\n") }

// gap leaves one blank line, unless there is one or nothing was printed yet.
func (p *printer) gap() {
	if b := p.out.Bytes(); len(b) > 0 && !bytes.HasSuffix(b, []byte("\n\n")) {
		p.line("")
	}
}

// para prints text between the margins: first before its first line, rest
// before the others. Where first would leave too little room it gets a line of
// its own.
func (p *printer) para(first, rest, text string) {
	if ansi.StringWidth(first) > p.width/2 {
		for _, line := range wrap(first, p.width) {
			p.line(line)
		}
		rest = "      "
		first = rest
	}
	for _, line := range wrap(text, p.width-max(ansi.StringWidth(first), ansi.StringWidth(rest))) {
		p.line(strings.TrimRight(first+line, " "))
		first = rest
	}
}

// headline prints a verdict in words.
func (p *printer) headline(v diagnose.Verdict, text string) {
	word := clean(strings.ToUpper(string(v)))
	p.para(p.style.verdict(v, word)+"  ", strings.Repeat(" ", len(word)+2), text)
}

// headlineShort prints the verdict on one address on one line; one that is no
// pass may take more.
func (p *printer) headlineShort(r *diagnose.Result) {
	text := place(r) + clean(r.Summary)
	if r.Verdict == diagnose.Pass {
		text = clip(text, p.width-len("PASS  "))
	}
	p.headline(r.Verdict, text)
}
