package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/arpcheck/arpcheck/report"
)

// harmless checks that a result in a format carries the name as text alone.
func harmless(t *testing.T, format string, out []byte) {
	t.Helper()
	for _, r := range string(out) {
		if (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && r != '\n' && r != '\t' {
			t.Errorf("%s: a control character %q is in\n%q", format, r, out)
			break
		}
	}
	switch format {
	case "json":
		if _, err := report.Read(bytes.NewReader(out)); err != nil || !json.Valid(out) {
			t.Errorf("json: %v", err)
		}
	case "junit":
		dec := xml.NewDecoder(bytes.NewReader(out))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("junit: %v\n%s", err, out)
				break
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "b" {
				t.Errorf("junit: the name became an element:\n%s", out)
			}
		}
	case "markdown", "html":
		// In Markdown an escaped < is no markup; unescaped it is HTML.
		if bytes.Contains(bytes.ReplaceAll(out, []byte(`\<`), nil), []byte("<b>")) {
			t.Errorf("%s: the name became markup:\n%s", format, out)
		}
	case "nagios":
		if line, _, _ := bytes.Cut(out, []byte("\n")); bytes.Count(line, []byte("|")) > 1 {
			t.Errorf("nagios: the name began performance data:\n%s", out)
		}
	}
}

// allFormats runs arpcheck once and looks at what it writes in every format.
func allFormats(t *testing.T, args ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, format := range report.Formats() {
		args = append(args, "-o", format+"="+filepath.Join(dir, format))
	}
	stdout, stderr := tempFile(t), tempFile(t)
	run(args, strings.NewReader(""), stdout, stderr)
	harmless(t, "standard error", content(t, stderr))
	for _, format := range report.Formats() {
		out, err := os.ReadFile(filepath.Join(dir, format))
		if err != nil || len(out) == 0 {
			t.Errorf("%s: nothing was written: %v\n%s", format, err, content(t, stderr))
		}
		harmless(t, format, out)
	}
}

// An interface whose name is an attack: nothing of it works, in any format, and
// in no error either.
func TestEvilInterfaceName(t *testing.T) {
	l := start(t, labs["leak"])
	client := l.Host("client")
	if err := client.RenameLink("eth1", evilName); err != nil {
		t.Fatal(err)
	}
	allFormats(t, "--netns", client.NetNS(), "-i", evilName, "--vip", "192.168.1.99", "--director", "192.168.1.10", "-c", "1", "-w", "100ms", "--no-announce-test")
	for _, args := range [][]string{
		{"--vip", "192.168.1.99", "-i", "no" + evilName},
		{"--vip", "192.168.1.99", "-i", "nowhere"}, // lists those that there are
		{"inspect"},
	} {
		stdout, stderr := tempFile(t), tempFile(t)
		run(append(args, "--netns", client.NetNS()), strings.NewReader(""), stdout, stderr)
		harmless(t, "standard output", content(t, stdout))
		harmless(t, "standard error", content(t, stderr))
	}
}

// The same for the name of a capture, and of a namespace.
func TestEvilFileName(t *testing.T) {
	l := start(t, labs["leak"])
	dir := t.TempDir()
	file := filepath.Join(dir, evilName+".pcapng")
	cmd, _, errOut := arpcheck(l, "--director", "192.168.1.10", "--write", file)
	if code := exitCode(cmd.Run()); code != 1 {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	harmless(t, "standard error", errOut.Bytes())
	ns := filepath.Join(dir, evilName)
	if err := os.Symlink(l.Host("client").NetNS(), ns); err != nil {
		t.Fatal(err)
	}
	allFormats(t, "replay", file, "--director", "192.168.1.10")
	allFormats(t, "--netns", ns, "-i", "eth1", "--vip", "192.168.1.99", "-c", "1", "-w", "100ms", "--no-announce-test")
	for _, args := range [][]string{{"replay", file + "x"}, {"report", file}, {"replay", ns}, {"report", file + "x"}, {"--netns", ns + "x", "--vip", "192.168.1.99"}} {
		stdout, stderr := tempFile(t), tempFile(t)
		run(args, strings.NewReader(""), stdout, stderr)
		harmless(t, "standard error", content(t, stderr))
	}
}
