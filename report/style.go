package report

import (
	"charm.land/lipgloss/v2"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A style colours words, or leaves them alone. The sixteen basic colours are
// enough, exist on every terminal, and follow its theme. Whatever a colour
// says here, a word or a mark beside it says as well.
type style struct{ color bool }

func (s style) render(look lipgloss.Style, text string) string {
	if !s.color || text == "" {
		return text
	}
	return look.Inline(true).Render(text)
}

var (
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	bad    = bold.Foreground(lipgloss.Red)
	unsure = bold.Foreground(lipgloss.Yellow)
	good   = bold.Foreground(lipgloss.Green)
	paste  = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
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
