package scenarios_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A test of your own: a lab, a change, and the check.
func TestCure(t *testing.T) {
	lab := scenarios.Start(t, scenarios.Classic(scenarios.Server{})) // nothing is set on r1
	r1, client := lab.Host("r1"), lab.Host("client")
	vip := scenarios.Check{VIPs: []netip.Addr{scenarios.ClassicVIP}}
	vip.Director.IP = scenarios.ClassicDirector

	results, err := client.Check(t.Context(), "eth1", vip)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Verdict != diagnose.Fail {
		t.Errorf("a leak: got %s: %s", results[0].Verdict, results[0].Summary)
	}

	for key, value := range map[string]string{"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2"} {
		if err := r1.Sysctl(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if results, err = client.Check(t.Context(), "eth1", vip); err != nil {
		t.Fatal(err)
	}
	if results[0].Verdict != diagnose.Pass {
		t.Errorf("cured: got %s: %s", results[0].Verdict, results[0].Summary)
	}
}

// A scenario of your own, whose file says what has to be found.
func TestCluster(t *testing.T) {
	scenarios.Need(t)
	spec, err := scenarios.Load("testdata/cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Run(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func ExampleRead() {
	_, err := scenarios.Read(strings.NewReader("name: mine\nabuot: a lab\n"), "mine.yaml")
	fmt.Println(err)
	// Output: mine.yaml:2:1: unknown key "abuot": there are name, about, teaches, needs, segments, hosts, check, steps
}

func ExampleSpec_Picture() {
	fmt.Print(scenarios.ByName("classic").Picture())
	// Output:
	// lan
	// ├─ client    client       eth1  192.168.1.182/24
	// ├─ director  director     eth1  192.168.1.10/24  192.168.1.99/32
	// └─ r1        real-server  eth1  192.168.1.41/24
	//                           lo    192.168.1.99/32
}
