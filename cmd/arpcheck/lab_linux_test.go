package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/arpcheck/arpcheck/scenarios"
)

// isolated runs the tests in a user namespace where the user may not make labs.
type isolated struct{ m *testing.M }

func (i isolated) Run() int {
	// Those that run side by side mostly wait, however few processors there are.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	// Under nohup a lost terminal is ignored, and programs inherit that: what is
	// caught here is none of theirs.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	return scenarios.Main(i.m)
}

func TestMain(m *testing.M) {
	testscript.Main(isolated{m}, map[string]func(){"arpcheck": main})
}

// TestLabScripts runs what needs hosts on a segment.
func TestLabScripts(t *testing.T) {
	scenarios.Need(t)
	cmds := map[string]command{"lab": lab, "on": on}
	for name, cmd := range commands {
		cmds[name] = cmd
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/lab",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds:                cmds,
		Setup: func(env *testscript.Env) error {
			env.Values[labKey{}] = new(*scenarios.Lab)
			return nil
		},
	})
}

// labs are what a script can build.
var labs = map[string]scenarios.Topology{
	"clean": scenarios.Classic(scenarios.Server{Ignore: 1, Announce: 2}),
	"leak":  scenarios.Classic(scenarios.Server{}),
	// Three real servers: never set up, right, and with arp_announce 1.
	"three": scenarios.Classic(scenarios.Server{}, scenarios.Server{Ignore: 1, Announce: 2}, scenarios.Server{Ignore: 1, Announce: 1}),
	"empty": {Hosts: []scenarios.HostSpec{{Name: "client", Interfaces: []scenarios.InterfaceSpec{
		{Name: "eth1", Segment: "lan", Addresses: []scenarios.AddressSpec{{Prefix: netip.MustParsePrefix("192.168.1.182/24")}}},
	}}}},
	"no-address": {Hosts: []scenarios.HostSpec{{Name: "client", Interfaces: []scenarios.InterfaceSpec{{Name: "eth1", Segment: "lan"}}}}},
}

// labKey is where a script keeps its lab.
type labKey struct{}

// lab NAME builds a lab and sets CLIENT_NS, DIRECTOR_NS … to what --netns takes.
func lab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lab NAME")
	}
	top, ok := labs[args[0]]
	if !ok {
		ts.Fatalf("no lab %q", args[0])
	}
	l, err := scenarios.Build(top)
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	for _, h := range l.Hosts() {
		ts.Setenv(strings.ToUpper(h.Name)+"_NS", h.NetNS())
	}
	*ts.Value(labKey{}).(**scenarios.Lab) = l
}

// on HOST COMMAND [ARG…] runs a command on a host of the lab.
func on(ts *testscript.TestScript, neg bool, args []string) {
	l := *ts.Value(labKey{}).(**scenarios.Lab)
	if neg || len(args) < 2 || l == nil || l.Host(args[0]) == nil {
		ts.Fatalf("usage: on HOST COMMAND [ARG…], after lab")
	}
	ts.Check(l.Host(args[0]).Do(func() error {
		if out, err := exec.Command(args[1], args[2:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", args[1:], err, out)
		}
		return nil
	}))
}
