package inspect

import (
	"fmt"
	"strings"
)

// hinted is an error together with what the reader can do about it. Only this
// package knows the names that exist here, so it makes the hint as well; the
// command line finds it by its Hint method.
type hinted struct {
	error
	hint string
}

func (e *hinted) Hint() string  { return e.hint }
func (e *hinted) Unwrap() error { return e.error }

// withHint gives err the hint that the format makes.
func withHint(err error, format string, a ...any) error {
	return &hinted{err, fmt.Sprintf(format, a...)}
}

// some lists the first few names, as a hint should not fill the screen.
func some(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
