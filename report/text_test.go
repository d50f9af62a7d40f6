package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/diagnose"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// examples are the documents that every format is shown with.
func examples() map[string]Document {
	return map[string]Document{
		"leak":        document(leaking()),
		"pass":        document(passing(99)),
		"silent-host": document(silent()),
		"unowned":     document(unowned()),
		"conflict":    document(conflict()),
		"two-results": document(passing(98), leaking()),
		"256-vips":    manyVIPs(),
		"10000-hosts": manyHosts(),
		"no-results":  document(),
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update accepts it):\n%s", path, diff)
	}
}

func render(t *testing.T, format string, d Document, o Options) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, format, d, o); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestTextGolden(t *testing.T) {
	for name, d := range examples() {
		for _, width := range []int{80, 120} {
			golden(t, fmt.Sprintf("%s.%d.txt", name, width), render(t, "text", d, Options{Width: width}))
		}
	}
	golden(t, "leak.color.txt", render(t, "text", document(leaking()), Options{Color: true}))
	golden(t, "leak.50.txt", render(t, "text", document(leaking()), Options{Width: 50}))
	golden(t, "verbose.80.txt", render(t, "text", verbose(), Options{Verbose: true}))
}

func TestTextFitsWidth(t *testing.T) {
	for name, d := range examples() {
		pasted := map[string]bool{}
		for _, r := range d.Results {
			for _, f := range r.Findings {
				for _, line := range f.Fix {
					pasted[line] = true
				}
			}
			for _, n := range r.Notes {
				pasted[n.Fix] = true
			}
		}
		for width := 40; width <= 160; width += 5 {
			for line := range strings.Lines(string(render(t, "text", d, Options{Width: width}))) {
				line = strings.TrimSuffix(line, "\n")
				if ansi.StringWidth(line) > width && !pasted[strings.TrimSpace(line)] {
					t.Errorf("%s: wider than %d: %q", name, width, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s at %d: blank at the end of %q", name, width, line)
				}
			}
		}
	}
}

// The hosts must be a table at 80 columns even with the longest addresses.
func TestTableFits80(t *testing.T) {
	text := string(render(t, "text", document(silent()), Options{Width: 80}))
	if !strings.Contains(text, "192.168.101.142 02:00:00:00:00:42 RS") {
		t.Errorf("no row for the host with the longest address:\n%s", text)
	}
}

func TestColor(t *testing.T) {
	for name, d := range examples() {
		plain := render(t, "text", d, Options{})
		if bytes.ContainsRune(plain, '\x1b') {
			t.Errorf("%s: an escape without colour", name)
		}
		colored := render(t, "text", d, Options{Color: true})
		if !bytes.ContainsRune(colored, '\x1b') {
			t.Errorf("%s: no escape with colour", name)
		}
		// Colour must be all that differs: nothing may rest on it alone.
		if diff := cmp.Diff(string(plain), stripColor(string(colored))); diff != "" {
			t.Errorf("%s (-plain +colored):\n%s", name, diff)
		}
	}
}

func stripColor(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		b.WriteString(part)
	}
	return b.String()
}

func TestForeignStringsAreHarmless(t *testing.T) {
	const evil = "\x1b[31mred\x1b]0;title\a\r\n\tC1\u009b2J \u202ertl \u200bzero e\u0301 \xff end"
	r := leaking()
	r.Interface, r.NetNS, r.File, r.Summary = evil, evil, evil, evil
	r.VIP = r.VIP.WithZone(evil)
	r.Verdict = diagnose.Verdict(evil)
	r.Hosts[1].Role, r.Hosts[1].RoleReason, r.Hosts[1].Causes = diagnose.Role(evil), evil, []string{evil}
	r.Notes = []diagnose.Note{{Text: evil, Fix: evil}}
	f := &r.Findings[0]
	f.Code, f.Severity, f.Summary, f.Why = diagnose.Code(evil), diagnose.Severity(evil), evil, evil
	f.Fix, f.Variants = []string{evil, "#" + evil}, []string{evil}
	f.Evidence[0].Text = evil
	r.Frames = []diagnose.Frame{{Text: evil}}
	for _, width := range []int{40, 80, 120} {
		for _, many := range [][]diagnose.Result{{r}, {r, r, r, r}} {
			text := render(t, "text", document(many...), Options{Width: width, Verbose: true})
			for _, c := range string(text) {
				if c != '\n' && harmful(c) {
					t.Fatalf("width %d: %q reached the terminal:\n%q", width, c, text)
				}
			}
		}
	}
	want := `\x1b[31mred\x1b]0;title\x07\x0d\n\tC1\x9b2J \u202ertl \u200bzero e\u0301 ` + "\ufffd end"
	if got := clean(evil); got != want {
		t.Errorf("clean: got %s, want %s", got, want)
	}
}
