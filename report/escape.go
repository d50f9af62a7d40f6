package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a foreign string harmless on a terminal: control characters,
// escapes, line breaks, characters that turn the writing direction or take no
// room become visible escapes such as \x1b. What is left is printable, and
// combining marks are gone as well, so that no text can pile up without end.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, harmful) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !harmful(r):
			b.WriteRune(r) // U+FFFD for a byte that is not UTF-8, as in JSON
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func harmful(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.M, r) }
