//go:build lvs

package lvs

import (
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/scenarios"
)

// linkCases check through the kinds of interface that a client may have.
var linkCases = []testCase{
	{"-i on a bridge", func(t *testing.T) {
		through(t, "br0", `
			ip link add br0 type bridge
			ip link set eth1 master br0
			ip address flush dev eth1
			ip address add 192.168.1.182/24 dev br0
			ip link set br0 up`)
	}},
	{"-i on a bond", func(t *testing.T) {
		through(t, "bond0", `
			ip link add bond0 type bond mode active-backup miimon 100
			ip address flush dev eth1
			ip link set eth1 down
			ip link set eth1 master bond0
			ip address add 192.168.1.182/24 dev bond0
			ip link set bond0 up
			for try in $(seq 50); do
				ip -br link show bond0 | grep -q LOWER_UP && break
				sleep 0.1
			done`)
	}},
	{"-i on a macvlan", func(t *testing.T) {
		through(t, "mac0", `
			ip link add mac0 link eth1 type macvlan mode bridge
			ip address flush dev eth1
			ip address add 192.168.1.182/24 dev mac0
			ip link set mac0 up`)
	}},
	{"-i in a VRF", func(t *testing.T) {
		through(t, "eth1", `
			ip link add red type vrf table 10
			ip link set red up
			ip link set eth1 master red`)
	}},
	{"-i on a VLAN", vlan},
}

// through changes the client's interface, and then checks a cluster with a leak
// and without.
func through(t *testing.T, iface, change string) {
	lab := scenarios.Start(t, scenarios.Classic(scenarios.Server{}, right))
	on(t, lab.Host("client"), change)
	leakThenNone(t, lab, iface)
}

// leakThenNone wants the leak of r1 to be seen, and none after its cure.
func leakThenNone(t *testing.T, lab *scenarios.Lab, iface string) {
	client := lab.Host("client")
	args := []string{"-i", iface, "--director", "192.168.1.10"}
	v := check(t, client, args...)
	v.wants(1, "vip-announce-leak 192.168.1.41", "vip-reply-leak 192.168.1.41")
	v.role(lab.Host("director"), diagnose.Director, "")
	v.role(lab.Host("r1"), diagnose.RealServer, "")
	v.role(lab.Host("r2"), diagnose.RealServer, "")

	on(t, lab.Host("r1"), "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2")
	v = check(t, client, args...)
	v.wants(0)
	v.role(lab.Host("r1"), diagnose.RealServer, "")
	v.role(lab.Host("r2"), diagnose.RealServer, "")
}

// vlan has all hosts on VLAN 100 of a trunk.
func vlan(t *testing.T) {
	lab := scenarios.Start(t, scenarios.Classic(scenarios.Server{}, right))
	for _, h := range lab.Hosts() {
		on(t, h, `
			ip link add link eth1 name eth1.100 type vlan id 100
			for address in $(ip -o -4 address show dev eth1 | awk '{ print $4 }'); do
				ip address del $address dev eth1
				ip address add $address dev eth1.100
			done
			ip link set eth1.100 up`)
	}
	leakThenNone(t, lab, "eth1.100")
}
