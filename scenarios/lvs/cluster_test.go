//go:build lvs

package lvs

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/scenarios"
)

var vip = scenarios.ClassicVIP

// right is a real server as it should be.
var right = scenarios.Server{Ignore: 1, Announce: 2}

// clusterCases are those with one director, whose IPVS is set by hand.
var clusterCases = []testCase{
	{"IPVS serves round robin", servesRoundRobin},
	{"IPVS: --port finds the director and the pool", findsPool},
	{"IPVS: two claimants are a conflict without --port", conflictWithoutPort},
	{"IPVS: the leak is seen, its fix is right, and none is left", leakAndFix},
	{"IPVS: a real server that is down is no fault of the others", serverDown},
}

// cluster is the classic one with a real director, and with the VIP of r3 on a
// dummy interface, as kube-proxy has it.
func cluster(t *testing.T, servers ...scenarios.Server) *scenarios.Lab {
	lab := scenarios.Start(t, scenarios.Classic(servers...))
	ipvs := fmt.Sprintf("ipvsadm -A -t %s:80 -s rr\n", vip)
	for i := range servers {
		ipvs += fmt.Sprintf("ipvsadm -a -t %s:80 -r 192.168.1.%d -g\n", vip, 41+i)
		serve(t, lab.Host(fmt.Sprintf("r%d", i+1)))
	}
	on(t, lab.Host("director"), ipvs)
	on(t, lab.Host("r3"), fmt.Sprintf(`
		ip address del %[1]s/32 dev lo
		ip link add kube-ipvs0 type dummy
		ip address add %[1]s/32 dev kube-ipvs0`, vip))
	return lab
}

// serve opens the service of a real server.
func serve(t *testing.T, h *scenarios.Host) {
	if _, err := h.ListenTCP(netip.MustParseAddrPort("0.0.0.0:80")); err != nil {
		t.Fatal(err)
	}
}

// served makes connections to the VIP, and counts who answered them.
func served(t *testing.T, h *scenarios.Host, connections int) map[string]int {
	by := map[string]int{}
	for range connections {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		conn, err := h.DialTCP(ctx, netip.AddrPortFrom(vip, 80))
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		name, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		by[strings.TrimSpace(name)]++
	}
	return by
}

func servesRoundRobin(t *testing.T) {
	lab := cluster(t, right, right, right)
	if by := served(t, lab.Host("client"), 6); by["r1"] != 2 || by["r2"] != 2 || by["r3"] != 2 {
		t.Errorf("connections went to %v, want two to each real server", by)
	}
}

// wantsCluster wants the director and the pool to be known for what they are.
func (v *verdict) wantsCluster(lab *scenarios.Lab) {
	v.t.Helper()
	v.role(lab.Host("director"), diagnose.Director, "passes connections to the VIP on")
	for _, name := range []string{"r1", "r2", "r3"} {
		v.role(lab.Host(name), diagnose.RealServer, "answers connections that")
	}
	if len(v.Hosts) != 4 {
		v.t.Errorf("%d hosts, want the director and three real servers\n%s", len(v.Hosts), v.text)
	}
}

func findsPool(t *testing.T) {
	lab := cluster(t, right, right, right)
	v := check(t, lab.Host("client"), "-i", "eth1", "--port", "80")
	v.wants(0)
	v.wantsCluster(lab)
	// What was asked of the service must not have hurt it.
	if by := served(t, lab.Host("client"), 3); len(by) != 3 {
		t.Errorf("after the check connections went to %v", by)
	}
}

func conflictWithoutPort(t *testing.T) {
	lab := cluster(t, right, scenarios.Server{Announce: 2}, right)
	check(t, lab.Host("client"), "-i", "eth1").wants(1, "vip-conflict")
}

// leakAndFix runs on each host what the findings advise.
func leakAndFix(t *testing.T) {
	lab := cluster(t, scenarios.Server{}, right, scenarios.Server{})
	client := lab.Host("client")
	v := check(t, client, "-i", "eth1", "--port", "80")
	v.wants(1, "vip-reply-leak 192.168.1.41", "vip-announce-leak 192.168.1.41", "vip-reply-leak 192.168.1.43", "vip-announce-leak 192.168.1.43")
	v.wantsCluster(lab)

	applied := 0
	for _, f := range v.Findings {
		for _, name := range []string{"r1", "r3"} {
			if macOf(t, lab.Host(name)) != f.MAC {
				continue
			}
			for _, line := range f.Fix {
				if strings.HasPrefix(line, "sysctl -w ") {
					on(t, lab.Host(name), line)
					applied++
				}
			}
		}
	}
	if applied < 4 {
		t.Errorf("%d lines to fix four findings\n%s", applied, v.text)
	}

	v = check(t, client, "-i", "eth1", "--port", "80")
	v.wants(0)
	v.wantsCluster(lab)
	if by := served(t, client, 6); by["r1"] != 2 || by["r2"] != 2 || by["r3"] != 2 {
		t.Errorf("after the fix connections went to %v, want two to each real server", by)
	}
}

// serverDown has a pool of three with one that does not answer, and that was
// not named: the others are judged as ever.
func serverDown(t *testing.T) {
	lab := cluster(t, right, right, right)
	on(t, lab.Host("r2"), "ip link set eth1 down")
	v := check(t, lab.Host("client"), "-i", "eth1", "--port", "80")
	v.wants(0)
	v.role(lab.Host("director"), diagnose.Director, "passes connections to the VIP on")
	v.role(lab.Host("r1"), diagnose.RealServer, "")
	v.role(lab.Host("r3"), diagnose.RealServer, "")

	named := check(t, lab.Host("client"), "-i", "eth1", "--port", "80", "--rs", "192.168.1.42")
	named.wants(3)
	if !slices.ContainsFunc(named.Hosts, func(h diagnose.Host) bool { return h.MAC.IsZero() }) {
		t.Errorf("the host that was named is not among the hosts\n%s", named.text)
	}
}
