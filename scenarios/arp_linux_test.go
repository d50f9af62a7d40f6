package scenarios

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// TestReplies proves on the kernel that the classic cluster does what the
// settings of its real server say (arp_process in net/ipv4/arp.c).
func TestReplies(t *testing.T) {
	host := AddressSpec{Prefix: netip.PrefixFrom(ClassicVIP, 32), Scope: ScopeHost}
	wide := AddressSpec{Prefix: netip.PrefixFrom(ClassicVIP, 24)}
	rip := netip.MustParseAddr("192.168.1.41")
	unused := netip.MustParseAddr("192.168.1.200")
	for _, tc := range []struct {
		name             string
		server           Server
		vip, unused, rip bool // does r1 answer for it?
	}{
		{"0", Server{}, true, false, true},
		{"1", Server{Ignore: 1}, false, false, true},
		{"2", Server{Ignore: 2}, false, false, true},
		{"3, scope global", Server{Ignore: 3}, true, false, true},
		{"3, scope host", Server{Ignore: 3, VIP: host}, false, false, true},
		{"8", Server{Ignore: 8}, false, false, false},
		{"1 on lo only", Server{Sysctls: map[string]string{"net.ipv4.conf.lo.arp_ignore": "1"}}, true, false, true},
		{"1 on eth1 only", Server{Sysctls: map[string]string{"net.ipv4.conf.eth1.arp_ignore": "1"}}, false, false, true},
		{"1 as the default", Server{Sysctls: map[string]string{"net.ipv4.conf.default.arp_ignore": "1"}}, false, false, true},
		{"1, VIP on the NIC", Server{Ignore: 1, OnNIC: true}, true, false, true},
		{"0, VIP/24 on lo", Server{VIP: wide}, true, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := Start(t, Classic(tc.server)).Host("client")
			for _, ask := range []struct {
				what    string
				ip      netip.Addr
				want    bool
				besides []evidence.MAC
			}{
				{"VIP", ClassicVIP, tc.vip, []evidence.MAC{macDirector}},
				{"unused address", unused, tc.unused, nil},
				{"RIP", rip, tc.rip, nil},
			} {
				want := ask.besides
				if ask.want {
					want = append(want, macR1)
				}
				got := whoHas(t, client, ClassicClient, ask.ip, len(want))
				if !slices.Equal(got, want) {
					t.Errorf("who-has %s: got replies from %v, want %v", ask.what, got, want)
				}
			}
		})
	}
}

// TestAnnounce shows why the announce test is dangerous: a real server that
// resolves the client with the VIP as sender moves a bystander's entry.
func TestAnnounce(t *testing.T) {
	for _, tc := range []struct {
		name     string
		announce int
		want     evidence.MAC
	}{
		{"0 moves it", 0, macR1}, {"1 moves it in the subnet", 1, macR1}, {"2 does not", 2, macDirector},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			lab := Start(t, Cluster{Servers: []Server{{Ignore: 1, Announce: tc.announce}}, Bystander: true}.Topology())
			client, bystander := lab.Host("client"), lab.Host("bystander")
			if err := bystander.SetNeighbour("eth1", ClassicVIP, macDirector); err != nil {
				t.Fatal(err)
			}
			if err := client.SetNeighbour("eth1", ClassicVIP, macR1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1100 * time.Millisecond) // locktime: before, nothing moves an entry
			if err := client.Ping(t.Context(), ClassicVIP); err != nil {
				t.Fatal(err)
			}
			mac, ok, err := bystander.Neighbour("eth1", ClassicVIP)
			if err != nil || !ok || mac != tc.want {
				t.Errorf("the bystander has the VIP at %s (%t, %v), want %s", mac, ok, err, tc.want)
			}
		})
	}
}

func TestPingLearns(t *testing.T) {
	lab := Start(t, Classic(Server{Ignore: 1, Announce: 2}, Server{Ignore: 1, Announce: 2}))
	client := lab.Host("client")
	for range 20 {
		if err := client.Ping(t.Context(), ClassicVIP); err != nil {
			t.Fatal(err)
		}
		mac, ok, err := client.Neighbour("eth1", ClassicVIP)
		if err != nil || !ok || mac != macDirector {
			t.Fatalf("the client has the VIP at %s (%t, %v), want the director's %s", mac, ok, err, macDirector)
		}
		if err := client.FlushNeighbours("eth1"); err != nil {
			t.Fatal(err)
		}
		if mac, ok, err := client.Neighbour("eth1", ClassicVIP); ok || err != nil {
			t.Fatalf("after the flush the VIP is still at %s (%v)", mac, err)
		}
	}
}

// A lab has to be ready when Build returns: a first frame that is lost would
// be repeated by ARP after a second only. One that is slow may be the machine.
func TestReadyAtOnce(t *testing.T) {
	const rounds = 10
	slow := 0
	for range rounds {
		lab := Start(t, Classic(Server{Ignore: 1}, Server{Ignore: 1}, Server{Ignore: 1}))
		start := time.Now()
		if err := lab.Host("r3").Ping(t.Context(), netip.MustParseAddr("192.168.1.41")); err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > 900*time.Millisecond {
			slow++
		}
		if err := lab.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if slow > rounds/3 {
		t.Errorf("%d of %d first pings were slow", slow, rounds)
	}
}
