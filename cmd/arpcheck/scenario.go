package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

func (a *app) scenarioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenario COMMAND",
		Short: "Labs in network namespaces, and what a check finds in them",
		Long: `A scenario is a lab of several hosts in network namespaces, what happens in it,
and what a check must find then. Some are part of the program; others are YAML
files ("arpcheck scenario show classic --yaml" is one to begin with). Nothing
outside the lab is touched. An ordinary user needs no sudo where user
namespaces are allowed.`,
		Example: `  arpcheck scenario list
  arpcheck scenario run classic
  arpcheck scenario run my-cluster.yaml -o junit=result.xml
  arpcheck scenario up classic`,
		DisableFlagsInUseLine: true,
		Args:                  unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHint(errors.New("scenario: which command?"), "one of %s", names(cmd))
		},
	}
	cmd.AddCommand(a.scenarioListCommand(), a.scenarioShowCommand(), a.scenarioRunCommand(),
		a.scenarioUpCommand(), a.scenarioDownCommand(), a.scenarioSchemaCommand(), a.scenarioKeepCommand())
	return cmd
}

func (a *app) scenarioListCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "list",
		Short:                 "Lists the scenarios, and what each of them teaches; and the labs that stand",
		DisableFlagsInUseLine: true,
		Args:                  noArguments,
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			for i, s := range scenarios.All() {
				if i > 0 {
					b.WriteByte('\n')
				}
				fmt.Fprintf(&b, "%s\n  %s\n", s.Name, s.About)
				for _, line := range report.Wrap(s.Teaches, 76) {
					fmt.Fprintf(&b, "  > %s\n", line)
				}
			}
			b.WriteString(listStanding())
			return a.print(b.String())
		},
	}
}

// listStanding lists the labs that stand, with what is wrong with them.
func listStanding() string {
	labs, err := scenarios.Labs()
	if err != nil || len(labs) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nLabs that stand, until arpcheck scenario down:\n")
	for _, l := range labs {
		fmt.Fprintf(&b, "  %s\n", oneLine(l.Name))
		if wrong := l.Trouble(); wrong != "" {
			for _, line := range report.Wrap(wrong, 76) {
				fmt.Fprintf(&b, "  ! %s\n", line)
			}
		}
	}
	return b.String()
}

func (a *app) scenarioShowCommand() *cobra.Command {
	var source bool
	cmd := &cobra.Command{
		Use:                   "show NAME or FILE",
		Short:                 "Shows the lab of a scenario and its steps",
		DisableFlagsInUseLine: true,
		Args:                  oneScenario,
		ValidArgsFunction:     completeScenario,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := scenario(args[0])
			if err != nil {
				return err
			}
			if source {
				return a.print(s.Source())
			}
			return a.print(describeScenario(s))
		},
	}
	cmd.Flags().BoolVar(&source, "yaml", false, "print the file itself")
	return cmd
}

func (a *app) scenarioSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "schema",
		Short:                 "Prints the JSON schema of a scenario file",
		DisableFlagsInUseLine: true,
		Args:                  noArguments,
		RunE:                  func(*cobra.Command, []string) error { return a.print(string(scenarios.Schema())) },
	}
}

// describeScenario is a scenario for people: the picture, and what happens.
func describeScenario(s *scenarios.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", s.Name, s.About)
	for _, line := range report.Wrap(s.Teaches, 78) {
		b.WriteString("> " + line + "\n")
	}
	b.WriteString("\n" + s.Picture() + "\n")
	for i := range s.Steps {
		step := &s.Steps[i]
		fmt.Fprintf(&b, "%2d. %s\n", i+1, step.Describe())
		if step.Check == nil {
			continue
		}
		host, command := s.Command(i + 1)
		fmt.Fprintf(&b, "    %s$ %s\n", host, command)
		for i := range step.Check.During {
			fmt.Fprintf(&b, "    meanwhile, %s\n", step.Check.During[i].Describe())
		}
		for _, line := range step.Check.Wants() {
			fmt.Fprintf(&b, "    -> %s\n", line)
		}
	}
	return b.String()
}

// scenario finds the scenario that an argument means: a file, or the name of
// one that is part of the program.
func scenario(arg string) (*scenarios.Spec, error) {
	isFile := strings.ContainsRune(arg, os.PathSeparator) || strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml")
	if !isFile {
		if s := scenarios.ByName(arg); s != nil {
			return s, nil
		}
	}
	s, err := scenarios.Load(arg)
	switch wrong := (*scenarios.SpecError)(nil); {
	case err == nil:
		return s, nil
	case errors.As(err, &wrong):
		return nil, withHint(err, "arpcheck scenario show classic --yaml is an example, arpcheck scenario schema has every key")
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("cannot read %s: %w", arg, reason(err))
	case isFile:
		return nil, withHint(fmt.Errorf("no such file: %s", arg), "arpcheck scenario list names those that need no file")
	}
	err = fmt.Errorf("no such scenario: %q", arg)
	if near := nearest(arg, scenarioNames()); near != "" {
		return nil, withHint(err, "did you mean: %s", near)
	}
	return nil, withHint(err, "arpcheck scenario list names them; a file of your own ends in .yaml")
}

func scenarioNames() (all []string) {
	for _, s := range scenarios.All() {
		all = append(all, s.Name)
	}
	return all
}

func oneScenario(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return withHint(fmt.Errorf("%s takes one scenario, and there are %d", cmd.CommandPath(), len(args)), "%s classic", cmd.CommandPath())
	}
	return nil
}

// completeScenario offers names that are not there yet, and files.
func completeScenario(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return slices.DeleteFunc(scenarioNames(), func(s string) bool { return slices.Contains(args, s) }), cobra.ShellCompDirectiveDefault
}
