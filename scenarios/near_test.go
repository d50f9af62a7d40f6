package scenarios

import (
	"os"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"arp_accept", "arp_announce", "arp_ignore", "ip"}
	for wrong, want := range map[string]string{
		"arp_anounce": "arp_announce", "arp_ingore": "arp_ignore", "arp_ignore ": "arp_ignore",
		"something": "", "": "", "x": "", "arp_accept_all": "",
	} {
		if got := nearest(wrong, known); got != want {
			t.Errorf("near %q is %q, want %q", wrong, got, want)
		}
	}
}

// A setting that was mistyped is refused with its place; one that is not known
// here may be on the machine, or in the namespace, where it counts.
func TestMistypedSysctl(t *testing.T) {
	if _, err := os.Stat("/proc/sys/net/ipv4/conf/default/arp_announce"); err != nil {
		t.Skip(err)
	}
	read := func(key string) error {
		text := strings.Replace(ByName("classic").Source(), "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    sysctls:\n      "+key+": 1\n", 1)
		_, err := Read(strings.NewReader(text), "x.yaml")
		return err
	}
	for key, want := range map[string]string{
		"net.ipv4.conf.eth1.arp_anounce":         `x.yaml:22:7: sysctl "net.ipv4.conf.eth1.arp_anounce": there is no such setting: did you mean arp_announce?`,
		"net/ipv4/ip_forwad":                     "did you mean ip_forward?",
		"net.ipv4.neigh.eth1.base_reachabe_time": "did you mean base_reachable_time?",
		"net.ipv4.conf.eth1.no_such_thing":       "",
		"net.ipv4.no.such.thing":                 "",
	} {
		// The kernel shows those of neigh to the first user namespace alone
		// (neigh_sysctl_register).
		if _, err := os.Stat("/proc/sys/net/ipv4/neigh/default/base_reachable_time"); err != nil && strings.Contains(key, "neigh") {
			continue
		}
		if err := read(key); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", key, err, want)
		}
	}
}
