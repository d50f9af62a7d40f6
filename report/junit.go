package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// The JUnit form as GitLab, Jenkins and GitHub's actions read it: a suite for
// each address, with the same four cases in every run. An inconclusive test is
// an error, so that no reader of these files takes it for a pass.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"`
		Suites  []junitSuite `xml:"testsuite"`
		junitCount
	}
	junitSuite struct {
		Name      string `xml:"name,attr"`
		Timestamp string `xml:"timestamp,attr"`
		Time      string `xml:"time,attr"`
		junitCount
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        *junitText      `xml:"system-out"`
	}
	junitCount struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Time    string     `xml:"time,attr"`
		Failure *junitText `xml:"failure"`
		Error   *junitText `xml:"error"`
		Skipped *junitText `xml:"skipped"`
	}
	junitText struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Body    string `xml:",cdata"`
	}
)

// junitWidth is the width of the text inside, whatever the terminal's: a saved
// result must give the same file.
const junitWidth = 120

// writeJUnit writes the document as JUnit XML.
func writeJUnit(w io.Writer, d Document, o Options) error {
	all := junitSuites{Name: "arpcheck " + clean(d.Command), Time: seconds(d.DurationMS)}
	for i := range d.Results {
		suite := junitResult(&d, &d.Results[i], o)
		all.Suites = append(all.Suites, suite)
		all.add(suite.junitCount)
	}
	if len(d.Results) == 0 {
		// No suite at all would be taken for a success.
		all.Suites = []junitSuite{junitNothing(&d)}
		all.add(all.Suites[0].junitCount)
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

func junitNothing(d *Document) junitSuite {
	c := junitCase{Class: "arpcheck", Name: "results", Time: seconds(0), Error: &junitText{
		Message: "no result: no address was looked at", Type: string(diagnose.Inconclusive),
	}}
	s := junitStart(d, "arpcheck")
	s.put(c)
	return s
}

func junitStart(d *Document, name string) junitSuite {
	return junitSuite{
		Name: name, Time: seconds(d.DurationMS),
		// The schema knows no time zone and no fractions.
		Timestamp:  d.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"arpcheck.version", clean(d.Version)}, {"arpcheck.command", clean(d.Command)}},
	}
}

// junitResult makes the suite of one address.
func junitResult(d *Document, r *diagnose.Result, o Options) junitSuite {
	where := strings.TrimSuffix(place(r), ": ")
	s := junitStart(d, where)
	s.Properties = append(s.Properties, junitProperty{"arpcheck.verdict", clean(string(r.Verdict))})
	text := func(print func(p *printer)) string {
		p := newPrinter(d, Options{Width: junitWidth, Verbose: o.Verbose})
		print(p)
		return strings.TrimRight(p.out.String(), "\n") + "\n"
	}

	tests, left := junitTests(r)
	for _, test := range tests {
		c := junitCase{Class: where, Name: test.name, Time: seconds(0)}
		switch {
		case test.verdict == diagnose.Pass:
		case test.verdict == diagnose.Skipped || test.verdict == "":
			c.Skipped = &junitText{Message: "not asked"}
		case test.verdict == diagnose.Fail:
			shown := diagnose.Result{VIP: r.VIP, Findings: test.findings}
			c.Failure = &junitText{
				Message: junitMessage(test.findings, r),
				Type:    junitCodes(test.findings),
				Body:    text(func(p *printer) { p.findings(&shown) }),
			}
		default: // inconclusive, and whatever no verdict is
			c.Error = &junitText{Message: clip(clean(r.Summary), 300), Type: string(diagnose.Inconclusive)}
		}
		s.put(c)
	}
	s.Out = &junitText{Body: text(func(p *printer) {
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
			p.para("", "", counts(&r.Capture))
		}
	})}
	return s
}

// put appends a case and counts it.
func (s *junitSuite) put(c junitCase) {
	s.Cases = append(s.Cases, c)
	n := junitCount{Tests: 1}
	switch {
	case c.Failure != nil:
		n.Failures = 1
	case c.Error != nil:
		n.Errors = 1
	case c.Skipped != nil:
		n.Skipped = 1
	}
	s.add(n)
}

func (c *junitCount) add(n junitCount) {
	c.Tests += n.Tests
	c.Failures += n.Failures
	c.Errors += n.Errors
	c.Skipped += n.Skipped
}

// seconds prints milliseconds as the schema has it: in seconds, never in
// exponents.
func seconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 3, 64) }
