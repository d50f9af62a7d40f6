package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// registerWrite makes --write known.
func registerWrite(fs *pflag.FlagSet, name *string) {
	fs.Func("write", "keep the frames that the verdict rests on in `FILE.pcapng`, each with a comment on what it proves", func(s string) error {
		if s == "" {
			return withHint(errors.New("the value is empty"), "--write proof.pcapng")
		}
		if isStdout(s) {
			return withHint(errors.New("standard output is for the result"), "--write proof.pcapng")
		}
		*name = s
		return nil
	})
}

// validateWrite sees to it that the frames have a file of their own.
func validateWrite(name string, outputs []output, captures []string) error {
	if name == "" {
		return nil
	}
	if among(name, captures) {
		return withHint(fmt.Errorf("--write: %s is the capture that is read", name), "give the frames a file of their own")
	}
	for _, out := range outputs {
		if out.file != "" && (filepath.Clean(out.file) == filepath.Clean(name) || among(out.file, []string{name})) {
			return withHint(fmt.Errorf("--write and --output cannot both go to %s", name), "give each a file of its own")
		}
	}
	return nil
}

// openProof opens the file for the frames before the first one is seen; nil if
// none is wanted.
func openProof(name string) (*outputFile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := openOutput(name)
	if err != nil {
		return nil, withHint(fmt.Errorf("--write: cannot write %s: %w", name, reason(err)), "name a file in a folder that you may write to")
	}
	return f, nil
}

// keep writes the frames that the results rest on.
func (a *app) keep(to *outputFile, records []evidence.Record, results []diagnose.Result, quiet bool) error {
	if to == nil {
		return nil
	}
	frames, missing := proving(records, results)
	err := to.write(func(w io.Writer) error { return capture.WriteFrames(w, frames) })
	if err != nil {
		return withHint(err, "the result stands; what was at %s before is untouched", to.name)
	}
	if !quiet {
		fmt.Fprintf(a.stderr, "arpcheck: %s\n", oneLine(written(to.name, len(frames), missing)))
	}
	return nil
}

// written says what is in the file.
func written(name string, frames, missing int) string {
	text := fmt.Sprintf("%d frames that the verdict rests on are in %s", frames, name)
	switch frames {
	case 0:
		text = fmt.Sprintf("the verdict rests on no frame: %s holds none", name)
	case 1:
		text = fmt.Sprintf("the frame that the verdict rests on is in %s", name)
	}
	if missing > 0 {
		text += fmt.Sprintf("; %d more were not kept in memory", missing)
	}
	return text
}
