package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/scenarios"
)

func (a *app) scenarioUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up NAME or FILE",
		Short: "Builds the lab of a scenario and keeps it standing",
		Long: `Builds the lab of a scenario, starts its services, and leaves it to you: the steps
are not done. It stands until "arpcheck scenario down" or the next boot. Root gets
namespaces with names, for "ip netns"; an ordinary user gets a user namespace.`,
		DisableFlagsInUseLine: true,
		Args:                  oneScenario,
		ValidArgsFunction:     completeScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := scenario(args[0])
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context(), a.stderr, leftStanding)
			defer stop()
			standing, err := s.Up(ctx, "scenario", "keep", s.File())
			if err != nil {
				return err
			}
			return a.print(describeStanding(s, standing))
		},
	}
}

// describeStanding says what stands there now, and how to get into it.
func describeStanding(s *scenarios.Spec, lab *scenarios.Standing) string {
	var b strings.Builder
	self := ownPath()
	fmt.Fprintf(&b, "Lab %s stands.\n\n%s\nA shell on a host, or with a command behind it that command alone:\n", lab.Name, s.Picture())
	width := 0
	for _, h := range lab.Hosts {
		width = max(width, len(h.Name))
	}
	shell := " bash"
	for _, h := range lab.Hosts {
		fmt.Fprintf(&b, "  %-*s  %s%s\n", width, h.Name, lab.Enter(h.Name), shell)
	}
	fmt.Fprint(&b, "  (a network of its own, and the files of this machine: what is written to /etc\n  there, as the last lines of some fixes do, counts for this machine)\n")
	if host, command := s.Command(0); host != "" {
		fmt.Fprintf(&b, "\nThe check:\n  %s %s\n", lab.Enter(host), self+strings.TrimPrefix(command, "arpcheck"))
	}
	fmt.Fprintf(&b, "\nAnd in the end:\n  %s scenario down %s\n", self, lab.Name)
	return b.String()
}

// ownPath is what to type for this program on any host of a lab, as a word of a
// shell: it need not be installed where a shell looks for it.
func ownPath() string {
	path, err := os.Executable()
	if err != nil {
		return "arpcheck"
	}
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func (a *app) scenarioDownCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:                   "down NAME ... | --all",
		Short:                 "Takes labs down that stand",
		Long:                  `Takes down labs that "arpcheck scenario up" built, and with --all also whatever was left behind by runs that were killed.`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return labNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.scenarioDown(cmd.Context(), args, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all labs of this user, and what killed runs left behind")
	return cmd
}

func (a *app) scenarioDown(ctx context.Context, args []string, all bool) error {
	labs, err := scenarios.Labs()
	if err != nil {
		return err
	}
	if !all {
		if len(args) == 0 {
			return withHint(errors.New("scenario down: which lab?"), "%s", standingHint(labs))
		}
		var chosen []*scenarios.Standing
		for _, name := range args {
			i := slices.IndexFunc(labs, func(l *scenarios.Standing) bool { return l.Name == name })
			if i < 0 {
				return withHint(fmt.Errorf("no lab %q stands", name), "%s", standingHint(labs))
			}
			chosen = append(chosen, labs[i])
		}
		labs = chosen
	}
	var errs []error
	for _, l := range labs {
		if err := l.Down(ctx); err != nil {
			errs = append(errs, err)
			continue
		}
		if l.Damaged != "" {
			fmt.Fprintf(a.stderr, "arpcheck: %s; it is taken away, and nothing else is known of lab %s: `pgrep -af \"scenario keep\"` shows whether it still stands, and to end its process takes it down\n",
				oneLine(l.Damaged), oneLine(l.Name))
			continue
		}
		fmt.Fprintf(a.stderr, "arpcheck: lab %s is down\n", l.Name)
	}
	if all {
		_, err := scenarios.Sweep()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func standingHint(labs []*scenarios.Standing) string {
	if len(labs) == 0 {
		return "none stands; arpcheck scenario up NAME builds one"
	}
	var names []string
	for _, l := range labs {
		names = append(names, l.Name)
	}
	return "those that stand: " + strings.Join(names, ", ") + "; or --all"
}

func labNames() (names []string) {
	labs, _ := scenarios.Labs()
	for _, l := range labs {
		names = append(names, l.Name)
	}
	return names
}

// scenarioKeepCommand is what "up" leaves running; nobody types it.
func (a *app) scenarioKeepCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "keep FILE",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context(), a.stderr, leftStanding)
			defer stop()
			return scenarios.Keep(ctx, a.stdin, args[0])
		},
	}
}
