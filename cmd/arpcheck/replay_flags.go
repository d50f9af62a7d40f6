package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/arpcheck/arpcheck/diagnose"
)

// replayOptions are the flags of a replay.
type replayOptions struct {
	clusterOptions
	files []string
	quiet bool
	write string // --write

	render renderOptions
}

func (o *replayOptions) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.SortFlags = false
	o.registerVIP(fs, "the virtual IPs to diagnose: `ADDR[,...]` (default: each address that more than one MAC address claims)")
	o.registerHosts(fs)
	o.render.register(cmd)
	registerWrite(fs, &o.write)
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no remarks: the result alone")
}

// validate checks what no flag shows by itself.
func (o *replayOptions) validate() error {
	if err := o.validateHosts(); err != nil {
		return err
	}
	if err := o.render.validate(); err != nil {
		return err
	}
	if err := validateOverwrite(o.render.outputs, o.files); err != nil {
		return err
	}
	return validateWrite(o.write, o.render.outputs, o.files)
}

// diagnosis is what the flags ask for.
func (o *replayOptions) diagnosis() diagnose.Config {
	return diagnose.Config{
		VIPs: o.vips, Director: o.director, RealServers: o.realServers,
		Frames: o.render.verbose,
	}
}

// asking are the flags of a check that are about asking, by name and short
// form: a replay asks nobody.
var asking = []struct{ name, short string }{
	{"interface", "i"}, {"netns", ""}, {"probe-source", ""}, {"no-announce-test", ""}, {"fail-fast", ""},
	{"rate", ""}, {"port", ""}, {"count", "c"}, {"wait", "w"},
}

// asksNobody refuses a flag that is for a check.
func asksNobody(name string) error {
	if name == "wait" {
		return withHint(errors.New("--wait (-w) is for a check: a replay asks nobody and waits for nothing"),
			"to keep the frames that the verdict rests on: --write FILE.pcapng")
	}
	return withHint(fmt.Errorf("--%s is for a check: a replay reads files and asks nobody", name),
		"leave it out; arpcheck replay --help lists the flags")
}

// replayFlagError knows the flags of a check, which somebody who is used to
// them may well try.
func replayFlagError(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		for _, f := range asking {
			if e.GetSpecifiedName() == f.name || e.GetSpecifiedShortnames() != "" && e.GetSpecifiedName() == f.short {
				return asksNobody(f.name)
			}
		}
	}
	return flagError(cmd, err)
}

// registerRead makes -r known, which turns a check into a replay.
func registerRead(fs *pflag.FlagSet, files *[]string) {
	fs.FuncP("read", "r", "diagnose the capture `FILE`, and those that follow, instead of asking: arpcheck replay", func(s string) error {
		if s == "" {
			return withHint(errors.New("the value is empty"), "-r capture.pcap, or -r - for standard input")
		}
		*files = append(*files, s)
		return nil
	})
}

// replayInstead makes the replay that the flags of a check ask for by -r.
func (a *app) replayInstead(cmd *cobra.Command, o *checkOptions, files []string) error {
	var wrong error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.ContainsFunc(asking, func(a struct{ name, short string }) bool { return a.name == f.Name }) && wrong == nil {
			wrong = asksNobody(f.Name)
		}
	})
	if wrong != nil {
		return wrong
	}
	return a.replay(cmd.Context(), &replayOptions{
		clusterOptions: o.clusterOptions, files: files, quiet: o.quiet, write: o.write, render: o.render,
	})
}
