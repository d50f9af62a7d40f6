package scenarios_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// A config is one configuration of the target, with the VIP that it is about.
type config struct {
	kernel.Host
	vip   netip.Addr
	place string

	// later gives proxies a delay that no walk lives to see the end of. So
	// what is answered at once still is, and what is answered late is not.
	later bool
}

// The addresses of the target and of those who ask it.
var (
	truthRIP     = netip.MustParsePrefix("192.168.1.41/24")
	truthSecond  = netip.MustParsePrefix("192.168.1.42/24") // of eth3, which is on the same segment
	truthIn      = netip.MustParseAddr("192.168.1.99")      // a VIP in the subnet of the RIP
	truthOut     = netip.MustParseAddr("10.9.9.99")         // a VIP outside
	truthClient  = netip.MustParseAddr("192.168.1.182")
	truthUnused  = netip.MustParseAddr("192.168.1.150")
	truthGateway = netip.MustParseAddr("192.168.1.1")
	truthFar     = netip.MustParseAddr("198.51.100.7")
	truthNear    = netip.MustParseAddr("10.9.9.7") // in the subnet of a wide truthOut
	truthVIPs    = []netip.Addr{truthIn, truthOut}

	anywhere = netip.MustParsePrefix("0.0.0.0/0")
)

// plain is how the target starts: no VIP, all settings at their defaults, and
// eth3 down.
func plain() kernel.Host {
	return kernel.Host{Interfaces: []kernel.Interface{
		{Name: "lo", Loopback: true, Addresses: []kernel.Address{{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Scope: kernel.ScopeHost}}},
		{Name: "eth1", Addresses: []kernel.Address{{Prefix: truthRIP}}},
		{Name: "eth2", Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(fenceTarget, 24)}}},
		{Name: "other"},
		{Name: "eth3"},
	}}
}

// Most configurations have a default route by a gateway of the segment.
var gateway = kernel.Route{Destination: anywhere, Dev: "eth1", Via: truthGateway}

// The places that a VIP can have, by the name of the interface.
var places = []string{
	"absent",
	"lo/32", "lo/32 host", "lo/32 link", "lo/24",
	"other/32", "other/24", "other/32 host",
	"eth1/32", "eth1/24", "eth1/32 host", "eth1/32 link",
	"routed", // absent, with a route to it by the other interface
}

// fluxPlaces are those of a target that has two interfaces on the segment.
var fluxPlaces = append(places[:len(places):len(places)], "eth3/32", "eth3/24")

// twin is the target with two interfaces on the segment, in one subnet.
func twin() kernel.Host {
	h := plain()
	h.Interface("eth3").Addresses = []kernel.Address{{Prefix: truthSecond}}
	return h
}

// placed is a configuration with the VIP in one of the places.
func placed(h kernel.Host, vip netip.Addr, place string) config {
	c := config{Host: h, vip: vip, place: place}
	where, scope, _ := strings.Cut(place, " ")
	dev, bits, _ := strings.Cut(where, "/")
	switch place {
	case "absent":
	case "routed":
		c.Routes = append(c.Routes, kernel.Route{Destination: netip.PrefixFrom(vip, 32), Dev: "other"})
	default:
		c.add(dev, kernel.Address{
			Prefix: netip.PrefixFrom(vip, map[string]int{"32": 32, "24": 24}[bits]),
			Scope:  map[string]kernel.Scope{"host": kernel.ScopeHost, "link": kernel.ScopeLink}[scope],
		})
	}
	if scope == "first" {
		in := c.Interface(dev)
		own := in.Addresses[0]
		in.Addresses = nil
		c.add(dev, kernel.Address{Prefix: netip.PrefixFrom(vip, 24)})
		c.add(dev, own)
	}
	return c
}

// forward lets each interface forward, as ip_forward does.
func (c *config) forward() {
	for i := range c.Interfaces {
		c.Interfaces[i].Forwarding = true
	}
}

// flux reports whether eth3 is up.
func flux(h *kernel.Host) bool { return len(h.Interface("eth3").Addresses) > 0 }

// add gives an interface a further address, if the kernel would take it, at
// the place in the list where it would put it: __inet_insert_ifa.
func (c *config) add(dev string, a kernel.Address) {
	in := c.Interface(dev)
	at := 0 // behind the last primary address of its scope or a narrower one
	for i, b := range in.Addresses {
		if !b.Secondary && a.Scope <= b.Scope {
			at = i + 1
		}
		if a.Masked() == b.Masked() {
			if a.Addr() == b.Addr() || a.Scope != b.Scope {
				return // EEXIST, EINVAL
			}
			a.Secondary = true
		}
	}
	if a.Secondary {
		at = len(in.Addresses)
	}
	in.Addresses = slices.Insert(in.Addresses, at, a)
}

// String says what differs from the defaults.
func (c config) String() string {
	text := []string{fmt.Sprintf("VIP %s: %s", c.vip, c.place)}
	say := func(of string, s kernel.Settings) {
		for _, conf := range confs {
			if v := conf.of(&s); v != 0 {
				text = append(text, fmt.Sprintf("%s.%s=%d", of, conf.name, v))
			}
		}
	}
	say("all", c.All)
	base := plain()
	for i, in := range c.Interfaces {
		say(in.Name, in.Settings)
		for _, a := range in.Addresses {
			if !slices.Contains(base.Interfaces[i].Addresses, a) {
				text = append(text, fmt.Sprintf("%s has %s scope %s", in.Name, a.Prefix, a.Scope))
			}
		}
		if in.Down {
			text = append(text, in.Name+" down")
		}
		if in.NoARP {
			text = append(text, in.Name+" NOARP")
		}
		if len(in.Proxied) > 0 {
			text = append(text, fmt.Sprintf("%s proxy entries %v", in.Name, in.Proxied))
		}
	}
	for _, is := range []struct {
		so   bool
		text string
	}{
		{c.IgnoreEcho, "icmp_echo_ignore_all"}, {c.later, "a long proxy_delay"},
	} {
		if is.so {
			text = append(text, is.text)
		}
	}
	for _, r := range c.Routes {
		text = append(text, fmt.Sprintf("route %s dev %s", r.Destination, r.Dev))
	}
	return strings.Join(text, "; ")
}
