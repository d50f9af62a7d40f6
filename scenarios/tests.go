package scenarios

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// NoSkip is the environment variable that makes [Need] fail a test where it
// would skip it. Set it in a CI that is known to allow namespaces, so that
// tests which suddenly cannot run there are noticed.
const NoSkip = "ARPCHECK_NO_SKIP"

// TB is the part of [testing.TB] that this package uses. It is here so that
// the arpcheck program, which builds labs too, need not contain package testing.
type TB interface {
	Helper()
	Skip(args ...any)
	Fatal(args ...any)
	Cleanup(func())
}

// Main runs the tests of a package that uses labs, for an ordinary user in a
// user namespace (see [Isolate]), and returns what to exit with:
//
//	func TestMain(m *testing.M) { os.Exit(scenarios.Main(m)) }
//
// Where namespaces are not allowed the tests run all the same, and those that
// call [Need] or [Start] are skipped.
func Main(m interface{ Run() int }) int {
	again, code, err := Isolate()
	switch {
	case again:
		return code
	case err != nil && !cannot(err):
		fmt.Fprintln(os.Stderr, "scenarios:", withHint(err))
		return 2
	}
	denied = err
	return m.Run()
}

// denied is why Main could not isolate the tests; it is set before any runs.
var denied error

// Need skips the test if namespaces are not allowed here, saying why, or fails
// it if [NoSkip] is set. Any other failure to make one fails the test.
func Need(t TB) {
	t.Helper()
	err := denied
	if err == nil {
		err = tryNamespace()
	}
	switch {
	case err == nil:
	case cannot(err) && os.Getenv(NoSkip) == "":
		t.Skip("needs network namespaces:", withHint(err))
	default:
		t.Fatal("needs network namespaces:", withHint(err))
	}
}

// A Plan is what a lab can be built from: a [Topology], or a [*Spec], whose
// services then run in it.
type Plan interface{ build() (*Lab, error) }

func (t Topology) build() (*Lab, error) { return Build(t) }

// Start builds a lab for a test, which ends with it. It calls [Need] first, and
// skips the test in the same way if a program is missing that the scenario needs.
//
// A host that the lab does not have fails the test, see [Lab.Host].
//
// The steps of a scenario are not done: [Spec.Run] does that, in a lab of its own.
func Start(t TB, plan Plan) *Lab {
	t.Helper()
	if spec, ok := plan.(*Spec); plan == nil || ok && spec == nil {
		t.Fatal("there is no scenario to start: ByName gives nil for a name that none has; there are " + list(names(All())))
		return nil
	}
	Need(t)
	lab, err := plan.build()
	if missing := (*MissingError)(nil); errors.As(err, &missing) && os.Getenv(NoSkip) == "" {
		t.Skip(withHint(err))
	}
	if err != nil {
		t.Fatal("build the lab:", withHint(err))
		return nil
	}
	lab.noHost = func(name string) {
		t.Helper()
		var have []string
		for _, h := range lab.Hosts() {
			have = append(have, h.Name)
		}
		t.Fatal(fmt.Sprintf("the lab has no host %q, only %s%s", name, list(have), meant(name, have)))
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Fatal("close the lab:", err)
		}
	})
	return lab
}

func names(specs []*Spec) (all []string) {
	for _, s := range specs {
		all = append(all, s.Name)
	}
	return all
}

// cannot reports whether namespaces are not to be had here, which is nobody's
// bug. Not each refusal means that: a file that cannot be written is one as
// well, and what the kernel words as not supported need not be a namespace.
func cannot(err error) bool {
	denied, errno := (*DeniedError)(nil), syscall.Errno(0)
	return errors.As(err, &denied) || errors.Is(err, errors.ErrUnsupported) && !errors.As(err, &errno)
}
