package report

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
)

func TestNagiosGolden(t *testing.T) {
	var all strings.Builder
	docs := examples()
	docs["warning"] = document(warned())
	docs["256-vips-one-warning"] = document(append([]diagnose.Result{warned()}, manyVIPs().Results[:90]...)...)
	for _, name := range sortedKeys(docs) {
		line := render(t, "nagios", docs[name], Options{Width: 50, Color: true}) // neither counts here
		checkNagios(t, line)
		all.WriteString(name + ": " + string(line))
	}
	golden(t, "nagios.txt", []byte(all.String()))
}

// warned passes, but for a warning.
func warned() diagnose.Result {
	r := passing(99)
	r.Findings = []diagnose.Finding{{Code: diagnose.ProxyARP, Severity: diagnose.Warning, Summary: "192.168.1.1 answers for others by proxy ARP."}}
	return r
}

func sortedKeys(docs map[string]Document) []string {
	names := make([]string, 0, len(docs))
	for name := range docs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestNagiosCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  Document
		want int
	}{
		{"pass", document(passing(99)), 0},
		{"pass with a warning", document(warned()), 1},
		{"fail", document(leaking()), 2},
		{"inconclusive", document(silent()), 3},
		{"fail beats inconclusive", document(silent(), leaking()), 2},
		{"inconclusive beats a warning", document(warned(), silent()), 3},
		{"no results", document(), 3},
		{"no verdict", Document{}, 3},
	} {
		if got := tt.doc.NagiosCode(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// One line, one bar, and then nothing but counters.
var nagiosLine = regexp.MustCompile(`^ARPCHECK (OK|WARNING|CRITICAL|UNKNOWN): [^|<>&$\n` + "`" + `]+ \| ([a-z]+=(U|[0-9.]+s?);[0-9]*;[0-9]*;0 ?)+\n$`)

func checkNagios(t *testing.T, line []byte) {
	t.Helper()
	if !nagiosLine.Match(line) || len(line) > 2048 || strings.IndexFunc(strings.TrimSuffix(string(line), "\n"), harmful) >= 0 {
		t.Errorf("not a line that a monitoring core reads: %q", line)
	}
}

func TestNagiosForeignStrings(t *testing.T) {
	for _, evil := range evils {
		checkNagios(t, render(t, "nagios", foreign(evil), Options{}))
		d := document(warned())
		d.Results[0].Findings[0].Summary = strings.Repeat(evil, 100)
		checkNagios(t, render(t, "nagios", d, Options{}))
	}
}

func TestNagiosError(t *testing.T) {
	var buf bytes.Buffer
	if err := WriteNagiosError(&buf, "no such interface:\n<eth9> | x\x1b[m"); err != nil {
		t.Fatal(err)
	}
	if got, want := buf.String(), `ARPCHECK UNKNOWN: no such interface:\n\x3ceth9\x3e \x7c x\x1b[m`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
