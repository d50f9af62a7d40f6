package capture

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// A link that goes away in mid-run is no error of the socket: what is sent
// then is lost without a word.
func TestLiveCarrier(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	if err := l.Carrier(); err != nil {
		t.Error(err)
	}
	far, err := c.farLink.LinkByName("far0")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		do   func(netlink.Link) error
		want string
	}{
		{"away", c.farLink.LinkSetDown, "near0: without a link for some time: NO-CARRIER at the end"},
		{"back again", c.farLink.LinkSetUp, "near0: without a link for some time: its carrier changed 2 times"},
	} {
		if err := step.do(far); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		if err := l.Carrier(); !errors.Is(err, ErrNoCarrier) || err.Error() != step.want {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if _, err := l.Next(time.Now()); errors.Is(err, ErrInterfaceLost) {
		t.Error(err)
	}
	before := l.Carrier()
	_ = l.Close()
	if after := l.Carrier(); after == nil || !strings.Contains(after.Error(), before.Error()) {
		t.Errorf("closed: %v", after)
	}
}

func TestLostUntil(t *testing.T) {
	before := linkState{missed: [3]uint64{5, 5, 5}, rxDropped: 100, backlog: 1000}
	for _, tt := range []struct {
		name string
		now  linkState
		want uint64
	}{
		{"nothing", before, 0},
		{"frames of unknown protocols", linkState{missed: before.missed, rxDropped: 400, backlog: 1000}, 0},
		{"backlog of other interfaces", linkState{missed: before.missed, rxDropped: 100, backlog: 4000}, 0},
		{"backlog of this one", linkState{missed: before.missed, rxDropped: 107, backlog: 1009}, 7},
		{"the same frames under two counters", linkState{missed: [3]uint64{5, 8, 9}, rxDropped: 100, backlog: 1000}, 4},
		{"counters that were reset", linkState{missed: [3]uint64{0, 0, 2}, rxDropped: 0, backlog: 1000}, 2},
	} {
		if got := before.lostUntil(tt.now); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
