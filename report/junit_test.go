package report

import (
	"bytes"
	"encoding/xml"
	"net/netip"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
)

func TestJUnitGolden(t *testing.T) {
	for name, d := range examples() {
		got := render(t, "junit", d, Options{Width: 50, Color: true}) // neither counts here
		if len(d.Results) < 100 {                                     // else the file is too big to be read by anybody
			golden(t, name+".junit.xml", got)
		}
		checkColour(t, checkJUnit(t, got), d)
	}
}

// What is green, red or undecided in the file must be what the verdict is,
// wherever the reason for it stands.
func TestJUnitFollowsVerdict(t *testing.T) {
	critical := func(code diagnose.Code) []diagnose.Finding {
		return []diagnose.Finding{{Code: code, Severity: diagnose.Critical, Summary: "It is bad."}}
	}
	pass := diagnose.Tests{Reply: diagnose.Pass, Announce: diagnose.Pass, Holders: diagnose.Pass}
	for _, tt := range []struct {
		name                    string
		result                  diagnose.Result
		failures, errs, skipped int
	}{
		{"all pass", diagnose.Result{Verdict: diagnose.Pass, Tests: pass}, 0, 0, 0},
		{"announce test skipped", diagnose.Result{Verdict: diagnose.Pass, Tests: diagnose.Tests{Reply: diagnose.Pass, Announce: diagnose.Skipped, Holders: diagnose.Pass}}, 0, 0, 1},
		{"a warning", diagnose.Result{Verdict: diagnose.Pass, Tests: pass, Findings: []diagnose.Finding{{Code: diagnose.ProxyARP, Severity: diagnose.Warning}}}, 0, 0, 0},
		{"a finding that no test asks for", diagnose.Result{Verdict: diagnose.Fail, Tests: pass, Findings: critical(diagnose.ARPSilent)}, 1, 0, 0},
		{"a fault beside what is not decided", diagnose.Result{Verdict: diagnose.Fail, Findings: critical(diagnose.SubnetAnswered),
			Tests: diagnose.Tests{Reply: diagnose.Pass, Announce: diagnose.Inconclusive, Holders: diagnose.Pass}}, 1, 1, 0},
		{"a failed test", diagnose.Result{Verdict: diagnose.Fail, Findings: critical(diagnose.Unowned),
			Tests: diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Skipped, Holders: diagnose.Pass}}, 1, 0, 1},
		{"a fail that nothing explains", diagnose.Result{Verdict: diagnose.Fail, Tests: pass}, 1, 0, 0},
		{"inconclusive and no test says so", diagnose.Result{Verdict: diagnose.Inconclusive, Tests: pass}, 0, 1, 0},
		{"a code that is newer than this program", diagnose.Result{Verdict: diagnose.Fail, Findings: critical("new"),
			Tests: diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Pass, Holders: diagnose.Pass}}, 1, 0, 0},
		{"no tests", diagnose.Result{Verdict: diagnose.Pass}, 0, 0, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := document(tt.result)
			s := checkJUnit(t, render(t, "junit", d, Options{}))
			checkColour(t, s, d)
			if s.Failures != tt.failures || s.Errors != tt.errs || s.Skipped != tt.skipped {
				t.Errorf("%d failures, %d errors, %d skipped; want %d, %d, %d", s.Failures, s.Errors, s.Skipped, tt.failures, tt.errs, tt.skipped)
			}
		})
	}
}

// checkJUnit wants XML that is valid and counts that are right.
func checkJUnit(t *testing.T, data []byte) JUnit {
	t.Helper()
	var s JUnit
	dec := xml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&s); err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	if rest := bytes.TrimSpace(data[dec.InputOffset():]); len(rest) > 0 {
		t.Errorf("something follows the document: %q", rest)
	}
	var sum junitCount
	for _, suite := range s.Suites {
		var n JUnitSuite
		for _, c := range suite.Cases {
			n.Add(c)
		}
		if n.junitCount != suite.junitCount {
			t.Errorf("%s counts %+v, and has %+v", suite.Name, suite.junitCount, n.junitCount)
		}
		sum.add(n.junitCount)
	}
	if sum != s.junitCount {
		t.Errorf("counts %+v, and has %+v", s.junitCount, sum)
	}
	return s
}

// checkColour wants the colour that is the verdict's.
func checkColour(t *testing.T, s JUnit, d Document) {
	t.Helper()
	if green := s.Failures+s.Errors == 0; green != (d.Verdict == diagnose.Pass) {
		t.Errorf("verdict %s, with %d failures and %d errors", d.Verdict, s.Failures, s.Errors)
	}
	if d.Verdict == diagnose.Fail && s.Failures == 0 {
		t.Error("verdict fail, and no failure")
	}
}

func TestJUnitForeignStrings(t *testing.T) {
	for _, evil := range evils {
		d := foreign(evil)
		got := render(t, "junit", d, Options{Verbose: true})
		for _, c := range string(got) {
			if c != '\n' && harmful(c) {
				t.Fatalf("%q: %q is in the file:\n%s", evil, c, got)
			}
		}
		s := checkJUnit(t, got)
		if len(s.Suites) != 2 || len(s.Suites[0].Cases) != 4 {
			t.Errorf("%q: the text made elements of its own:\n%s", evil, got)
		}
	}
}

// evils are strings that mean something to one format or another.
var evils = []string{
	"\x1b[31mred\x1b]0;title\a\r\n\tC1\u009b2J \u202ertl \u200bzero e\u0301 \xff\x00\ufffe end",
	`]]></failure></testcase><testcase name="mine"/> <!-- & &lt; &#27; "`,
	"<script>alert(1)</script> <img src=x onerror=alert(1)> <b>",
	"[a](javascript:x) ![a](http://x/y) <http://x> http://x.example www.x.example *b* _i_ ~~s~~ # h $x$ @all \\<b>",
	"``` `` ` <b> ` <i> `` <u>\n```\n<script>",
	"a | b |\n|---|\n| <b> `|` \\| ```` <i>|",
	"1. # heading", "- item", "    indented", "=====", "::", "&lt;script&gt;", "`", "``", "`a``<b>`c", " ",
	"ok | 'x'=1;2;3 ; $HOSTNAME$ `id`",
}

// foreign is a document with the text wherever one can come from outside.
func foreign(text string) Document {
	r := leaking()
	r.Interface, r.NetNS, r.File, r.Summary = text, text, text, text
	r.VIP = r.VIP.WithZone(text)
	if zoned := netip.MustParseAddr("fe80::1").WithZone(text); zoned.IsValid() {
		r.VIP = zoned
	}
	r.Hosts[1].Role, r.Hosts[1].RoleReason, r.Hosts[1].Causes = diagnose.Role(text), text, []string{text}
	r.Hosts[1].IPs = []netip.Addr{r.VIP}
	r.Notes = []diagnose.Note{{Text: text, Fix: text}}
	f := &r.Findings[0]
	f.Code, f.Severity, f.Summary, f.Why = diagnose.Code(text), diagnose.Severity(text), text, text
	f.Fix, f.Variants, f.Causes = []string{text, "#" + text}, []string{text}, []string{text}
	f.Evidence[0].Text = text
	r.Frames = []diagnose.Frame{{Text: text}}
	inspected := r
	inspected.Interfaces = []diagnose.Interface{{Name: text, AnswersARP: diagnose.Answer(text)}}
	d := document(r, inspected)
	d.Version, d.Command = text, text
	return d
}
