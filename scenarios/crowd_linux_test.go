package scenarios

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// On a segment with many hosts, which all repeat their requests in the same
// tick, nothing is lost that comes to the one that checks.
func TestCrowd(t *testing.T) {
	vip := AddressSpec{Prefix: netip.PrefixFrom(ClassicVIP, 32)}
	top := Classic()
	check := Check{VIPs: []netip.Addr{ClassicVIP}, Director: evidence.Host{IP: ClassicDirector}}
	for i := range 60 {
		ip := netip.AddrFrom4([4]byte{192, 168, 1, byte(190 + i)})
		h := onLAN(fmt.Sprintf("r%d", i+1), ip)
		h.Loopback = []AddressSpec{vip}
		h.Sysctls = map[string]string{"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2"}
		top.Hosts = append(top.Hosts, h)
		check.RealServers = append(check.RealServers, evidence.Host{IP: ip})
	}
	lab := Start(t, top)
	var results []diagnose.Result
	for range 3 { // on the way to the bridge others of the machine can be in the way
		var err error
		if results, err = lab.Host("client").Check(t.Context(), "eth1", check); err != nil || len(results) != 1 {
			t.Fatal(results, err)
		}
		if n := results[0].Capture.Dropped; n > 0 {
			t.Errorf("%d frames were lost", n)
		}
		if results[0].Verdict == diagnose.Pass {
			return
		}
	}
	t.Errorf("%s: %s", results[0].Verdict, results[0].Summary)
}
