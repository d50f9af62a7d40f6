package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
)

func (a *app) replayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE... [--vip ADDR[,...]]",
		Short: "Diagnoses captures: who claimed an address, in what order, and why",
		Long: `Reads captures (pcap or pcapng, also in gzip or zstd) as one timeline and makes
the same diagnosis as a check: for each VIP that is named, or without --vip for
each address that more than one MAC address claims. The file "-" is standard
input.`,
		Example: `  arpcheck replay capture.pcap
  arpcheck replay --vip 192.168.1.99 --director 192.168.1.10 monday.pcap.gz tuesday.pcapng
  tcpdump -i eth1 -w - 'arp or icmp or vrrp' | arpcheck replay -`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return withHint(errors.New("arpcheck replay takes the captures to read, and there is none"),
					"arpcheck replay capture.pcap, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return a.replay(cmd.Context(), &o)
		},
	}
	o.register(cmd)
	cmd.SetFlagErrorFunc(replayFlagError)
	return cmd
}

// replay makes one run: flags, files, frames, diagnosis, report.
func (a *app) replay(ctx context.Context, o *replayOptions) error {
	shedOwn(true) // a capture can come from anybody
	sources, err := a.sources(o.files)
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	// To open a named pipe waits for its reader: a signal may end that at once.
	files, err := openOutputs(o.render.outputs)
	if err != nil {
		return err
	}
	defer files.discard()
	proof, err := openProof(o.write)
	if err != nil {
		return err
	}
	defer proof.discard()
	ctx, stop := interruptible(ctx, a.stderr, "")
	defer stop()

	// For what comes after the reading, too.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(replayMemory))
	started := time.Now()
	log, err := a.readCaptures(ctx, o, sources)
	if err != nil {
		return err
	}
	results := diagnose.Captured(log, o.diagnosis())
	doc := report.New(versionName(), "replay", started, time.Since(started), results)
	return a.conclude(&o.render, files, doc, func() error { return a.keep(proof, log.Records, results, o.quiet) })
}

// replayMemory is what the program may use before it collects garbage more
// often: reading keeps little, but asks for much.
const replayMemory = 40 << 20

// readCaptures reads the captures, and shows on a terminal that it does.
func (a *app) readCaptures(ctx context.Context, o *replayOptions, sources []capture.Source) (evidence.Log, error) {
	erase := func() {}
	var octets atomic.Int64
	if !o.quiet {
		erase = progressOf(a.stderr, readingOf(sources, &octets))
	}
	log, err := capture.Replay(ctx, sources, capture.ReplayConfig{Watch: o.vips, KeepFrames: o.write != "", Octets: &octets})
	erase()
	switch {
	case err == nil:
		return log, nil
	case errors.Is(err, os.ErrPermission):
		return log, withHint(fmt.Errorf("cannot read %w", err), "sudo, or a copy that you may read")
	}
	return log, withHint(fmt.Errorf("cannot read %w", err), "it takes captures that tcpdump -w, dumpcap or Wireshark wrote: pcap or pcapng, also in gzip or zstd")
}

// conclude keeps the frames and writes the report. That the frames could not
// be kept is no reason to withhold the report, unless a monitoring core takes
// its first line for the whole truth.
func (a *app) conclude(r *renderOptions, files outputFiles, doc report.Document, keep func() error) error {
	kept := keep()
	if kept != nil && r.plugin() {
		return kept
	}
	if err := a.write(r, files, doc); err != nil {
		return err
	}
	return kept
}

// several names the captures on a line that has little room.
func several(sources []capture.Source) string {
	if len(sources) == 1 {
		return sources[0].Name
	}
	return fmt.Sprintf("%s and %d more", sources[0].Name, len(sources)-1)
}
