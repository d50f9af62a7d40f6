package capture

import (
	"net"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// What this host thinks where an address is, whatever state the entry is in.
func TestLiveNeighbour(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	link, err := c.nearLink.LinkByName("near0")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		state int
		mac   evidence.MAC
		want  bool
	}{
		{"reachable", netlink.NUD_REACHABLE, directorMAC, true},
		{"moved", netlink.NUD_STALE, serverMAC, true},
		{"permanent", netlink.NUD_PERMANENT, directorMAC, true},
		{"failed", netlink.NUD_FAILED, evidence.MAC{}, false},
	} {
		if err := c.nearLink.NeighSet(&netlink.Neigh{LinkIndex: link.Attrs().Index, Family: unix.AF_INET, State: tc.state,
			IP: vip.AsSlice(), HardwareAddr: net.HardwareAddr(tc.mac[:])}); err != nil {
			t.Fatal(err)
		}
		if mac, ok := l.Neighbour(vip); ok != tc.want || mac != tc.mac {
			t.Errorf("%s: %s, %t", tc.name, mac, ok)
		}
	}
	if mac, ok := l.Neighbour(serverIP); ok {
		t.Errorf("an address without an entry is at %s", mac)
	}
	_ = l.Close()
	if mac, ok := l.Neighbour(vip); ok {
		t.Errorf("closed: %s", mac)
	}
}
