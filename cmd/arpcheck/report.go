package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/report"
)

func (a *app) reportCommand() *cobra.Command {
	var r renderOptions
	cmd := &cobra.Command{
		Use:   "report FILE.json",
		Short: "Renders a saved JSON result again",
		Long: `Renders a result that -o json wrote, as the run itself would have, and exits with
its exit code. The file "-" is standard input.`,
		Example: `  arpcheck report result.json
  arpcheck --vip 192.168.1.99 -i eth1 -o json | tee result.json | arpcheck report -`,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return withHint(fmt.Errorf("arpcheck report takes one file, and there are %d", len(args)),
					"arpcheck report result.json, or - for standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.report(args[0], &r)
		},
	}
	r.register(cmd)
	return cmd
}

func (a *app) report(name string, r *renderOptions) error {
	if err := r.validate(); err != nil {
		return err
	}
	shedOwn(true) // a result can come from anybody
	doc, err := a.read(name)
	if err != nil {
		return err
	}
	files, err := openOutputs(r.outputs)
	if err != nil {
		return err
	}
	defer files.discard()
	a.code = doc.ExitCode()
	return a.write(r, files, doc)
}

// read reads a saved result.
func (a *app) read(name string) (report.Document, error) {
	in, called := a.stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				err := fmt.Errorf("no such file: %s", name)
				return report.Document{}, withHint(err, "arpcheck … -o json=%s makes it", name)
			}
			return report.Document{}, fmt.Errorf("cannot read %s: %w", name, reason(err))
		}
		defer f.Close()
		in, called = io.Reader(f), name
	}
	doc, err := report.Read(in)
	if err != nil {
		return doc, withHint(fmt.Errorf("%s: %w", called, reason(err)), "arpcheck report reads what -o json wrote")
	}
	return doc, nil
}
