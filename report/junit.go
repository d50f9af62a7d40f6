package report

import (
	"io"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// junitWidth is the width of the text inside, whatever the terminal's: a saved
// result must give the same file.
const junitWidth = 120

// writeJUnit writes the document as JUnit XML: a suite for each address, with
// the same four cases in every run. An inconclusive test is an error, so that
// no reader of these files takes it for a pass.
func writeJUnit(w io.Writer, d Document, o Options) error {
	all := JUnit{Name: "arpcheck " + clean(d.Command), Time: JUnitSeconds(d.DurationMS)}
	for i := range d.Results {
		all.Add(junitResult(&d, &d.Results[i], o))
	}
	if len(d.Results) == 0 {
		// No suite at all would be taken for a success.
		all.Add(junitNothing(&d))
	}
	return all.Write(w)
}

func junitNothing(d *Document) JUnitSuite {
	c := JUnitCase{Class: "arpcheck", Name: "results", Time: JUnitSeconds(0), Error: &JUnitText{
		Message: "no result: no address was looked at", Type: string(diagnose.Inconclusive),
	}}
	s := junitStart(d, "arpcheck")
	s.Add(c)
	return s
}

func junitStart(d *Document, name string) JUnitSuite {
	return JUnitSuite{
		Name: name, Time: JUnitSeconds(d.DurationMS),
		Timestamp:  d.Started.UTC().Format(JUnitTime),
		Properties: []JUnitProperty{{"arpcheck.version", clean(d.Version)}, {"arpcheck.command", clean(d.Command)}},
	}
}

// junitResult makes the suite of one address.
func junitResult(d *Document, r *diagnose.Result, o Options) JUnitSuite {
	where := strings.TrimSuffix(place(r), ": ")
	s := junitStart(d, where)
	s.Properties = append(s.Properties, JUnitProperty{"arpcheck.verdict", clean(string(r.Verdict))})
	text := func(print func(p *printer)) string {
		p := newPrinter(d, Options{Width: junitWidth, Verbose: o.Verbose})
		print(p)
		return strings.TrimRight(p.out.String(), "\n") + "\n"
	}

	tests, left := junitTests(r)
	for _, test := range tests {
		c := JUnitCase{Class: where, Name: test.name, Time: JUnitSeconds(0)}
		switch {
		case test.verdict == diagnose.Pass:
		case test.verdict == diagnose.Skipped || test.verdict == "":
			c.Skipped = &JUnitText{Message: "not asked"}
		case test.verdict == diagnose.Fail:
			shown := diagnose.Result{VIP: r.VIP, Findings: test.findings}
			c.Failure = &JUnitText{
				Message: junitMessage(test.findings, r),
				Type:    junitCodes(test.findings),
				Body:    text(func(p *printer) { p.findings(&shown) }),
			}
		default: // inconclusive, and whatever no verdict is
			c.Error = &JUnitText{Message: clip(clean(r.Summary), 300), Type: string(diagnose.Inconclusive)}
		}
		s.Add(c)
	}
	s.Out = &JUnitText{Body: text(func(p *printer) {
		rest := *r
		rest.Findings = left
		p.headline(r.Verdict, place(r)+clean(r.Summary))
		p.overview(r) // with the marks of all findings
		p.findings(&rest)
		p.notes(r)
		if p.verbose && len(r.Frames) > 0 {
			p.frames(r.Frames)
		}
		if d.Command != inspected {
			p.gap()
			p.captureFiles(d)
			p.para("", "", counts(&r.Capture))
		}
	})}
	return s
}
