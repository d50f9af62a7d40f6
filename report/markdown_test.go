package report

import (
	"regexp"
	"strings"
	"testing"
)

func TestMarkdownGolden(t *testing.T) {
	for name, d := range examples() {
		golden(t, name+".md", render(t, "markdown", d, Options{Width: 50, Color: true})) // neither counts here
	}
	golden(t, "verbose.md", render(t, "markdown", verbose(), Options{Verbose: true}))
}

// Outside of code there is nothing that a renderer could take for HTML or a
// link, whatever the strings are.
func TestMarkdownForeignStrings(t *testing.T) {
	for _, evil := range evils {
		checkMarkdown(t, render(t, "markdown", foreign(evil), Options{Verbose: true}))
	}
}

var (
	unescaped = regexp.MustCompile(`(?i)(^|[^\\])(<|\]\(|://|www\.)`)
	tableRow  = regexp.MustCompile(`(^|[^\\])\|`)
)

// checkMarkdown reads code as CommonMark does, and wants the rest harmless.
func checkMarkdown(t *testing.T, data []byte) {
	t.Helper()
	fence := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.IndexFunc(line, harmful) >= 0 {
			t.Fatalf("control characters: %q", line)
		}
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
			continue
		case len(ticks) >= 3 && !strings.Contains(line[len(ticks):], "`"):
			fence = ticks
			continue
		case strings.HasPrefix(line, "    "):
			t.Errorf("indented code: %q", line)
		}
		if strings.HasPrefix(line, "| ") {
			// Bars end a cell before code is looked for.
			if n := len(tableRow.FindAllString(line, -1)); n != 11+1 && n != 7+1 {
				t.Errorf("%d bars in a row of 11 or 7 cells: %q", n, line)
			}
		}
		if left := withoutCode(line); unescaped.MatchString(left) {
			t.Errorf("markup: %q", left)
		}
	}
	if fence != "" {
		t.Errorf("a block does not end:\n%s", data)
	}
}

// withoutCode removes the code spans of a line: a run of backquotes up to the
// next run of the same length; an escaped one is none.
func withoutCode(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			b.WriteString(line[i : i+2])
			i += 2
		case line[i] == '`':
			run := 1
			for i+run < len(line) && line[i+run] == '`' {
				run++
			}
			end := closing(line[i+run:], run)
			if end < 0 {
				b.WriteString(line[i : i+run])
				i += run
				break
			}
			b.WriteString("code")
			i += run + end
		default:
			b.WriteByte(line[i])
			i++
		}
	}
	return b.String()
}

// closing is where the first run of just n backquotes ends, or -1.
func closing(s string, n int) int {
	for i := 0; i < len(s); i++ {
		run := 0
		for i+run < len(s) && s[i+run] == '`' {
			run++
		}
		if run == n {
			return i + n
		}
		i += max(0, run-1)
	}
	return -1
}

func TestMarkdownText(t *testing.T) {
	for s, want := range map[string]string{
		"plain, and - so on.":        "plain, and - so on.",
		"- 1":                        `\- 1`,
		"12. twelve":                 `12\. twelve`,
		"<b> & _x_":                  `&lt;b&gt; &amp; \_x\_`,
		"run `sysctl a_b <x>` there": "run `sysctl a_b <x>` there",
		"an `open end":               "an \\`open end",
		"``x`":                       "\\``x`",
		// GitHub makes emojis of :ab: and :cd:.
		"192.168.1.1 is-at 02:ab:cd:00:00:01": "192.168.1.1 is-at `02:ab:cd:00:00:01`",
		"http://x.example and WWW.x.example":  `http\://x.example and WWW\.x.example`,
	} {
		if got := markdownText(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	for s, want := range map[string]string{"a | b": `a \| b`, "`a | b`": "`a \\| b`"} {
		if got := markdownCell(s); got != want {
			t.Errorf("cell %q: got %q, want %q", s, got, want)
		}
	}
	if got, want := markdownBlock("sh", []string{"a ``` b", "c\nd"}), "````sh\na ``` b\nc\\nd\n````"; got != want {
		t.Errorf("block: got %q, want %q", got, want)
	}
}
