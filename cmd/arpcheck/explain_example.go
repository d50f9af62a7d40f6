package main

import (
	"net/netip"

	"github.com/arpcheck/arpcheck/kernel"
)

// The hosts of the examples: a real server with its own address (RIP) on eth1,
// a second network on eth2, and a VIP.
var (
	exampleVIP  = netip.MustParseAddr("192.168.1.99")
	exampleRIP  = netip.MustParseAddr("192.168.1.41")
	exampleNear = netip.MustParseAddr("192.168.1.182")
	exampleIdle = netip.MustParseAddr("192.168.1.200") // nobody has it
	exampleFar  = netip.MustParseAddr("198.51.100.7")
	exampleBack = netip.MustParseAddr("10.0.0.7") // behind eth2
)

// example is a real server with the VIP on an interface, and a change to it.
func example(vip netip.Addr, bits int, on string, change func(*kernel.Host)) *kernel.Host {
	h := &kernel.Host{
		Interfaces: []kernel.Interface{
			{Name: "lo", Loopback: true},
			{Name: "eth1", Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(exampleRIP, 24)}}},
			{Name: "eth2", Addresses: []kernel.Address{{Prefix: netip.MustParsePrefix("10.0.0.41/24")}}},
		},
		Routes: []kernel.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth1", Via: netip.MustParseAddr("192.168.1.1")}},
	}
	if in := h.Interface(on); in != nil {
		in.Addresses = append(in.Addresses, kernel.Address{Prefix: netip.PrefixFrom(vip, bits)})
	}
	if change != nil {
		change(h)
	}
	return h
}

// ignoring is one with a value of arp_ignore.
func ignoring(v, bits int, on string) *kernel.Host {
	return example(exampleVIP, bits, on, func(h *kernel.Host) { h.All.ARPIgnore = v })
}

// byEth2 lets the way to everybody elsewhere leave by the other interface.
func byEth2(h *kernel.Host) {
	h.Routes = []kernel.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth2", Via: netip.MustParseAddr("10.0.0.1")}}
}

// What a reader can ask of such a host, answered by the model.

func asked(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target, Broadcast: true}))
}

func askedAlone(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target}))
}

// pinged is a ping from somebody whom the host knows.
func pinged(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: sender, Target: target, Known: true}))
}

func pingedUnknown(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: sender, Target: target}))
}

func announced(h *kernel.Host, vip netip.Addr) string {
	switch h.React(kernel.Stimulus{Kind: kernel.Echo, In: "eth1", Sender: exampleNear, Target: vip}).Announces {
	case vip:
		return "VIP"
	case exampleRIP:
		return "RIP"
	}
	return "-"
}

func reply(r kernel.Reaction) string {
	switch r.Reply {
	case kernel.AtOnce:
		return "answers"
	case kernel.Late:
		return "late"
	}
	return "-"
}
