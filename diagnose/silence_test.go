package diagnose

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// The settings of a host that was changed are those that fit the longest end of
// the capture, though a shorter end that fits, too, holds only its silence.
func TestLongestEndThatFits(t *testing.T) {
	wire := newTap()
	wire.known()
	seq := uint16(0)
	alive := func() { // it has the VIP, whatever it says about that by ARP
		seq++
		wire.ping(clientMAC, client, r1, seq)
		wire.tick(2 * time.Second)
	}
	alive()
	for range 2 { // silent about its own address: arp_ignore is 8
		wire.whoHas(r1IP, clientMAC, client)
		wire.tick(2 * time.Second)
	}
	alive() // then it is changed
	wire.whoHas(vip, clientMAC, client)
	wire.isAt(vip, r1, clientMAC, client)
	wire.tick(2 * time.Second)
	for range 3 {
		wire.whoHas(vip, clientMAC, client, r1)
		wire.isAt(vip, r1, clientMAC, client)
		wire.tick(2 * time.Second)
	}
	for range 2 { // these are lost
		wire.whoHas(vip, clientMAC, client)
		wire.isAt(vip, dirMAC, clientMAC, client)
		alive()
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}})[0]
	i := slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == r1 })
	if i < 0 || !slices.Contains(r.Hosts[i].ARPIgnore, 0) || slices.Contains(r.Hosts[i].ARPIgnore, 8) {
		t.Errorf("%s: %+v", r.Summary, r.Hosts)
	}
}
