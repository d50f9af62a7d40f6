package report

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// wrap breaks clean text into lines of at most width columns, at spaces only:
// a break after a hyphen would cut "sysctl -n" or "vip-reply-leak" in two. A
// word that is wider than a line is cut, as nothing else can be done.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(text, width) {
		if line != "" && fits(line+" "+word, width) {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for !fits(word, width) {
			head := cut(word, width)
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// words splits text at its spaces, but for those inside of `a command` that
// fits on one line: it is there to be copied.
func words(text string, width int) []string {
	fields := strings.Fields(text)
	var out []string
	for i := 0; i < len(fields); i++ {
		out = append(out, fields[i])
		if strings.Count(fields[i], "`") != 1 {
			continue
		}
		// More words than that cannot fit.
		for end := i + 1; end < len(fields) && end-i <= width/2; end++ {
			if strings.Contains(fields[end], "`") {
				if whole := strings.Join(fields[i:end+1], " "); fits(whole, width) {
					out[len(out)-1] = whole
					i = end
				}
				break
			}
		}
	}
	return out
}

// fits reports whether text needs at most width columns. It does not measure
// what has more characters than that: text may be very long.
func fits(text string, width int) bool {
	return len(text) <= 4*width && utf8.RuneCountInString(text) <= width && ansi.StringWidth(text) <= width
}

// cut returns the longest beginning of word that fits in width columns, and
// one character at least.
func cut(word string, width int) string {
	end := 0
	for i, r := range word {
		next := i + len(string(r))
		if end > 0 && !fits(word[:next], width) {
			break
		}
		end = next
	}
	return word[:end]
}

// clip shortens text to width columns and marks the place with a tilde.
func clip(text string, width int) string {
	if fits(text, width) {
		return text
	}
	if width <= 1 {
		return "~"
	}
	return cut(text, width-1) + "~"
}
