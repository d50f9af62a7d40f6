package scenarios

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

func TestValidate(t *testing.T) {
	ok := func() Topology { return Classic(Server{}) }
	addr := func(s string) AddressSpec {
		p, _ := netip.ParsePrefix(s)
		return AddressSpec{Prefix: p}
	}
	for _, tc := range []struct {
		name  string
		spoil func(t *Topology)
		want  string // empty: valid
	}{
		{"classic", func(t *Topology) {}, ""},
		{"no host", func(t *Topology) { t.Hosts = nil }, "there is no host"},
		{"host without a name", func(t *Topology) { t.Hosts[1].Name = "" }, `hosts[1].name: bad name ""`},
		{"host named like a path", func(t *Topology) { t.Hosts[1].Name = "../x" }, `bad name "../x"`},
		{"two hosts", func(t *Topology) { t.Hosts[1].Name = "client" }, `hosts[1].name: there are two hosts "client"`},
		{"two interfaces", func(t *Topology) {
			t.Hosts[0].Interfaces = append(t.Hosts[0].Interfaces, t.Hosts[0].Interfaces[0])
		}, `hosts[0].interfaces[1].name: host client has two interfaces "eth1"`},
		{"interface lo", func(t *Topology) { t.Hosts[0].Interfaces[0].Name = "lo" }, `host client has two interfaces "lo"`},
		{"interface all", func(t *Topology) { t.Hosts[0].Interfaces[0].Name = "all" }, `interface "all"`},
		{"long interface name", func(t *Topology) { t.Hosts[0].Interfaces[0].Name = "a-name-of-16-chr" }, "1 to 15 characters"},
		{"no segment", func(t *Topology) { t.Hosts[0].Interfaces[0].Segment = "" }, "no segment"},
		{"dummy on a segment", func(t *Topology) { t.Hosts[0].Interfaces[0].Kind = Dummy }, `cannot be on segment "lan"`},
		{"unknown kind", func(t *Topology) { t.Hosts[0].Interfaces[0].Kind = "tun" }, `unknown kind "tun"`},
		{"group MAC", func(t *Topology) { t.Hosts[0].Interfaces[0].MAC = evidence.Broadcast }, "group address"},
		{"no address", func(t *Topology) { t.Hosts[0].Loopback = []AddressSpec{{}} }, "is not IPv4 with a prefix length"},
		{"IPv6 address", func(t *Topology) { t.Hosts[0].Loopback = []AddressSpec{addr("fd00::1/64")} }, "fd00::1/64 is not IPv4"},
		{"address twice", func(t *Topology) {
			t.Hosts[0].Loopback = []AddressSpec{addr("192.0.2.1/32"), addr("192.0.2.1/32")}
		}, `hosts[0].lo[1]: the address 192.0.2.1/32 is there twice`},
		{"unknown scope", func(t *Topology) { t.Hosts[2].Loopback[0].Scope = "site" }, `unknown scope "site"`},
		{"sysctl of the machine", func(t *Topology) { t.Hosts[0].Sysctls = map[string]string{"kernel.panic": "1"} }, "whole machine"},
		{"sysctl of no interface", func(t *Topology) { t.Hosts[0].Sysctls = map[string]string{"net.ipv4.conf.eth9.arp_ignore": "1"} }, `host client has no interface "eth9"`},
		{"sysctl with a way out", func(t *Topology) { t.Hosts[0].Sysctls = map[string]string{"net/../kernel/panic": "1"} }, "not a key"},
		{"route nowhere", func(t *Topology) { t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.0/8").Prefix}} }, "neither a gateway nor an interface"},
		{"route to a host's bits", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.1/8").Prefix, Dev: "eth1"}}
		}, "did you mean 10.0.0.0/8"},
		{"gateway on the link", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{
				{Destination: addr("10.0.0.0/8").Prefix, Via: netip.MustParseAddr("192.168.1.1")},
				{Destination: addr("172.16.0.1/32").Prefix, Dev: "eth1"},
				{Destination: addr("172.17.0.0/16").Prefix, Via: netip.MustParseAddr("172.16.0.1"), Dev: "eth1"},
			}
		}, ""},
		{"gateway elsewhere", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.0/8").Prefix, Via: netip.MustParseAddr("192.168.2.1")}}
		}, "hosts[0].routes[0].via: host client cannot reach the gateway 192.168.2.1: it is in no subnet of its interfaces"},
		{"gateway is the host", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.0/8").Prefix, Via: ClassicClient}}
		}, "cannot reach the gateway 192.168.1.182"},
		{"gateway by another interface", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.0/8").Prefix, Via: netip.MustParseAddr("192.168.1.1"), Dev: "lo"}}
		}, "it is in no subnet of lo"},
		{"route out of nothing", func(t *Topology) {
			t.Hosts[0].Routes = []RouteSpec{{Destination: addr("10.0.0.0/8").Prefix, Dev: "eth9"}}
		}, `hosts[0].routes[0].dev: host client has no interface "eth9", only lo, eth1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			top := ok()
			tc.spoil(&top)
			err := top.Validate()
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestValidateReportsAll(t *testing.T) {
	top := Classic()
	top.Hosts[0].Interfaces[0].Segment = ""
	top.Hosts[1].Interfaces[0].Segment = ""
	err := top.Validate()
	if err == nil || strings.Count(err.Error(), "no segment") != 2 {
		t.Errorf("got %v, want both mistakes", err)
	}
}

func TestSysctlPath(t *testing.T) {
	for key, want := range map[string]string{
		"net.ipv4.conf.all.arp_ignore":      "/proc/sys/net/ipv4/conf/all/arp_ignore",
		"net/ipv4/conf/all/arp_ignore":      "/proc/sys/net/ipv4/conf/all/arp_ignore",
		"net.ipv4.conf.eth1/100.arp_ignore": "/proc/sys/net/ipv4/conf/eth1.100/arp_ignore",
		"net/ipv4/conf/eth1.100/arp_ignore": "/proc/sys/net/ipv4/conf/eth1.100/arp_ignore",
	} {
		if got, err := sysctlPath(key); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", key, got, err, want)
		}
	}
	for _, key := range []string{"", "net", "net.", "net..ipv4", "/net/ipv4", "/etc/passwd", "vm.swappiness"} {
		if got, err := sysctlPath(key); err == nil {
			t.Errorf("%q: got %q, want an error", key, got)
		}
	}
}

func TestMACsAreStable(t *testing.T) {
	top := Classic(Server{}, Server{})
	top.Hosts[3].Interfaces[0].MAC = evidence.MAC{2, 0, 0, 0, 0, 1} // the client's, had it been free
	top.Hosts[2].Interfaces = append(top.Hosts[2].Interfaces, InterfaceSpec{Name: "kube-ipvs0", Kind: Dummy})
	got := top.withMACs()
	for _, tc := range []struct {
		host, ifc int
		want      string
	}{
		{0, 0, "02:00:01:00:00:01"}, {1, 0, "02:00:00:00:00:02"}, {2, 0, "02:00:00:00:00:03"},
		{2, 1, "02:00:00:01:00:03"}, {3, 0, "02:00:00:00:00:01"},
	} {
		if mac := got.Hosts[tc.host].Interfaces[tc.ifc].MAC.String(); mac != tc.want {
			t.Errorf("%s, interface %d: got %s, want %s", got.Hosts[tc.host].Name, tc.ifc, mac, tc.want)
		}
	}
	if !top.Hosts[0].Interfaces[0].MAC.IsZero() {
		t.Error("the caller's topology was changed")
	}
}
