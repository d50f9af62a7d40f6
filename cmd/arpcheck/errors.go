package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// errorWithHint is an error and what the reader can do about it.
type errorWithHint struct {
	error
	hint string
}

func (e *errorWithHint) Hint() string  { return e.hint }
func (e *errorWithHint) Unwrap() error { return e.error }

// withHint gives err a hint.
func withHint(err error, format string, a ...any) error {
	return &errorWithHint{err, fmt.Sprintf(format, a...)}
}

// hint returns the hint that err carries, from this package or another.
func hint(err error) string {
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}

// printError prints one line on what was wrong, and one on what to do.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "arpcheck: %s\n", oneLine(err.Error()))
	if h := hint(err); h != "" {
		fmt.Fprintf(w, "hint: %s\n", oneLine(h))
	}
}

// oneLine keeps what was typed, or read from a file, from breaking the line or
// reaching the terminal as an escape.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '\ufffd'
		}
		return r
	}, strings.TrimSpace(s))
}

// flagError words what pflag found wrong as the rest of the program does.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists the flags"
	switch e := err.(type) {
	case *pflag.InvalidValueError:
		cause := e.Unwrap()
		if e.GetFlag().Value.Type() == "bool" {
			cause = fmt.Errorf("%q is neither true nor false", e.GetValue())
		}
		if h := hint(cause); h != "" {
			help = h
		}
		return withHint(fmt.Errorf("--%s: %s", e.GetFlag().Name, cause), "%s", help)
	case *pflag.ValueRequiredError:
		what, _ := pflag.UnquoteUsage(e.GetFlag())
		return withHint(fmt.Errorf("--%s needs a value", e.GetFlag().Name), "--%s %s", e.GetFlag().Name, what)
	case *pflag.NotExistError:
		if group := e.GetSpecifiedShortnames(); group != "" {
			return withHint(fmt.Errorf("unknown flag: -%s", e.GetSpecifiedName()), "%s", help)
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := nearest(e.GetSpecifiedName(), known); near != "" {
			help = "did you mean: --" + near
		}
		return withHint(fmt.Errorf("unknown flag: --%s", e.GetSpecifiedName()), "%s", help)
	}
	return withHint(errors.New(strings.TrimSpace(err.Error())), "%s", help)
}
