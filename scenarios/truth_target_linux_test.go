package scenarios_test

import (
	"errors"
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
	now   config              // what is configured
	stale bool                // the neighbour cache holds what was learned
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
			{Name: "eth3", Segment: "lan"},
		}},
	}}
}

func startTarget(t *testing.T) (*driver, *target) {
	t.Helper()
	lab := scenarios.Start(t, topology())
	if os.Getenv(truthLinks) != "" {
		if err := errors.Join(overVLAN(lab.Host("driver"), "eth1"), overVLAN(lab.Host("target"), "eth1", "eth3"), realDummy(lab.Host("target"))); err != nil {
			t.Fatal(err)
		}
	}
	g := &target{host: lab.Host("target"), links: map[string]netlink.Link{}, files: map[string]*os.File{}}
	g.now.Host = plain()
	if err := g.host.SetUp("eth3", false); err != nil {
		t.Fatal(err)
	}
	err := g.host.Do(func() (err error) {
		if g.nl, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return err
		}
		for _, in := range g.now.Interfaces {
			if g.links[in.Name], err = g.nl.LinkByName(in.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = g.prepare()
	}
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

// The settings of net.ipv4.conf that a configuration has.
var confs = []struct {
	name string
	of   func(s *kernel.Settings) int
}{
	{"arp_ignore", func(s *kernel.Settings) int { return s.ARPIgnore }},
	{"arp_announce", func(s *kernel.Settings) int { return s.ARPAnnounce }},
	{"rp_filter", func(s *kernel.Settings) int { return s.RPFilter }},
	{"arp_filter", func(s *kernel.Settings) int { return flag(s.ARPFilter) }},
	{"proxy_arp", func(s *kernel.Settings) int { return flag(s.ProxyARP) }},
	{"proxy_arp_pvlan", func(s *kernel.Settings) int { return flag(s.ProxyPVLAN) }},
	{"forwarding", func(s *kernel.Settings) int { return flag(s.Forwarding) }},
	{"accept_local", func(s *kernel.Settings) int { return flag(s.AcceptLocal) }},
	{"drop_unicast_in_l2_multicast", func(s *kernel.Settings) int { return flag(s.DropUnicastInL2Multicast) }},
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// never is a proxy_delay, in hundredths of a second, of which a random part
// will not be over before the walk is.
const never = 100_000_000

// write sets a sysctl of net.ipv4, without opening it each time.
func (g *target) write(name string, value int) error {
	path := "/proc/sys/net/ipv4/" + name
	f := g.files[name]
	if f == nil {
		if err := g.host.Do(func() (err error) {
			f, err = os.OpenFile(path, os.O_WRONLY, 0)
			return err
		}); err != nil {
			return err
		}
		g.files[name] = f
	}
	var buf [12]byte
	if _, err := unix.Pwrite(int(f.Fd()), strconv.AppendInt(buf[:0], int64(value), 10), 0); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// prepare writes what no configuration changes, and what the walk starts with.
func (g *target) prepare() error {
	for name, value := range map[string]int{
		// A host that forwards sends ICMP errors, and the kernel only so many.
		"icmp_ratelimit":       0,
		"ip_forward":           0,
		"icmp_echo_ignore_all": 0,
	} {
		if err := g.write(name, value); err != nil {
			return err
		}
	}
	// Where namespaces have limits of their own, which older kernels have not.
	if err := g.write("icmp_msgs_per_sec", 1_000_000); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := g.write("icmp_msgs_burst", 1_000_000); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, dev := range []string{"eth1", "eth3"} {
		// What a proxy says late it says at once, or the walk would take
		// hours; and what it never says need not be kept.
		if err := errors.Join(g.write("neigh/"+dev+"/proxy_delay", 0), g.write("neigh/"+dev+"/proxy_qlen", 0)); err != nil {
			return err
		}
	}
	return nil
}

// become gives the target another configuration, with nothing in its neighbour
// caches that matters.
func (g *target) become(c config) error {
	if g.stale || g.moves(&c.Host) {
		// First, for packets that still wait for an answer make errors now
		// (arp_error_report), and their senders are to be found where they were.
		if err := g.forget(); err != nil {
			return err
		}
	}
	if g.moves(&c.Host) {
		if err := g.move(&c.Host); err != nil {
			return err
		}
	}
	if err := g.configure("all", &g.now.All, &c.All); err != nil {
		return err
	}
	for i := range c.Interfaces {
		was, in := &g.now.Interfaces[i], &c.Interfaces[i]
		if err := g.configure(in.Name, &was.Settings, &in.Settings); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		name    string
		was, is int
	}{
		{"icmp_echo_ignore_all", flag(g.now.IgnoreEcho), flag(c.IgnoreEcho)},
		{"neigh/eth1/proxy_delay", flag(g.now.later) * never, flag(c.later) * never},
		{"neigh/eth3/proxy_delay", flag(g.now.later) * never, flag(c.later) * never},
	} {
		if s.was != s.is {
			if err := g.write(s.name, s.is); err != nil {
				return err
			}
		}
	}
	g.now = c
	return nil
}

// forget empties the neighbour caches, but for the fence's entry.
func (g *target) forget() error {
	g.stale = false
	all, err := g.nl.NeighList(0, unix.AF_INET)
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	for _, n := range all {
		if n.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
			continue
		}
		// ENOENT: it went by itself in between.
		if err := g.nl.NeighDel(&n); err != nil && err != unix.ENOENT {
			return fmt.Errorf("forget neighbour %s: %w", n.IP, err)
		}
	}
	return nil
}

func (g *target) configure(name string, was, is *kernel.Settings) error {
	if *was == *is {
		return nil
	}
	for _, s := range confs {
		if v := s.of(is); v != s.of(was) {
			if err := g.write("conf/"+name+"/"+s.name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// moves reports whether a host differs in more than its settings.
func (g *target) moves(h *kernel.Host) bool {
	same := slices.Equal(g.now.Routes, h.Routes)
	for i := range h.Interfaces {
		was, in := &g.now.Interfaces[i], &h.Interfaces[i]
		same = same && slices.Equal(was.Addresses, in.Addresses) && slices.Equal(was.Proxied, in.Proxied) && was.NoARP == in.NoARP && was.Down == in.Down
	}
	return !same
}

// move changes addresses, routes, proxy entries and what is up.
func (g *target) move(h *kernel.Host) error {
	// Addresses go last: an interface that loses its last one loses its routes
	// and proxy entries (fib_disable_ip). They come after the routes: a wide
	// mask on lo makes the gateway unreachable for who adds a route later.
	if err := errors.Join(g.proxied(&g.now.Host, g.nl.NeighDel), g.routes(g.now.Routes, g.nl.RouteDel)); err != nil {
		return err
	}
	if err := g.further(&g.now.Host, true); err != nil {
		return err
	}
	if second(&g.now.Host) {
		if err := g.address(g.nl.AddrAdd, "eth1", ownOf("eth1")); err != nil {
			return err
		}
	}
	// This, too, costs an interface without carrier its proxy entries.
	for i, in := range h.Interfaces {
		if in.NoARP != g.now.Interfaces[i].NoARP {
			if err := g.host.SetARP(in.Name, !in.NoARP); err != nil {
				return err
			}
		}
	}
	if flux(&g.now.Host) != flux(h) {
		if err := g.host.SetUp("eth3", flux(h)); err != nil {
			return err
		}
	}
	for i, in := range h.Interfaces {
		if in.Down != g.now.Interfaces[i].Down {
			if err := g.host.SetUp(in.Name, !in.Down); err != nil {
				return err
			}
		}
	}
	if second(h) {
		// Without an address there is no way to the gateway.
		return errors.Join(g.address(g.nl.AddrDel, "eth1", ownOf("eth1")), g.further(h, false), g.routes(h.Routes, g.nl.RouteAdd), g.proxied(h, g.nl.NeighAdd))
	}
	if err := g.routes(h.Routes, g.nl.RouteAdd); err != nil {
		return err
	}
	return errors.Join(g.further(h, false), g.proxied(h, g.nl.NeighAdd))
}

// further adds each address that plain does not have, in their order, or
// deletes them in the opposite one: a primary takes its secondaries along.
func (g *target) further(h *kernel.Host, del bool) error {
	base := plain()
	for i, in := range h.Interfaces {
		addrs := slices.Clone(in.Addresses)
		do := g.nl.AddrAdd
		if del {
			slices.Reverse(addrs)
			do = g.nl.AddrDel
		}
		for _, a := range addrs {
			if slices.Contains(base.Interfaces[i].Addresses, a) && !(in.Name == "eth1" && second(h)) {
				continue
			}
			if err := g.address(do, in.Name, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *target) address(do func(netlink.Link, *netlink.Addr) error, dev string, a kernel.Address) error {
	scope := []netlink.Scope{netlink.SCOPE_UNIVERSE, netlink.SCOPE_LINK, netlink.SCOPE_HOST}[a.Scope]
	if err := do(g.links[dev], &netlink.Addr{IPNet: ipNet(a.Prefix), Scope: int(scope)}); err != nil {
		return fmt.Errorf("address %s on %s: %w", a.Prefix, dev, err)
	}
	return nil
}

// ownOf is the address that plain has on an interface.
func ownOf(dev string) kernel.Address {
	h := plain()
	return h.Interface(dev).Addresses[0]
}

// second reports whether another address comes before the host's own.
func second(h *kernel.Host) bool { return h.Interface("eth1").Addresses[0] != ownOf("eth1") }

func (g *target) routes(all []kernel.Route, do func(*netlink.Route) error) error {
	for _, r := range all {
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

func (g *target) proxied(h *kernel.Host, do func(*netlink.Neigh) error) error {
	for _, in := range h.Interfaces {
		for _, a := range in.Proxied {
			if err := do(&netlink.Neigh{LinkIndex: g.links[in.Name].Attrs().Index, Family: unix.AF_INET,
				Flags: netlink.NTF_PROXY, IP: a.AsSlice()}); err != nil {
				return fmt.Errorf("proxy entry %s on %s: %w", a, in.Name, err)
			}
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}
