package inspect

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"
)

// A table that changes while it is listed is listed again, but not for ever.
func TestWhole(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		fails int
		with  error
		want  int // entries
		err   error
		calls int
	}{
		"at rest":            {0, nil, 3, nil, 1},
		"interrupted once":   {1, netlink.ErrDumpInterrupted, 3, nil, 2},
		"never at rest":      {99, netlink.ErrDumpInterrupted, 2, nil, 10},
		"any other mistake":  {99, broken, 2, broken, 1},
		"another one, later": {1, broken, 2, broken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			got, err := whole(func() ([]int, error) {
				if calls++; calls <= tt.fails {
					return []int{1, 2}, tt.with
				}
				return []int{1, 2, 3}, nil
			})
			if len(got) != tt.want || err != tt.err || calls != tt.calls {
				t.Errorf("%v, %v after %d calls; want %d entries, %v after %d", got, err, calls, tt.want, tt.err, tt.calls)
			}
		})
	}
}
