package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// recorder is a TB that remembers what was done to it.
type recorder struct {
	skipped, failed bool
	said            string
}

func (r *recorder) Helper()          {}
func (r *recorder) Skip(why ...any)  { r.skipped, r.said = true, fmt.Sprint(why...) }
func (r *recorder) Fatal(why ...any) { r.failed, r.said = true, fmt.Sprint(why...) }
func (r *recorder) Cleanup(func())   {}

func TestNeed(t *testing.T) {
	before := denied
	defer func() { denied = before }()
	refused := &DeniedError{Op: "x", Err: os.ErrInvalid, hint: "y"}
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
		if got.skipped != tc.want.skipped || got.failed != tc.want.failed {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
		if tc.err == error(refused) && !strings.HasSuffix(got.said, "not allowed to x: invalid argument; y") {
			t.Errorf("%s: it says %q", tc.name, got.said)
		}
	}
}

// What to do about an error is not in its text: whoever prints it asks for the hint.
func TestHints(t *testing.T) {
	for _, tc := range []struct {
		err        error
		text, hint string
	}{
		{&DeniedError{Op: "fly", Err: os.ErrInvalid, hint: "take a plane"}, "not allowed to fly: invalid argument", "take a plane"},
		{&MissingError{[]string{"keepalived", "nft"}}, "not installed: keepalived, nft", "on Debian or Ubuntu: sudo apt install keepalived nftables"},
		{os.ErrInvalid, "invalid argument", ""},
	} {
		err := fmt.Errorf("x: %w", tc.err)
		if got := hint(err); got != tc.hint || tc.err.Error() != tc.text {
			t.Errorf("got %q, hint %q; want %q, hint %q", tc.err, got, tc.text, tc.hint)
		}
	}
}
