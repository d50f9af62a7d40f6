package diagnose

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/arpcheck/arpcheck/kernel"
)

// node is a node of Kubernetes: each pod has a cable of its own and a host route,
// as with Calico, and each service an address on kube-ipvs0, which is down.
func node(pods, services int, change func(*Inspection)) (in *Inspection, vips []netip.Addr) {
	in = realServer(func(in *Inspection) {
		in.Interface("lo").Addresses = in.Interface("lo").Addresses[:1]
		ipvs := kernel.Interface{Name: "kube-ipvs0", Down: true, NoARP: true}
		in.Links["kube-ipvs0"] = Link{Holder: true, Kind: "dummy"}
		for i := range services {
			vip := netip.AddrFrom4([4]byte{10, 96, byte(i >> 8), byte(i)})
			vips = append(vips, vip)
			ipvs.Addresses = append(ipvs.Addresses, kernel.Address{Prefix: netip.PrefixFrom(vip, 32)})
		}
		for i := range pods {
			name := fmt.Sprintf("cali%d", i)
			in.Interfaces = append(in.Interfaces, kernel.Interface{Name: name, Settings: kernel.Settings{ProxyARP: true, Forwarding: true}})
			in.Links[name] = Link{Segment: true, Kind: "veth"}
			in.Routes = append(in.Routes, kernel.Route{Destination: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(i >> 8), byte(i)}), 32), Dev: name})
		}
		in.Interfaces = append(in.Interfaces, ipvs)
		in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2 // kube-proxy --ipvs-strict-arp
	})
	in.Boot = files(map[string]string{"all.arp_ignore": "1", "all.arp_announce": "2"})
	if change != nil {
		change(in)
	}
	return in, vips
}

var nodes = []struct {
	name   string
	change func(*Inspection)
}{
	{"right", nil},
	{"wrong", func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 0, 0 }},
	{"wrong for good", func(in *Inspection) {
		in.All.ARPIgnore, in.All.ARPAnnounce = 0, 0
		in.Boot = files(map[string]string{"all.rp_filter": "1"})
	}},
}

func BenchmarkInspect(b *testing.B) {
	for _, n := range nodes {
		in, vips := node(250, 1000, n.change)
		b.Run(n.name, func(b *testing.B) {
			for b.Loop() {
				Inspect(in, vips)
			}
		})
		b.Run(n.name+", script", func(b *testing.B) {
			for b.Loop() {
				Script(in, vips, "")
			}
		})
	}
}

// Each of them is judged as if it were alone.
func TestInspectMany(t *testing.T) {
	for _, n := range nodes {
		in, vips := node(20, 30, n.change)
		all := Inspect(in, vips)
		for i, vip := range vips {
			if got, want := fmt.Sprintf("%+v", all[i]), fmt.Sprintf("%+v", Inspect(in, []netip.Addr{vip})[0]); got != want {
				t.Errorf("%s: %s among others:\n%s\nalone:\n%s", n.name, vip, got, want)
			}
		}
	}
}

// A route to one host leads to that host, as each of Calico's does.
func TestAnnouncesToHostRoute(t *testing.T) {
	in := realServer(func(in *Inspection) {
		in.Interface("eth2").Addresses = nil
		in.All.ARPIgnore, in.Interface("eth1").ARPAnnounce = 1, 2
		in.Routes = append(in.Routes, kernel.Route{Destination: netip.MustParsePrefix("10.7.7.7/32"), Dev: "eth2"})
	})
	if got := Inspect(in, []netip.Addr{testVIP})[0].Interfaces[1]; got.Name != "eth2" || got.AnnouncesVIP != Yes {
		t.Errorf("%+v", got)
	}
}
