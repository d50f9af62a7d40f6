// Package report renders a diagnosis: as text for a terminal and as JSON for
// scripts. It reads its own JSON back, so that a saved result can be rendered
// again, byte for byte as the run itself would have.
//
// It never decides anything: every statement it prints stands in the result.
// Strings of a result can come from a capture or from somebody else's JSON, so
// the text form lets no control character or terminal escape through.
package report
