package scenarios

import (
	"fmt"
	"os"
)

// A DeniedError says that this user may not have namespaces here.
// [errors.Is] with [os.ErrPermission] holds for it.
type DeniedError struct {
	Op   string // what was not allowed
	Err  error  // the kernel's answer
	Hint string // what to do about it
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("not allowed to %s: %v; %s", e.Op, e.Err, e.Hint)
}

// Is makes every refusal a permission error; the kernel words some of them as
// ENOSPC, when the limit on namespaces is zero.
func (e *DeniedError) Is(target error) bool { return target == os.ErrPermission }

func (e *DeniedError) Unwrap() error { return e.Err }
