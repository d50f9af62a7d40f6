package diagnose

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/arpcheck/arpcheck/kernel"
)

// A hypothesis is one configuration that a host may have: the settings in
// force on the interface that faces the segment, and where the VIP sits.
type hypothesis struct {
	Ignore   int // 0 stands for 0 and 4 to 7
	Announce int
	Place    placement
	NoARP    bool
	Filter   bool // arp_filter or rp_filter without a route back to senders off the subnet
	Echo     echoPolicy
	Forwards bool // ip_forward, without proxy_arp
	Proxy    bool // proxy_arp, forwarding, and a default route by another interface
	ForVIP   bool // of a proxy: the VIP alone is routed to by another interface
	Away     bool // with Filter: even to its own subnet the route leads by another interface, so who-has from there is dropped
	Further  bool // one more address, on an interface that does not face the segment
	Bits     int  // the mask of its own address; 0: that of the model network
}

// placement is where a host has the VIP.
type placement uint8

const (
	absent     placement = iota
	onLo                 // /32, scope global: `ip addr add VIP/32 dev lo`
	onLoHost             // /32, scope host
	onLoWide             // with the mask of the subnet
	onOther              // /32 on an interface that does not face the segment
	onNIC                // /32 on the interface that faces the segment
	onNICWide            // there, with the mask of the subnet
	onNICFirst           // likewise, and added before the host's own address
)

// holds reports whether the host has the VIP as an address of its own.
func (p placement) holds() bool { return p != absent }

// nic reports whether it has it on the interface that faces the segment.
func (p placement) nic() bool { return p >= onNIC }

// echoPolicy is what a host does about echo requests.
type echoPolicy uint8

const (
	echoes      echoPolicy = iota
	echoUnicast            // drop_unicast_in_l2_multicast: not those in broadcast frames
	echoNever              // icmp_echo_ignore_all, or a firewall
)

// The model network. What was seen is compared on these addresses, whatever
// the real ones are: only their relations decide (who is in whose subnet), so
// one grid of reactions serves all hosts and VIPs.
var (
	modelNet    = netip.MustParsePrefix("192.168.1.0/24")
	modelSecond = netip.MustParseAddr("192.168.1.40") // of another interface of the same host
	modelRIP    = netip.MustParseAddr("192.168.1.41")
	modelClient = netip.MustParseAddr("192.168.1.182") // any sender in the subnet
	modelUnused = netip.MustParseAddr("192.168.1.200") // an address that nobody has
	modelFar    = netip.MustParseAddr("198.51.100.7")  // any sender off the subnet
	modelElse   = netip.MustParseAddr("172.17.0.1")    // an address that a host may have on another interface
	modelVIPIn  = netip.MustParseAddr("192.168.1.99")
	modelVIPOut = netip.MustParseAddr("10.9.9.99")
	modelNIC    = "nic"

	// Where the mask of the host is not known: who is surely in its subnet,
	// and who may be. The wider the mask, the more of these are in: senders
	// closer than the VIP from /25 on, the VIP from /24, the others from /23.
	modelClose   = netip.MustParseAddr("192.168.1.50")
	modelNearer  = netip.MustParseAddr("192.168.1.70")
	modelVIPNear = netip.MustParseAddr("192.168.1.199")
	modelLikeVIP = netip.MustParseAddr("192.168.1.198") // in if and only if the VIP is
	modelFarther = netip.MustParseAddr("192.168.0.70")
)

// A grid is all hypotheses for a VIP inside or outside the subnet of the real
// server, with their reactions to each stimulus that was asked for so far.
type grid struct {
	vip    netip.Addr
	client netip.Addr // any sender in the subnet
	hyps   []hypothesis
	hosts  []kernel.Host

	mu        sync.Mutex
	reactions map[kernel.Stimulus][]kernel.Reaction

	once       sync.Once
	announcing []bool
	serving    []bool
}

var grids = [4]func() *grid{
	vipOutside: sync.OnceValue(func() *grid { return newGrid(modelVIPOut, modelClient) }),
	vipInside:  sync.OnceValue(func() *grid { return newGrid(modelVIPIn, modelClient) }),
	vipMaybe:   sync.OnceValue(func() *grid { return newGrid(modelVIPNear, modelClose, 26, 25, 24, 23) }),
	vipSurely:  sync.OnceValue(func() *grid { return newGrid(modelVIPIn, modelClient, 24, 23) }),
}

// A guess is what is known of the subnet of a host.
type guess uint8

// The guesses. Only a host that asks by itself knows its own mask.
const (
	vipOutside guess = iota
	vipInside
	vipMaybe  // the mask is not known, and the VIP may be inside
	vipSurely // the mask is not known, but the VIP is inside
)

// gridOf returns the grid for a guess.
func gridOf(g guess) *grid { return grids[g]() }

// gridFor returns the grid for a VIP that is inside the host's subnet or not.
func gridFor(inSubnet bool) *grid {
	if inSubnet {
		return gridOf(vipInside)
	}
	return gridOf(vipOutside)
}

// newGrid makes all hypotheses for a VIP and each of the masks.
func newGrid(vip, client netip.Addr, masks ...int) *grid {
	g := &grid{vip: vip, client: client, reactions: map[kernel.Stimulus][]kernel.Reaction{}}
	for _, place := range []placement{absent, onLo, onLoHost, onLoWide, onOther, onNIC, onNICWide, onNICFirst} {
		for _, ignore := range []int{0, 1, 2, 3, 8} {
			for _, announce := range []int{0, 1, 2} {
				// Without ARP nothing comes back, whatever else is set.
				g.hyps = append(g.hyps, hypothesis{Ignore: ignore, Announce: announce, Place: place, NoARP: true})
				for _, echo := range []echoPolicy{echoes, echoUnicast, echoNever} {
					for i := range 8 {
						g.hyps = append(g.hyps, hypothesis{Ignore: ignore, Announce: announce, Place: place, Echo: echo,
							Filter: i&1 != 0, Further: i&2 != 0, Proxy: i&4 != 0})
					}
				}
				for _, further := range []bool{false, true} {
					g.hyps = append(g.hyps, hypothesis{Ignore: ignore, Announce: announce, Place: place, Filter: true, Away: true, Further: further})
				}
				if place == absent {
					// It sends ICMP errors for what it cannot pass on, and asks
					// for whom they go to.
					for _, filter := range []bool{false, true} {
						g.hyps = append(g.hyps, hypothesis{Ignore: ignore, Announce: announce, Filter: filter, Forwards: true})
					}
					for i := range 4 {
						g.hyps = append(g.hyps, hypothesis{Ignore: ignore, Announce: announce,
							Filter: i&1 != 0, Further: i&2 != 0, Proxy: true, ForVIP: true})
					}
				}
			}
		}
	}
	if len(masks) > 0 {
		var all []hypothesis
		for _, bits := range masks {
			for _, h := range g.hyps {
				h.Bits = bits
				all = append(all, h)
			}
		}
		g.hyps = all
	}
	g.hosts = make([]kernel.Host, len(g.hyps))
	for i, h := range g.hyps {
		g.hosts[i] = h.host(vip)
	}
	return g
}

// host builds the configuration in the kernel's terms.
func (h hypothesis) host(vip netip.Addr) kernel.Host {
	bits := h.Bits
	if bits == 0 {
		bits = modelNet.Bits()
	}
	lo := kernel.Interface{Name: "lo", Loopback: true, Addresses: []kernel.Address{
		{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Scope: kernel.ScopeHost}}}
	nic := kernel.Interface{Name: modelNIC, NoARP: h.NoARP,
		Settings: kernel.Settings{ARPIgnore: h.Ignore, ARPAnnounce: h.Announce, ARPFilter: h.Filter, Forwarding: h.Forwards,
			DropUnicastInL2Multicast: h.Echo == echoUnicast},
		Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(modelRIP, bits)}}}
	other := kernel.Interface{Name: "other"}
	host := kernel.Host{IgnoreEcho: h.Echo == echoNever}

	if h.Further {
		other.Addresses = append(other.Addresses, kernel.Address{Prefix: netip.PrefixFrom(modelElse, 16)})
	}
	if h.Away { // first in the list of interfaces, and so the first route
		other.Addresses = append(other.Addresses, kernel.Address{Prefix: netip.PrefixFrom(modelSecond, bits)})
	}
	narrow := kernel.Address{Prefix: netip.PrefixFrom(vip, 32)}
	wide := kernel.Address{Prefix: netip.PrefixFrom(vip, bits), Secondary: netip.PrefixFrom(modelRIP, bits).Contains(vip)}
	switch h.Place {
	case onLo:
		lo.Addresses = append(lo.Addresses, narrow)
	case onLoHost:
		narrow.Scope = kernel.ScopeHost
		lo.Addresses = append(lo.Addresses, narrow)
	case onLoWide:
		wide.Secondary = false
		lo.Addresses = append(lo.Addresses, wide)
	case onOther:
		other.Addresses = append(other.Addresses, narrow)
	case onNIC:
		nic.Addresses = append(nic.Addresses, narrow)
	case onNICWide:
		nic.Addresses = append(nic.Addresses, wide)
	case onNICFirst:
		nic.Addresses[0].Secondary, wide.Secondary = wide.Secondary, false
		nic.Addresses = slices.Insert(nic.Addresses, 0, wide)
	}
	all := netip.MustParsePrefix("0.0.0.0/0")
	if h.Proxy {
		nic.Forwarding, nic.ProxyARP = true, true
		to := all
		if h.ForVIP {
			to = narrow.Prefix
		}
		host.Routes = append(host.Routes, kernel.Route{Destination: to, Dev: "other"})
	}
	if !h.Filter && (!h.Proxy || h.ForVIP) {
		host.Routes = append(host.Routes, kernel.Route{Destination: all, Dev: modelNIC, Via: netip.MustParseAddr("192.168.1.1")})
	}
	host.Interfaces = []kernel.Interface{lo, nic, other}
	if h.Away {
		host.Interfaces = []kernel.Interface{lo, other, nic}
	}
	return host
}

// react returns the reaction of every hypothesis, in the order of g.hyps: what
// leaves by the interface that was asked.
func (g *grid) react(s kernel.Stimulus) []kernel.Reaction {
	g.mu.Lock()
	defer g.mu.Unlock()
	if got, ok := g.reactions[s]; ok {
		return got
	}
	all := make([]kernel.Reaction, len(g.hosts))
	for i := range g.hosts {
		if r := g.hosts[i].React(s); r.Out == "" || r.Out == modelNIC {
			all[i] = r
		}
	}
	g.reactions[s] = all
	return all
}

// announcers reports for every hypothesis whether such a host uses the VIP as
// the sender of its who-has when it must find somebody in its subnet. It is
// arp_solicit alone that is asked: a host that ignores echo requests can be
// made to ask by other traffic.
func (g *grid) announcers() []bool {
	g.once.Do(g.work)
	return g.announcing
}

// servers reports for every hypothesis whether such a host can answer packets to
// the VIP from its subnet: it has the VIP, and a way back.
func (g *grid) servers() []bool {
	g.once.Do(g.work)
	return g.serving
}

// work finds out what hosts do whatever their policy on echo requests is.
func (g *grid) work() {
	g.announcing, g.serving = make([]bool, len(g.hyps)), make([]bool, len(g.hyps))
	for i, h := range g.hyps {
		h.Echo = echoes
		host := h.host(g.vip)
		ask := kernel.Stimulus{Kind: kernel.Echo, In: modelNIC, Sender: g.client, Target: g.vip}
		ask.Known = true
		g.serving[i] = host.React(ask).Reply != kernel.Silent
		ask.Known, h.Filter = false, false
		host = h.host(g.vip)
		r := host.React(ask)
		g.announcing[i] = r.Announces == g.vip && r.Out == modelNIC
	}
}
