package inspect_test

import (
	"fmt"
	"maps"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/scenarios"
)

func TestReadSegment(t *testing.T) {
	mac := evidence.MAC{2, 0, 0x5e, 0x10, 0, 1}
	h := alone(t, func(h *scenarios.HostSpec) {
		h.Interfaces[0].MAC = mac
		h.Interfaces[0].Addresses = []scenarios.AddressSpec{addr("192.168.1.182/24"), addr("10.0.0.2/30"), addr("192.168.1.183/24")}
		h.Loopback = []scenarios.AddressSpec{addr("192.168.1.99/32")}
		h.Routes = []scenarios.RouteSpec{
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("192.168.1.1")},
			{Destination: netip.MustParsePrefix("10.9.0.0/16"), Via: netip.MustParseAddr("10.0.0.1")},
			{Destination: netip.MustParsePrefix("10.8.0.0/16"), Via: netip.MustParseAddr("192.168.1.1")},
			{Destination: netip.MustParsePrefix("10.7.0.0/16"), Dev: "eth1"},
		}
	})
	known := netip.MustParseAddr("192.168.1.41")
	if err := h.SetNeighbour("eth1", known, evidence.MAC{2, 0, 0, 0, 0, 41}); err != nil {
		t.Fatal(err)
	}
	failed := &netlink.Neigh{LinkIndex: 2, Family: unix.AF_INET, State: netlink.NUD_FAILED, IP: []byte{192, 168, 1, 42}}
	if err := h.Do(func() error { return netlink.NeighSet(failed) }); err != nil {
		t.Fatal(err)
	}

	s, err := read(h, "eth1")
	if err != nil {
		t.Fatal(err)
	}
	if s.Interface.Name != "eth1" || s.Interface.Index != 2 || s.Interface.MTU != 1500 || s.MAC != mac || s.Kind != "veth" || s.Master != "" {
		t.Errorf("interface %+v, MAC %v, kind %q, master %q", s.Interface, s.MAC, s.Kind, s.Master)
	}
	if got := fmt.Sprint(s.Addresses); got != "[192.168.1.182/24 10.0.0.2/30 192.168.1.183/24]" {
		t.Errorf("addresses %v", got)
	}
	if !slices.Contains(s.Local, netip.MustParseAddr("192.168.1.99")) || !slices.Contains(s.Local, netip.MustParseAddr("192.168.1.182")) {
		t.Errorf("local addresses %v", s.Local)
	}
	slices.SortFunc(s.Gateways, netip.Addr.Compare)
	if got := fmt.Sprint(s.Gateways); got != "[10.0.0.1 192.168.1.1]" {
		t.Errorf("gateways %v", got)
	}
	if want := map[netip.Addr]evidence.MAC{known: {2, 0, 0, 0, 0, 41}}; !maps.Equal(s.Neighbours, want) {
		t.Errorf("neighbours %v, want %v", s.Neighbours, want)
	}
	if s.Forwards {
		t.Error("forwards, with net.ipv4.conf.eth1.forwarding = 0")
	}
	if err := h.Sysctl("net.ipv4.conf.eth1.forwarding", "1"); err != nil {
		t.Fatal(err)
	}
	if s, err = read(h, "eth1"); err != nil || !s.Forwards {
		t.Errorf("forwards %v with net.ipv4.conf.eth1.forwarding = 1, error %v", s.Forwards, err)
	}
}

// Every kind of interface that carries Ethernet frames will do, whatever its name.
func TestReadSegmentKinds(t *testing.T) {
	h := alone(t, func(h *scenarios.HostSpec) {
		h.Interfaces[0].Addresses = nil
		h.Interfaces = append(h.Interfaces, scenarios.InterfaceSpec{Name: "eth1.100", Segment: "other"})
	})
	ip(t, h, "link add mv0 link eth1 type macvlan mode bridge", "link set mv0 up",
		"link add br0 type bridge", "link set eth1.100 master br0", "link set br0 up",
		"link property add dev eth1 altname enp3s0f0npwithaverylongname")
	// The kernel may have no such driver: then there is nothing to see.
	vlan := try(h, "link add link eth1 name eth1.7 type vlan id 7") == nil
	bond := try(h, "link add bond0 type bond") == nil
	tests := []struct {
		name, kind, is string
		here           bool
	}{
		{"eth1", "veth", "eth1", true},
		{"eth1.100", "veth", "eth1.100", true},
		{"mv0", "macvlan", "mv0", true},
		{"br0", "bridge", "br0", true},
		{"enp3s0f0npwithaverylongname", "veth", "eth1", true},
		{"eth1.7", "vlan", "eth1.7", vlan},
		{"bond0", "bond", "bond0", bond},
	}
	if vlan {
		ip(t, h, "link set eth1.7 up")
	}
	if bond {
		ip(t, h, "link add s0 type veth peer name s1", "link set s0 master bond0", "link set s0 up", "link set s1 up", "link set bond0 up")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.here {
				t.Skipf("this kernel has no %s interfaces", tt.kind)
			}
			s, err := read(h, tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if s.Kind != tt.kind || s.Interface.Name != tt.is || len(s.Addresses) != 0 {
				t.Errorf("%s of kind %s with %v, want %s of kind %s without addresses", s.Interface.Name, s.Kind, s.Addresses, tt.is, tt.kind)
			}
			if wantMaster := map[string]string{"eth1.100": "br0"}[tt.name]; s.Master != wantMaster {
				t.Errorf("master %q, want %q", s.Master, wantMaster)
			}
		})
	}
}

func TestReadSegmentErrors(t *testing.T) {
	tests := map[string]struct {
		commands   []string
		iface      string
		text, hint string
	}{
		"no such interface": {nil, "eth9", "no such interface: eth9", "interfaces here: eth1"},
		"name too long for any": {nil, strings.Repeat("x", 200), "no such interface: " + strings.Repeat("x", 200),
			"interfaces here: eth1"},
		"none but lo": {[]string{"link del eth1"}, "eth1", "no such interface: eth1", "there is no interface here but the loopback one"},
		"loopback":    {nil, "lo", "lo is the loopback interface: no other host is on it", "-i names the interface on the segment of the VIP"},
		"down":        {[]string{"link set eth1 down"}, "eth1", "eth1 is down", "ip link set dev eth1 up"},
		"no carrier": {[]string{"link add a0 type veth peer name b0", "link set a0 up"}, "a0", "a0 has no carrier: nothing is connected to it",
			"look at the cable, the switch port, or the other end: ip -details link show dev a0"},
		"NOARP": {[]string{"link set eth1 arp off"}, "eth1", "ARP is turned off on eth1 (NOARP)", "ip link set dev eth1 arp on"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := alone(t, nil)
			ip(t, h, tt.commands...)
			_, err := read(h, tt.iface)
			wantError(t, err, tt.text, tt.hint)
		})
	}
}

func TestReadSegmentNotEthernet(t *testing.T) {
	h := alone(t, nil)
	if err := try(h, "tuntap add dev tun0 mode tun"); err != nil {
		t.Skip("needs a tun device, which is root's alone in some containers:", err)
	}
	_, err := read(h, "tun0")
	wantError(t, err, "tun0 is not an Ethernet interface but of type none: there is no ARP on it",
		"-i names the interface on the segment of the VIP")
}

func TestRouteTo(t *testing.T) {
	h := alone(t, func(h *scenarios.HostSpec) {
		h.Loopback = []scenarios.AddressSpec{addr("192.168.1.98/32")}
		h.Routes = []scenarios.RouteSpec{{Destination: netip.MustParsePrefix("10.0.0.0/8"), Via: netip.MustParseAddr("192.168.1.1")}}
	})
	ip(t, h, "route add unreachable 172.16.0.0/24", "route add prohibit 172.16.1.0/24", "route add blackhole 172.16.2.0/24")
	route := func(to string) (r inspect.Route, err error) {
		err = inspect.InNetNS(h.NetNS(), func() error {
			r, err = inspect.RouteTo(netip.MustParseAddr(to))
			return err
		})
		return r, err
	}
	if r, err := route("192.168.1.99"); err != nil || r != (inspect.Route{Interface: "eth1"}) {
		t.Errorf("on the link: %+v, %v", r, err)
	}
	if r, err := route("10.1.2.3"); err != nil || r != (inspect.Route{Interface: "eth1", Gateway: netip.MustParseAddr("192.168.1.1")}) {
		t.Errorf("behind a gateway: %+v, %v", r, err)
	}
	const help = "name the interface on its segment with -i"
	_, err := route("192.168.1.98")
	wantError(t, err, "192.168.1.98 is an address of this very host, so its route names no segment", help)
	for _, to := range []string{"203.0.113.9", "172.16.0.9", "172.16.1.9", "172.16.2.9"} {
		_, err = route(to)
		wantError(t, err, "no route to "+to, help)
	}
}

// ip runs `ip` commands on the host.
func ip(t *testing.T, h *scenarios.Host, commands ...string) {
	t.Helper()
	for _, c := range commands {
		if err := try(h, c); err != nil {
			t.Fatal(err)
		}
	}
}

func try(h *scenarios.Host, command string) error {
	return h.Do(func() error {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, out)
		}
		return nil
	})
}
