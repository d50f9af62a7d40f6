package main

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs what needs no network.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		ContinueOnError:     true, // the lines do not build on each other
		Cmds:                commands,
		Setup: func(env *testscript.Env) error {
			dir, err := filepath.Abs(recordings)
			env.Setenv("RECORDINGS", dir)
			return err
		},
	})
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are those that the scripts have beside testscript's own.
var commands = map[string]command{
	"exits":   exits,
	"refused": refused,
}

// exits CODE PROGRAM [ARG…] runs a program and wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := exitCode(ts.Exec(args[1], args[2:]...)); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// refused MESSAGE HINT [ARG…] runs arpcheck and wants it to refuse: exit code
// 2, nothing on standard output, and just these two lines on standard error.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused MESSAGE HINT [ARG…]")
	}
	code := exitCode(ts.Exec("arpcheck", args[2:]...))
	want := "arpcheck: " + args[0] + "\n"
	if args[1] != "" {
		want += "hint: " + args[1] + "\n"
	}
	if got := ts.ReadFile("stderr"); got != want {
		ts.Fatalf("standard error is\n%swant\n%s", got, want)
	}
	if got := ts.ReadFile("stdout"); got != "" {
		ts.Fatalf("standard output is not empty: %s", strings.TrimSpace(got))
	}
	if code != exitUsage {
		ts.Fatalf("exit code %d, want %d", code, exitUsage)
	}
}

// exitCode is the exit code behind the error of a command, -1 if it did not
// end by itself.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return -1
}
