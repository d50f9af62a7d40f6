package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// exitUsage is the exit code for wrong usage and for whatever could not run.
// The others come with the verdict (report.Document.ExitCode).
const exitUsage = 2

// An app is one run of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr *os.File
	code           int // the exit code, unless there is an error
}

// run does what args ask for and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	// A reader that went away, as in `arpcheck … | head -1`, is no reason to
	// die before the exit code has said the verdict.
	signal.Ignore(syscall.SIGPIPE)

	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	cmd := a.root()
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.Execute(); err != nil {
		printError(stderr, err)
		if code, ok := failPlugin(stdout, args, err); ok {
			return code
		}
		return exitUsage
	}
	return a.code
}

// root builds the command tree. By itself the root command is the check.
func (a *app) root() *cobra.Command {
	var o checkOptions
	var files []string // -r
	cmd := &cobra.Command{
		Use:   "arpcheck --vip ADDR[,...] [-i IFACE]",
		Short: "shows who answers ARP for a virtual IP, who should, and why the wrong host does",
		Long: `arpcheck shows who answers ARP for a virtual IP (VIP) in an LVS-DR cluster, who
should, and why the wrong host does.`,
		Example: `  arpcheck --vip 192.168.1.99 -i eth1
  arpcheck --vip 192.168.1.99 -i eth1 --director 192.168.1.10 --rs 192.168.1.41
  arpcheck --vip 192.168.1.99 -i eth1 -o json | jq .verdict
  arpcheck -r capture.pcap --vip 192.168.1.99`,
		Version: versionText(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(files) > 0 {
				return nil // more files
			}
			return unknownCommand(cmd, args)
		},

		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(files) > 0 {
				return a.replayInstead(cmd, &o, append(files, args...))
			}
			return a.check(cmd.Context(), &o)
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	o.register(cmd)
	registerRead(cmd.Flags(), &files)
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddCommand(a.checkCommand(), a.demoCommand(), a.explainCommand(), a.inspectCommand(), a.replayCommand(), a.reportCommand(), a.scenarioCommand(), a.versionCommand())
	cmd.SetHelpCommand(a.helpCommand())
	cmd.InitDefaultCompletionCmd()
	for _, sub := range cmd.Commands() {
		if sub.Name() == "completion" {
			sub.Short = "Prints a completion script for a shell"
			// Without this, a shell that does not exist prints the help
			// and exits 0, which a `source <(…)` would take as success.
			sub.Args = unknownCommand
			sub.RunE = func(cmd *cobra.Command, _ []string) error {
				return withHint(fmt.Errorf("completion for which shell?"), "one of %s", names(cmd))
			}
		}
	}
	return cmd
}

// helpCommand is cobra's, but for a wrong topic being an error.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND]",
		Short:                 "Prints the help of a command",
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(about, rest)
			}
			return about.Help()
		},
	}
}
