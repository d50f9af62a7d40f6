package scenarios

import (
	"context"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/kernel"
)

// TestModelOfHosts reads hosts that are set up by hand, and compares what the
// model makes of what was read with what the host does. It is about what TestTruth
// does not vary: package inspect, and interfaces, routes and neighbours.
func TestModelOfHosts(t *testing.T) {
	const rip, far = "192.168.1.41", "198.51.100.7"
	client, vip := ClassicClient.String(), ClassicVIP.String()
	const holder = "ip link add d0 type bridge && ip link set d0 arp off && "
	for name, tc := range map[string]struct {
		setup string
		asks  [][2]string // who-has, tell
	}{
		"an interface that never was up": {holder + "ip addr add 10.96.0.1/32 dev d0; ip addr add 10.97.0.1/24 dev d0",
			[][2]string{{"10.96.0.1", client}, {"10.97.0.1", client}, {"10.97.0.9", client}, {"10.97.0.255", client}, {rip, "10.97.0.9"}, {rip, "10.96.0.1"}}},
		"one that is down again": {holder + "ip link set d0 up; ip addr add 10.97.0.1/24 dev d0; ip link set d0 down; sysctl -w net.ipv4.conf.all.arp_ignore=3",
			[][2]string{{"10.97.0.1", client}, {"10.97.0.9", client}, {"10.97.0.255", client}, {rip, "10.97.0.9"}, {rip, "10.97.0.255"}}},
		"one that is down, strict": {holder + "ip addr add 10.97.0.1/24 dev d0; sysctl -w net.ipv4.conf.all.rp_filter=1",
			[][2]string{{rip, "10.97.0.9"}, {rip, "10.97.0.255"}, {"10.97.0.1", client}}},
		"forwarding on the NIC alone": {holder + "ip link set d0 up; ip addr add 10.5.0.1/24 dev d0; sysctl -w net.ipv4.conf.eth1.proxy_arp=1 net.ipv4.neigh.eth1.proxy_delay=0 net.ipv4.conf.eth1.forwarding=1",
			[][2]string{{"10.5.0.9", client}, {"10.5.0.1", client}}},
		"forwarding, but not on the NIC": {holder + "ip link set d0 up; ip addr add 10.5.0.1/24 dev d0; sysctl -w net.ipv4.conf.eth1.proxy_arp=1 net.ipv4.neigh.eth1.proxy_delay=0 net.ipv4.ip_forward=1 net.ipv4.conf.eth1.forwarding=0",
			[][2]string{{"10.5.0.9", client}, {"10.5.0.1", client}}},
		"a multipath route, strict": {holder + "ip link set d0 up; ip addr add 10.5.0.1/24 dev d0; sysctl -w net.ipv4.conf.all.rp_filter=1; ip route add default nexthop via 10.5.0.254 dev d0 nexthop via 192.168.1.1 dev eth1",
			[][2]string{{vip, far}, {rip, far}, {rip, client}}},
		"a multipath route, one leg down": {holder + "ip link set d0 up; ip addr add 10.5.0.1/24 dev d0; sysctl -w net.ipv4.conf.all.rp_filter=1; ip route add default nexthop via 192.168.1.1 dev eth1 nexthop via 10.5.0.254 dev d0; ip link set d0 down",
			[][2]string{{vip, far}, {rip, far}}},
		"two routes, strict": {holder + "ip link set d0 up; ip addr add 10.5.0.1/24 dev d0; sysctl -w net.ipv4.conf.all.rp_filter=1; ip route add default via 192.168.1.1 metric 200; ip route add default via 10.5.0.254 metric 100",
			[][2]string{{vip, far}, {rip, far}}},
		"first and last of a subnet": {"ip addr add 192.168.7.99/24 dev lo; sysctl -w net.ipv4.conf.all.rp_filter=1",
			[][2]string{{"192.168.7.255", client}, {"192.168.7.0", client}, {"192.168.1.0", client}, {"192.168.1.255", client}, {rip, "192.168.1.0"}, {rip, "192.168.1.255"}}},
		"a peer": {"ip addr flush dev eth1; ip addr add 192.168.1.41 peer 192.168.1.0/24 dev eth1; sysctl -w net.ipv4.conf.all.rp_filter=1",
			[][2]string{{rip, client}, {vip, client}, {vip, far}}},
		"noprefixroute": {"ip addr flush dev eth1; ip addr add 192.168.1.41/24 dev eth1 noprefixroute; sysctl -w net.ipv4.conf.all.rp_filter=1",
			[][2]string{{rip, client}, {rip, "0.0.0.0"}, {rip, "192.168.1.255"}}},
		"noprefixroute, and the route": {"ip addr flush dev eth1; ip addr add 192.168.1.41/24 dev eth1 noprefixroute; ip route add 192.168.1.0/24 dev eth1 proto kernel metric 100; sysctl -w net.ipv4.conf.all.rp_filter=1",
			[][2]string{{rip, client}, {vip, client}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := Start(t, Classic(Server{}))
			r1 := lab.Host("r1")
			runShell(t, r1, tc.setup)
			// What the director, who has the VIP, says is not r1's.
			runShell(t, lab.Host("director"), "ip link set eth1 arp off")
			model := readModel(t, r1)
			for _, ask := range tc.asks {
				target, sender := netip.MustParseAddr(ask[0]), netip.MustParseAddr(ask[1])
				says := model.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target, Broadcast: true})
				want := 0
				if says.Reply != kernel.Silent {
					want = 1
				}
				if got := whoHas(t, lab.Host("client"), sender, target, want); len(got) != want {
					t.Errorf("who-has %s tell %s: replies from %v; the model: it %s", target, sender, got, says.Reply)
				}
			}
		})
	}
}

// On an interface without ARP a host reaches whom it was told of by hand.
func TestModelOfNeighbours(t *testing.T) {
	for name, known := range map[string]bool{"told": true, "not told": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := Start(t, Classic(Server{}))
			r1, client, rip := lab.Host("r1"), lab.Host("client"), netip.MustParseAddr("192.168.1.41")
			runShell(t, r1, "ip link set eth1 arp off")
			runShell(t, client, "ip neigh replace 192.168.1.41 lladdr "+macR1.String()+" dev eth1 nud permanent")
			if known {
				mac, err := client.MAC("eth1")
				if err != nil {
					t.Fatal(err)
				}
				runShell(t, r1, "ip neigh replace "+ClassicClient.String()+" lladdr "+mac.String()+" dev eth1 nud permanent")
			}
			model := readModel(t, r1)
			says := model.React(kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: ClassicClient, Target: rip, Known: known})
			patience := 5 * time.Second
			if !known {
				patience = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := client.Ping(ctx, rip); (err == nil) != (says.Reply == kernel.AtOnce) {
				t.Errorf("ping: %v; the model: it %s", err, says.Reply)
			}
		})
	}
}

func readModel(t *testing.T, h *Host) (got inspect.Host) {
	t.Helper()
	if err := h.Do(func() (err error) { got, err = inspect.ReadHost(); return err }); err != nil {
		t.Fatal(err)
	}
	return got
}

// runShell runs a command line on a host.
func runShell(t *testing.T, h *Host, line string) {
	t.Helper()
	err := h.Do(func() error {
		out, err := exec.Command("sh", "-ec", line).CombinedOutput()
		if err != nil {
			t.Logf("%s: %s", line, out)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
