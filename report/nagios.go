package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// The states of the plugin convention (Monitoring Plugins Development
// Guidelines, "Plugin Return Codes"), by exit code.
var nagiosStates = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// NagiosUnknown is the exit code of a plugin that could not do its work.
const NagiosUnknown = 3

// NagiosCode is the exit code by the plugin convention: 0 OK, 1 WARNING (all is
// well but for a warning), 2 CRITICAL, 3 UNKNOWN.
func (d Document) NagiosCode() int {
	switch d.Verdict {
	case diagnose.Fail:
		return 2
	case diagnose.Pass:
		if countFindings(d.Results)[diagnose.Warning] > 0 {
			return 1
		}
		return 0
	}
	return NagiosUnknown
}

// How much goes into the one line: some cores keep no more than 4 KiB, and it
// has to be read on a pager.
const (
	nagiosResults = 3
	nagiosWidth   = 250
)

// writeNagios writes the line that a monitoring core takes from a plugin: the
// state, what is wrong, and the counters behind the bar.
func writeNagios(w io.Writer, d Document) error {
	_, err := fmt.Fprintf(w, "ARPCHECK %s: %s | %s\n", nagiosStates[d.NagiosCode()], nagiosSummary(&d), nagiosPerfdata(&d))
	return err
}

// WriteNagiosError writes the line of a check that could not be done.
func WriteNagiosError(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "ARPCHECK %s: %s\n", nagiosStates[NagiosUnknown], clip(nagiosText(text), 4*nagiosWidth))
	return err
}

// nagiosSummary says what is wrong, the worst first.
func nagiosSummary(d *Document) string {
	if len(d.Results) == 0 {
		return "no result: no address was looked at"
	}
	var parts []string
	say := func(r *diagnose.Result) {
		text := place(r) + clean(r.Summary)
		for _, f := range r.Findings {
			if r.Verdict == diagnose.Pass && f.Severity == diagnose.Warning {
				text += "; " + clean(f.Summary)
			}
		}
		parts = append(parts, clip(nagiosText(text), nagiosWidth))
	}
	if len(d.Results) == 1 {
		say(&d.Results[0])
		return parts[0]
	}
	parts = append(parts, tally(d.Results))
	var bad []*diagnose.Result
	for _, v := range []diagnose.Verdict{diagnose.Fail, diagnose.Inconclusive, diagnose.Pass} {
		for i := range d.Results {
			r := &d.Results[i]
			warned := slices.ContainsFunc(r.Findings, func(f diagnose.Finding) bool { return f.Severity == diagnose.Warning })
			if r.Verdict == v && (v != diagnose.Pass || warned) {
				bad = append(bad, r)
			}
		}
	}
	for _, r := range bad[:min(len(bad), nagiosResults)] {
		say(r)
	}
	if n := len(bad) - nagiosResults; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, "; ")
}

// nagiosPerfdata counts. The labels are the same in every run, so that a graph
// has no gaps: U is the convention's word for a value that is not known.
func nagiosPerfdata(d *Document) string {
	count := map[diagnose.Verdict]int{}
	var answering int
	var first *float64
	var lost uint64
	for i := range d.Results {
		r := &d.Results[i]
		count[r.Verdict]++
		lost = max(lost, r.Capture.Dropped) // one run has one socket
		for j := range r.Hosts {
			h := &r.Hosts[j]
			if h.AnswersARP == diagnose.Yes {
				answering++
			}
			if h.FirstReplyMS != nil && (first == nil || *h.FirstReplyMS < *first) {
				first = h.FirstReplyMS
			}
		}
	}
	reply := "U"
	if first != nil {
		reply = strconv.FormatFloat(*first/1000, 'f', 6, 64) + "s"
	}
	found := countFindings(d.Results)
	return fmt.Sprintf("vips=%d;;;0 fail=%d;;0;0 inconclusive=%d;;;0 critical=%d;;0;0 warning=%d;0;;0 answering=%d;;;0 reply=%s;;;0 lost=%d;;;0 time=%ss;;;0",
		len(d.Results), count[diagnose.Fail], count[diagnose.Inconclusive],
		found[diagnose.Critical], found[diagnose.Warning], answering, reply, lost, JUnitSeconds(d.DurationMS))
}

func countFindings(results []diagnose.Result) map[diagnose.Severity]int {
	count := map[diagnose.Severity]int{}
	for i := range results {
		for j := range results[i].Findings {
			count[results[i].Findings[j].Severity]++
		}
	}
	return count
}

// nagiosText keeps what a core or its web pages would take for something else
// out of the text: the bar begins the counters, and some pages render HTML and
// expand macros.
func nagiosText(s string) string {
	return nagiosEscapes.Replace(clean(s))
}

var nagiosEscapes = strings.NewReplacer("|", `\x7c`, "<", `\x3c`, ">", `\x3e`, "&", `\x26`, "$", `\x24`, "`", "'")
