package report

import "github.com/arpcheck/arpcheck/diagnose"

// A style colours words, or leaves them alone. The sixteen basic colours are
// enough, exist on every terminal, and follow its theme. Whatever a colour
// says here, a word or a mark beside it says as well.
//
// The codes are written here and not by a library for terminals: those ask the
// terminal, or even tmux, what it can, by running it before main begins.
type style struct{ color bool }

// A look is what ECMA-48 calls the parameters of SGR.
type look string

func (s style) render(l look, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + string(l) + "m" + text + "\x1b[m"
}

const (
	bold   look = "1"
	faint  look = "2"
	bad    look = "1;31"
	unsure look = "1;33"
	good   look = "1;32"
	paste  look = "36"
)

func (s style) bold(text string) string  { return s.render(bold, text) }
func (s style) faint(text string) string { return s.render(faint, text) }
func (s style) bad(text string) string   { return s.render(bad, text) }
func (s style) paste(text string) string { return s.render(paste, text) }

// verdict colours a text by the verdict that it tells.
func (s style) verdict(v diagnose.Verdict, text string) string {
	switch v {
	case diagnose.Pass:
		return s.render(good, text)
	case diagnose.Fail:
		return s.render(bad, text)
	}
	return s.render(unsure, text)
}

// severity colours a text by the severity that it tells.
func (s style) severity(v diagnose.Severity, text string) string {
	switch v {
	case diagnose.Critical:
		return s.render(bad, text)
	case diagnose.Warning:
		return s.render(unsure, text)
	}
	return s.render(bold, text)
}
