package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/arpcheck/arpcheck/report"
)

// renderOptions are the flags that say how a result is shown, and where.
type renderOptions struct {
	outputs []output
	verbose bool
	color   string // auto, always or never
}

// An output is one rendering of the result.
type output struct {
	format string
	file   string // empty: standard output
}

// register makes the flags of a command known whose result is a document.
func (r *renderOptions) register(cmd *cobra.Command) {
	r.registerOutput(cmd, report.Formats())
	cmd.Flags().BoolVarP(&r.verbose, "verbose", "v", false, "list every frame sent and seen")
	r.registerColor(cmd)
}

// registerOutput makes -o known, for a result that can be rendered in these
// formats, the default first.
func (r *renderOptions) registerOutput(cmd *cobra.Command, formats []string) {
	cmd.Flags().FuncP("output", "o", "render as `FORMAT[=FILE]`: "+strings.Join(formats, ", ")+"; repeatable (default "+formats[0]+", to standard output)", func(s string) error {
		out, err := parseOutput(s, formats)
		r.outputs = append(r.outputs, out)
		return err
	})
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
}

func (r *renderOptions) registerColor(cmd *cobra.Command) {
	r.color = "auto"
	cmd.Flags().Func("color", "`WHEN` to use colour: auto, always or never (default auto)", func(s string) error {
		if !slices.Contains(colors, s) {
			return withHint(fmt.Errorf("%q is none of %s", s, strings.Join(colors, ", ")), "auto colours a terminal, unless NO_COLOR is set")
		}
		r.color = s
		return nil
	})
	cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
}

var colors = []string{"auto", "always", "never"}

// parseOutput reads FORMAT or FORMAT=FILE; the file "-" is standard output,
// and so are the names that the system has for it.
func parseOutput(s string, formats []string) (output, error) {
	format, file, named := strings.Cut(s, "=")
	if err := report.CheckFormat(format, formats); err != nil {
		if near := nearest(format, formats); near != "" {
			return output{}, withHint(err, "did you mean: -o %s", near)
		}
		return output{}, withHint(err, "for example -o json, or -o json=result.json")
	}
	if named && file == "" {
		return output{}, withHint(fmt.Errorf("no file after %q", s), "-o %s=FILE, or -o %s for standard output", format, format)
	}
	if isStdout(file) {
		file = ""
	}
	return output{format, file}, nil
}

// isStdout reports whether a file is a name for standard output. Where that
// leads to a file, to open it again would write over what is there.
func isStdout(file string) bool {
	switch file {
	case "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return true
	}
	return false
}

// validate sees to it that no two renderings get into each other's way.
func (r *renderOptions) validate() error {
	if len(r.outputs) == 0 {
		r.outputs = []output{{format: report.Formats()[0]}}
	}
	taken := make(map[string]string)
	for _, out := range r.outputs {
		key := out.file
		if key != "" {
			key = filepath.Clean(key)
		}
		first, ok := taken[key]
		switch {
		case ok && out.file == "":
			return withHint(fmt.Errorf("--output: %s and %s cannot both go to standard output", first, out.format),
				"give one of them a file: -o %s=FILE", out.format)
		case ok:
			return withHint(fmt.Errorf("--output: %s and %s cannot both go to %s", first, out.format, out.file), "give each a file of its own")
		}
		taken[key] = out.format
	}
	return nil
}

// write renders the document to standard output and into the files, and settles
// the exit code.
func (a *app) write(r *renderOptions, files outputFiles, doc report.Document) error {
	a.code = doc.ExitCode()
	if r.plugin() {
		a.code = doc.NagiosCode()
	}
	return a.render(r, files, func(w io.Writer, format string, o report.Options) error {
		return report.Write(w, format, doc, o)
	})
}

// render has a result written to standard output and into the files.
func (a *app) render(r *renderOptions, files outputFiles, write func(w io.Writer, format string, o report.Options) error) error {
	for _, out := range r.outputs {
		var err error
		if out.file == "" {
			o := report.Options{Width: width(a.stdout), Color: r.colored(a.stdout), Verbose: r.verbose}
			err = stdoutError(write(a.stdout, out.format, o))
		} else {
			o := report.Options{Color: r.color == "always", Verbose: r.verbose}
			err = files[out.file].write(func(w io.Writer) error { return write(w, out.format, o) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plugin reports whether the program runs as a plugin of a monitoring core,
// which has exit codes of its own: nagios is all that is asked for.
func (r *renderOptions) plugin() bool {
	return len(r.outputs) > 0 && !slices.ContainsFunc(r.outputs, func(out output) bool { return out.format != report.Nagios })
}

// print writes to standard output what is no result.
func (a *app) print(s string) error {
	_, err := io.WriteString(a.stdout, s)
	return stdoutError(err)
}

// stdoutError forgives that nobody reads standard output any more: whoever
// pipes into head has seen what he wanted.
func stdoutError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("writing to standard output: %w", reason(err))
}

// colored decides about colour for f.
func (r *renderOptions) colored(f *os.File) bool {
	if r.color != "auto" {
		return r.color == "always"
	}
	// https://no-color.org: set and not empty.
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// width is how many columns f has, or 0 for what is usual.
func width(f *os.File) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
