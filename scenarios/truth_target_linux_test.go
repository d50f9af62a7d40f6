package scenarios_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/kernel"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A target is a real host that takes on one configuration after the other, by
// writing sysctls, addresses and routes: no process, no new namespace.
type target struct {
	host  *scenarios.Host
	nl    *netlink.Handle
	links map[string]netlink.Link

	files map[string]*os.File // open sysctls: one opened inside the namespace stays the namespace's
	wrote map[string]string
	now   kernel.Host // what is configured
}

// topology is a driver and its target, with one cable for the stimuli and one
// for the fence. The driver has no address on the first: its kernel must not
// react to anything.
func topology() scenarios.Topology {
	return scenarios.Topology{Hosts: []scenarios.HostSpec{
		{Name: "driver", Interfaces: []scenarios.InterfaceSpec{
			{Name: "eth1", Segment: "lan"},
			{Name: "eth2", Segment: "fence"},
		}},
		{Name: "target", Interfaces: []scenarios.InterfaceSpec{
			{Name: "eth1", Segment: "lan", Addresses: []scenarios.AddressSpec{{Prefix: truthRIP}}},
			{Name: "eth2", Segment: "fence", Addresses: []scenarios.AddressSpec{{Prefix: netip.PrefixFrom(fenceTarget, 24)}}},
			{Name: "other", Kind: scenarios.Dummy},
		}},
	}}
}

func startTarget(t *testing.T) (*driver, *target) {
	t.Helper()
	lab := scenarios.Start(t, topology())
	g := &target{host: lab.Host("target"), links: map[string]netlink.Link{}, files: map[string]*os.File{}, wrote: map[string]string{}}
	g.now = plain()
	err := g.host.Do(func() (err error) {
		if g.nl, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return err
		}
		for _, in := range g.now.Interfaces {
			if g.links[in.Name], err = g.nl.LinkByName(in.Name); err != nil {
				return err
			}
		}
		return g.openSysctls()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.nl.Close)
	var d *driver
	if err := lab.Host("driver").Do(func() (err error) {
		d, err = openDriver()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	if err := g.nl.NeighSet(&netlink.Neigh{
		LinkIndex: g.links["eth2"].Attrs().Index, Family: unix.AF_INET, State: netlink.NUD_PERMANENT,
		IP: fenceAsker.AsSlice(), HardwareAddr: d.eth2.HardwareAddr,
	}); err != nil {
		t.Fatal("the fence's neighbour entry:", err)
	}
	return d, g
}

// openSysctls opens all settings that sysctls can name.
func (g *target) openSysctls() error {
	for path := range sysctls(g.now) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		g.files[path] = f
	}
	return nil
}

// sysctls puts the settings of a host into the terms of /proc/sys.
func sysctls(h kernel.Host) map[string]string {
	all := map[string]string{
		"/proc/sys/net/ipv4/ip_forward": flag(h.Forwarding),
		// What a proxy says late it says at once, or the walk would take hours.
		"/proc/sys/net/ipv4/neigh/eth1/proxy_delay": "0",
		// A host that forwards sends ICMP errors, and the kernel only so many.
		"/proc/sys/net/ipv4/icmp_ratelimit": "0",
	}
	add := func(name string, s kernel.Settings) {
		for key, value := range map[string]string{
			"arp_ignore":                   strconv.Itoa(s.ARPIgnore),
			"arp_announce":                 strconv.Itoa(s.ARPAnnounce),
			"rp_filter":                    strconv.Itoa(s.RPFilter),
			"arp_filter":                   flag(s.ARPFilter),
			"proxy_arp":                    flag(s.ProxyARP),
			"proxy_arp_pvlan":              flag(s.ProxyPVLAN),
			"accept_local":                 flag(s.AcceptLocal),
			"drop_unicast_in_l2_multicast": flag(s.DropUnicastInL2Multicast),
		} {
			all["/proc/sys/net/ipv4/conf/"+name+"/"+key] = value
		}
	}
	add("all", h.All)
	for _, in := range h.Interfaces {
		add(in.Name, in.Settings)
	}
	return all
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// become gives the target another configuration and an empty neighbour cache
// on eth1, so that every source is unknown again.
func (g *target) become(h kernel.Host) error {
	// Further addresses go before the routes change and come after: a wide
	// mask on lo makes the gateway unreachable for who adds a route later.
	if err := g.further(g.now, g.nl.AddrDel); err != nil {
		return err
	}
	if err := g.route(h.Routes); err != nil {
		return err
	}
	if err := g.further(h, g.nl.AddrAdd); err != nil {
		return err
	}
	for path, value := range sysctls(h) {
		if g.wrote[path] == value {
			continue
		}
		if _, err := unix.Pwrite(int(g.files[path].Fd()), []byte(value), 0); err != nil {
			return &os.PathError{Op: "write", Path: path, Err: err}
		}
		g.wrote[path] = value
	}
	for i, in := range h.Interfaces {
		if err := g.proxied(in.Name, g.now.Interfaces[i].Proxied, in.Proxied); err != nil {
			return err
		}
		if in.NoARP != g.now.Interfaces[i].NoARP {
			if err := g.host.SetARP(in.Name, !in.NoARP); err != nil {
				return err
			}
		}
	}
	g.now = h
	return g.host.FlushNeighbours("eth1")
}

// further applies do to each address that plain does not have.
func (g *target) further(h kernel.Host, do func(netlink.Link, *netlink.Addr) error) error {
	base := plain()
	for i, in := range h.Interfaces {
		for _, a := range in.Addresses[len(base.Interfaces[i].Addresses):] {
			scope := []netlink.Scope{netlink.SCOPE_UNIVERSE, netlink.SCOPE_LINK, netlink.SCOPE_HOST}[a.Scope]
			if err := do(g.links[in.Name], &netlink.Addr{IPNet: ipNet(a.Prefix), Scope: int(scope)}); err != nil {
				return fmt.Errorf("address %s on %s: %w", a.Prefix, in.Name, err)
			}
		}
	}
	return nil
}

func (g *target) route(want []kernel.Route) error {
	change := func(from, to []kernel.Route, do func(*netlink.Route) error) error {
		for _, r := range to {
			if slices.Contains(from, r) {
				continue
			}
			route := &netlink.Route{Dst: ipNet(r.Destination), LinkIndex: g.links[r.Dev].Attrs().Index, Scope: netlink.SCOPE_LINK}
			if r.Via.IsValid() {
				route.Gw, route.Scope = r.Via.AsSlice(), netlink.SCOPE_UNIVERSE
			}
			if err := do(route); err != nil {
				return fmt.Errorf("route %v: %w", r, err)
			}
		}
		return nil
	}
	if err := change(want, g.now.Routes, g.nl.RouteDel); err != nil {
		return err
	}
	return change(g.now.Routes, want, g.nl.RouteAdd)
}

func (g *target) proxied(dev string, from, to []netip.Addr) error {
	change := func(from, to []netip.Addr, do func(*netlink.Neigh) error) error {
		for _, a := range to {
			if slices.Contains(from, a) {
				continue
			}
			if err := do(&netlink.Neigh{LinkIndex: g.links[dev].Attrs().Index, Family: unix.AF_INET,
				Flags: netlink.NTF_PROXY, IP: a.AsSlice()}); err != nil {
				return fmt.Errorf("proxy entry %s on %s: %w", a, dev, err)
			}
		}
		return nil
	}
	if err := change(to, from, g.nl.NeighDel); err != nil {
		return err
	}
	return change(from, to, g.nl.NeighAdd)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}
