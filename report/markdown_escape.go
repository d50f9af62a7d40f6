package report

import (
	"regexp"
	"strings"
)

// Foreign text in Markdown must stay text: no markup, no HTML, no link. The
// dialect is GitHub's, which is CommonMark with tables and automatic links.

// markdownText renders text that may hold `commands`; those become code, and so
// do MAC addresses, in which GitHub would see emojis (:ab: and :cd: are two).
func markdownText(s string) string { return markdownInline(clean(s), false) }

// markdownCell is markdownText for a cell of a table, where a bar ends the cell
// even inside of code.
func markdownCell(s string) string { return markdownInline(clean(s), true) }

func markdownInline(s string, table bool) string {
	s = strings.TrimSpace(s) // four spaces at the start would make it code
	var b strings.Builder
	for s != "" {
		at := markdownSpan.FindStringIndex(s)
		if at == nil {
			break
		}
		b.WriteString(markdownPlain(s[:at[0]], b.Len() == 0))
		code := markdownCode(strings.Trim(s[at[0]:at[1]], "`"))
		if table {
			code = strings.ReplaceAll(code, "|", `\|`)
		}
		b.WriteString(code)
		s = s[at[1]:]
	}
	b.WriteString(markdownPlain(s, b.Len() == 0))
	return b.String()
}

// markdownSpan is what becomes code: a command or a MAC address.
var markdownSpan = regexp.MustCompile("`[^`]+`" + `|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b`)

// markdownPlain escapes whatever could be markup; start is whether it stands at
// the start of a paragraph or an item, where still more can.
func markdownPlain(s string, start bool) string {
	s = markdownEscapes.Replace(s)
	s = markdownWWW.ReplaceAllString(s, `$1\.`)
	if start {
		s = markdownStart.ReplaceAllString(s, `$1\$2$3`)
	}
	return s
}

var (
	markdownEscapes = strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
		"#", `\#`, "|", `\|`, "~", `\~`, "@", `\@`, "$", `\$`, "://", `\://`,
	)
	markdownWWW   = regexp.MustCompile(`(?i)(www)\.`)
	markdownStart = regexp.MustCompile(`^([0-9]*)([-+.])([-\s]|$)`) // an item or a rule
)

// markdownCode makes a code span, inside of which only its own delimiter means
// anything: one that is longer than any in the text.
func markdownCode(s string) string {
	s = clean(s)
	if strings.TrimSpace(s) == "" {
		return markdownPlain(s, false)
	}
	fence := strings.Repeat("`", longestTicks(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// markdownBlock makes a fenced block of lines.
func markdownBlock(language string, lines []string) string {
	text := make([]string, len(lines))
	longest := 2
	for i, line := range lines {
		text[i] = clean(line)
		longest = max(longest, longestTicks(text[i]))
	}
	fence := strings.Repeat("`", longest+1)
	return fence + language + "\n" + strings.Join(text, "\n") + "\n" + fence
}

// longestTicks is the length of the longest run of backquotes.
func longestTicks(s string) (longest int) {
	run := 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
