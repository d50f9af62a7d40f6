package inspect_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/scenarios"
)

// What the model says of arp_notify is what the kernel does: a client that
// believes gratuitous ARP (arp_accept) learns just those addresses when the MAC
// address changes.
func TestGratuitous(t *testing.T) {
	for _, onNIC := range []bool{false, true} {
		for _, where := range []string{"", "all", "eth1", "lo"} {
			t.Run(fmt.Sprintf("on the NIC %v, arp_notify on %q", onNIC, where), func(t *testing.T) {
				server := scenarios.Server{OnNIC: onNIC, Sysctls: map[string]string{}}
				if where != "" {
					server.Sysctls["net.ipv4.conf."+where+".arp_notify"] = "1"
				}
				lab := scenarios.Start(t, scenarios.Classic(server))
				client, r1 := lab.Host("client"), lab.Host("r1")
				if err := client.Sysctl("net.ipv4.conf.all.arp_accept", "1"); err != nil {
					t.Fatal(err)
				}
				var host inspect.Host
				err := inspect.InNetNS(r1.NetNS(), func() (err error) {
					host, err = inspect.ReadHost()
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				ip(t, r1, "link set dev eth1 address 02:00:00:00:99:99")

				want := host.Gratuitous("eth1")
				knows := func(addr netip.Addr) bool {
					mac, ok, err := client.Neighbour("eth1", addr)
					if err != nil {
						t.Fatal(err)
					}
					return ok && mac.String() == "02:00:00:00:99:99"
				}
				time.Sleep(20 * time.Millisecond) // it is sent at once, or not at all
				for _, addr := range []netip.Addr{netip.MustParseAddr("192.168.1.41"), scenarios.ClassicVIP} {
					if got := knows(addr); got != slices.Contains(want, addr) {
						t.Errorf("%s sent: %v; the model says %v", addr, got, want)
					}
				}
			})
		}
	}
}
