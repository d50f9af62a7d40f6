package scenarios

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/internal/goroutines"
)

// Nothing goes on when a lab is closed and its checks have ended, by themselves
// or because they were told to.
func TestNoGoroutineIsLeft(t *testing.T) {
	Need(t)
	once := func(wait time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		lab, err := Build(Classic(Server{}, Server{Ignore: 1, Announce: 2}))
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := lab.Host("client").Check(ctx, "eth1", Check{VIPs: []netip.Addr{ClassicVIP}}); err != nil {
			t.Error(err)
		}
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := goroutines.Left(func() {
		once(time.Minute)
		once(500 * time.Millisecond)
		if o := ByName("late-answerer").Run(t.Context()); o.Err() != nil {
			t.Error(o.Err())
		}
	}); len(left) > 0 {
		t.Error(left)
	}
}
