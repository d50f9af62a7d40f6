package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check --vip ADDR[,...] [-i IFACE]",
		Short: "Asks who answers for a VIP, holds it and announces it (the default)",
		Long: `Asks the segment of a virtual IP who answers ARP for it, who holds it and who
announces it, and says who is wrong to, why, and what to type there.`,
		DisableFlagsInUseLine: true,
		Args:                  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.check(cmd.Context(), &o)
		},
	}
	o.register(cmd)
	return cmd
}

// check makes one run: flags, segment, socket, frames, diagnosis, report.
func (a *app) check(ctx context.Context, o *checkOptions) error {
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

	// A signal ends the run in order; a second one ends the program.
	ctx, stop := interruptible(ctx, a.stderr, notUndone(o))
	defer stop()
	started := time.Now()
	s, err := a.open(o)
	if err != nil {
		return err
	}
	defer s.inquiry.Close()
	shedOwn(len(files) > 0 || o.write != "")
	doc := a.ask(ctx, o, s, started)
	// Before the socket is closed: that takes longer than proving a fault.
	return a.conclude(&o.render, files, doc, func() error { return a.keep(proof, s.inquiry.Records(), doc.Results, o.quiet) })
}

// ask sends the frames and diagnoses what comes back.
func (a *app) ask(ctx context.Context, o *checkOptions, s *session, started time.Time) report.Document {
	erase := func() {}
	if !o.quiet {
		erase = progress(a.stderr, fmt.Sprintf("asking on %s for %s", s.segment.Interface.Name, few(o.vips)))
	}
	results := s.inquiry.Ask(ctx)
	erase()
	return report.New(versionName(), "check", started, time.Since(started), results)
}

// A session is a check that is ready to send its first frame.
type session struct {
	segment inspect.Segment
	inquiry *scenarios.Inquiry
}

// open reads the segment and opens the socket, in the namespace where they are.
func (a *app) open(o *checkOptions) (*session, error) {
	s := new(session)
	err := inspect.InNetNS(o.netns, func() (err error) {
		name := o.iface
		if name == "" {
			if name, err = a.route(o); err != nil {
				return err
			}
		}
		if s.segment, err = inspect.ReadSegment(name); err != nil {
			return err
		}
		if err := o.fits(&s.segment); err != nil {
			return err
		}
		s.inquiry, err = o.inquiry().Open(&s.segment)
		if errors.Is(err, os.ErrPermission) {
			return noPermission(s.segment.Interface.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	a.remark(o, &s.segment)
	return s, nil
}

// route finds the interface that leads to the first VIP.
func (a *app) route(o *checkOptions) (string, error) {
	vip := o.vips[0]
	r, err := inspect.RouteTo(vip)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("using %s, the interface that the route to %s leaves by", r.Interface, vip)
	if r.Gateway.IsValid() {
		text += fmt.Sprintf("; it goes through the gateway %s, so the VIP may well be on another segment", r.Gateway)
	}
	a.tell(o, text)
	return r.Interface, nil
}

// noPermission says how to get the permission for the socket.
func noPermission(iface string) error {
	binary, perr := os.Executable()
	if perr != nil || strings.ContainsAny(binary, " '\"\\$") {
		binary = `"$(command -v arpcheck)"`
	}
	return withHint(fmt.Errorf("no permission to open a packet socket on %s", iface),
		"sudo setcap cap_net_raw+ep %s  (or run it with sudo)", binary)
}
