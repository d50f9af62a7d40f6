//go:build lvs

package lvs

import (
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// bondCases have hosts with two ports on the segment that are one interface.
// Some kinds of bond speak with the MAC addresses of both: balance-tlb sends its
// packets with them, balance-alb answers who-has with them, too.
var bondCases = []testCase{
	{"a bond of mode balance-alb is one host", func(t *testing.T) { bonded(t, 2, 2, "mode balance-alb") }},
	{"a bond of mode balance-tlb is one host", func(t *testing.T) { bonded(t, 2, 2, "mode balance-tlb") }},
	{"a bond of mode active-backup is one host", func(t *testing.T) { bonded(t, 1, 1, "mode active-backup fail_over_mac active") }},
	{"two switches that are one router (MLAG) are one host", mlag},
}

// bonded checks a cluster whose director has a bond, then one whose real server
// has one, too, and leaks; each so many times. macs is how many MAC addresses the
// bonds show.
func bonded(t *testing.T, times, macs int, mode string) {
	lab := scenarios.Start(t, withSpare(scenarios.Classic(right, right), "director", "r1"))
	client, director, r1, r2 := lab.Host("client"), lab.Host("director"), lab.Host("r1"), lab.Host("r2")
	bond(t, director, mode)
	seen := 0
	look := func(code int, args []string, findings ...string) {
		t.Helper()
		v := check(t, client, append([]string{"-i", "eth1"}, args...)...)
		v.wants(code, findings...)
		if len(v.Hosts) != 3 {
			t.Errorf("%d hosts, want 3\n%s", len(v.Hosts), v.text)
		}
		for _, h := range v.Hosts {
			if len(h.ARPIgnore) == 0 || len(h.ARPAnnounce) == 0 {
				t.Errorf("%s: no setting fits\n%s", h.MAC, v.text)
			}
		}
		v.bonded(director, diagnose.Director)
		v.bonded(r1, diagnose.RealServer)
		v.role(r2, diagnose.RealServer, "")
		for _, h := range v.Hosts {
			seen = max(seen, 1+len(h.OtherMACs))
		}
	}
	for range times {
		look(0, []string{"--fail-fast"})
	}
	bond(t, r1, mode)
	look(0, []string{"--director", "192.168.1.10"})
	on(t, r1, "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0")
	for range times {
		look(1, []string{"--director", "192.168.1.10"}, "vip-announce-leak 192.168.1.41", "vip-reply-leak 192.168.1.41")
	}
	if seen != macs {
		t.Errorf("a bond was seen with %d MAC addresses, want %d", seen, macs)
	}
}

// bonded wants a host to be there once, by whichever of its MAC addresses.
func (v *verdict) bonded(h *scenarios.Host, role diagnose.Role) {
	v.t.Helper()
	n := 0
	for _, word := range strings.Fields(on(v.t, h, "ip -br link show type veth | awk '{ print $3 }' | sort -u")) {
		mac, err := evidence.ParseMAC(word)
		if err != nil {
			v.t.Fatal(err)
		}
		for i := range v.Hosts {
			if got := &v.Hosts[i]; got.MAC == mac {
				n++
				if got.Role != role || slices.Contains(got.OtherMACs, mac) {
					v.t.Errorf("%s is %s, want %s, with %v besides\n%s", h.Name, got.Role, role, got.OtherMACs, v.text)
				}
			}
		}
	}
	if n != 1 {
		v.t.Errorf("%s is there %d times, want once\n%s", h.Name, n, v.text)
	}
}

// mlag checks a VIP that two hosts have with one MAC address, besides their own.
func mlag(t *testing.T) {
	lab := scenarios.Start(t, scenarios.Classic(right, right))
	client := lab.Host("client")
	for _, h := range []*scenarios.Host{lab.Host("director"), lab.Host("r1")} {
		on(t, h, `
			sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
			for dev in lo eth1; do
				ip address del 192.168.1.99/32 dev $dev 2>/dev/null || true
			done
			ip link add mac0 link eth1 address 02:1c:73:00:00:99 type macvlan mode private
			ip link set mac0 up
			ip address add 192.168.1.99/32 dev mac0`)
	}
	v := check(t, client, "-i", "eth1")
	v.wants(0)
	for i := range v.Hosts {
		if h := &v.Hosts[i]; h.MAC.String() == "02:1c:73:00:00:99" != (h.Role == diagnose.Director) {
			t.Errorf("%s is %s\n%s", h.MAC, h.Role, v.text)
		}
	}
	// It is one of the two that gets what is sent to the common address.
	behind := slices.ContainsFunc(v.Hosts, func(h diagnose.Host) bool {
		return h.Role == diagnose.Other && strings.HasPrefix(h.RoleReason, "answers pings that were sent to 02:1c:73:00:00:99")
	})
	if !behind {
		t.Errorf("nobody is seen to be behind the common address\n%s", v.text)
	}
}

// withSpare gives hosts a second interface on the segment, without addresses.
func withSpare(top scenarios.Topology, names ...string) scenarios.Topology {
	for i := range top.Hosts {
		if h := &top.Hosts[i]; slices.Contains(names, h.Name) {
			h.Interfaces = append(h.Interfaces, scenarios.InterfaceSpec{Name: "eth2", Segment: "lan"})
		}
	}
	return top
}

// bond makes bond0 of the two interfaces of a host, with the addresses of eth1.
func bond(t *testing.T, h *scenarios.Host, mode string) {
	t.Helper()
	on(t, h, `
		addresses=$(ip -o -4 address show dev eth1 | awk '{ print $4 }')
		ip link add bond0 type bond miimon 100 `+mode+`
		for port in eth1 eth2; do
			ip address flush dev $port
			ip link set $port down
			ip link set $port master bond0
		done
		ip link set bond0 up
		for address in $addresses; do
			ip address add $address dev bond0
		done
		for try in $(seq 50); do
			[ "$(ip -br link show master bond0 | grep -c LOWER_UP)" = 2 ] && break
			sleep 0.1
		done`)
}
