package scenarios

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// recorder is a TB that remembers what was done to it.
type recorder struct{ skipped, failed bool }

func (r *recorder) Helper()        {}
func (r *recorder) Skip(...any)    { r.skipped = true }
func (r *recorder) Fatal(...any)   { r.failed = true }
func (r *recorder) Cleanup(func()) {}

func TestNeed(t *testing.T) {
	before := denied
	defer func() { denied = before }()
	refused := &DeniedError{Op: "x", Err: os.ErrInvalid, Hint: "y"}
	for _, tc := range []struct {
		name   string
		err    error
		noSkip string
		want   recorder
	}{
		{"refused", refused, "", recorder{skipped: true}},
		{"refused, but it has to run", refused, "1", recorder{failed: true}},
		{"not Linux", errors.ErrUnsupported, "", recorder{skipped: true}},
		{"a file that may not be read", &os.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, "", recorder{failed: true}},
		{"a driver that is not there", syscall.EOPNOTSUPP, "", recorder{failed: true}},
		{"anything else", os.ErrInvalid, "", recorder{failed: true}},
	} {
		t.Setenv(NoSkip, tc.noSkip)
		denied = tc.err
		var got recorder
		Need(&got)
		if got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}
