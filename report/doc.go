// Package report renders a diagnosis: as text for a terminal, as JSON for
// scripts, as Markdown and JUnit for CI, and as the line of a monitoring plugin.
// It reads its own JSON back, so that a saved result can be rendered
// again, byte for byte as the run itself would have.
//
// It never decides anything: every statement it prints stands in the result.
// Strings of a result can come from a capture or from somebody else's JSON, so
// no form for people lets a control character or a terminal escape through, or
// markup of its own syntax.
package report
