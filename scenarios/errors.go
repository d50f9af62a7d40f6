package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A DeniedError says that this user may not have namespaces here.
// [errors.Is] with [os.ErrPermission] holds for it.
type DeniedError struct {
	Op   string // what was not allowed
	Err  error  // the kernel's answer
	hint string
}

func (e *DeniedError) Error() string { return fmt.Sprintf("not allowed to %s: %v", e.Op, e.Err) }

// Hint says what to do about it.
func (e *DeniedError) Hint() string { return e.hint }

// Is makes every refusal a permission error; the kernel words some of them as
// ENOSPC, when the limit on namespaces is zero.
func (e *DeniedError) Is(target error) bool { return target == os.ErrPermission }

func (e *DeniedError) Unwrap() error { return e.Err }

// A sysctlError says which setting could not be changed.
type sysctlError struct {
	key string
	err error
}

func (e *sysctlError) Error() string {
	if errors.Is(e.err, os.ErrNotExist) {
		return fmt.Sprintf("sysctl %q: this kernel has no such setting", e.key)
	}
	return fmt.Sprintf("sysctl %q: %v", e.key, e.err)
}

func (e *sysctlError) Unwrap() error { return e.err }

// A MissingError names programs that a scenario needs and that are not
// installed here.
type MissingError struct{ Programs []string }

func (e *MissingError) Error() string { return "not installed: " + strings.Join(e.Programs, ", ") }

// Hint says how to install them.
func (e *MissingError) Hint() string {
	var packages []string
	for _, name := range e.Programs {
		if in, ok := packageOf[name]; ok {
			name = in
		}
		packages = append(packages, name)
	}
	return "on Debian or Ubuntu: sudo apt install " + strings.Join(packages, " ")
}

// packageOf holds the packages of Debian that are not called like the program.
var packageOf = map[string]string{"nft": "nftables", "ip": "iproute2", "tc": "iproute2", "arping": "iputils-arping"}

// hint is what an error says about what to do, or empty.
func hint(err error) string {
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}

// withHint is an error and its hint on one line, for readers of which there is
// no second one.
func withHint(err error) string {
	if h := hint(err); h != "" {
		return err.Error() + "; " + h
	}
	return err.Error()
}
