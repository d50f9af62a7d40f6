package main

import (
	"fmt"
	"net/netip"
	"strings"

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

// What a reader can ask of such a host, answered by the model.

func asked(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target, Broadcast: true}))
}

func askedAlone(h *kernel.Host, sender, target netip.Addr) string {
	return reply(h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: sender, Target: target}))
}

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
	return map[kernel.Reply]string{kernel.Silent: "-", kernel.AtOnce: "answers", kernel.Late: "late"}[r.Reply]
}

// A grid is a table of the examples: a heading, the columns, and for each row
// what the model makes of each column.
type grid struct {
	head string
	cols []string
	rows []gridRow
}

type gridRow struct {
	label string
	cell  func(col int) string
}

func (g grid) String() string {
	var b strings.Builder
	line := func(label string, cell func(i int) string) {
		text := fmt.Sprintf("  %-*s", g.labels(), label)
		for i, col := range g.cols {
			text += fmt.Sprintf("  %-*s", max(7, len(col)), cell(i))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line(g.head, func(i int) string { return g.cols[i] })
	for _, r := range g.rows {
		line(r.label, r.cell)
	}
	return b.String()
}

// labels is the width of the first column.
func (g grid) labels() int {
	width := len(g.head)
	for _, r := range g.rows {
		width = max(width, len(r.label))
	}
	return width
}

// values are the columns for values of a sysctl.
func values(vs []int) (cols []string) {
	for _, v := range vs {
		cols = append(cols, fmt.Sprint(v))
	}
	return cols
}

func ignoreTable(vs ...int) grid {
	with := func(on string, scope kernel.Scope, v int) *kernel.Host {
		return example(exampleVIP, 32, on, func(h *kernel.Host) {
			h.All.ARPIgnore = v
			in := h.Interface(on)
			in.Addresses[len(in.Addresses)-1].Scope = scope
		})
	}
	return grid{"arp_ignore", values(vs), []gridRow{
		{"who-has VIP, VIP/32 on lo", func(i int) string { return asked(with("lo", kernel.ScopeGlobal, vs[i]), exampleNear, exampleVIP) }},
		{"the same, VIP with scope host", func(i int) string { return asked(with("lo", kernel.ScopeHost, vs[i]), exampleNear, exampleVIP) }},
		{"who-has VIP, VIP/32 on the NIC", func(i int) string {
			return asked(with("eth1", kernel.ScopeGlobal, vs[i]), exampleNear, exampleVIP)
		}},
		{"who-has the host's own address", func(i int) string {
			return asked(with("lo", kernel.ScopeGlobal, vs[i]), exampleNear, exampleRIP)
		}},
		{"the same, sender off the subnet", func(i int) string { return asked(with("lo", kernel.ScopeGlobal, vs[i]), exampleFar, exampleRIP) }},
	}}
}

func announceTable(vs ...int) grid {
	outside := netip.MustParseAddr("203.0.113.99")
	with := func(vip netip.Addr, v int) string {
		return announced(example(vip, 32, "lo", func(h *kernel.Host) { h.All.ARPAnnounce = v }), vip)
	}
	return grid{"arp_announce: sender when it answers from the VIP", values(vs), []gridRow{
		{"VIP in the subnet of the host's own address (RIP)", func(i int) string { return with(exampleVIP, vs[i]) }},
		{"VIP outside of it", func(i int) string { return with(outside, vs[i]) }},
	}}
}

// byEth2 lets the way to everybody elsewhere leave by the other interface.
func byEth2(h *kernel.Host) {
	h.Routes = []kernel.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth2", Via: netip.MustParseAddr("10.0.0.1")}}
}

func filterTable(vs ...int) grid {
	with := func(v int) *kernel.Host {
		return example(exampleVIP, 32, "lo", func(h *kernel.Host) { byEth2(h); h.All.ARPFilter = v != 0 })
	}
	return grid{"arp_filter (VIP on lo, arp_ignore 0)", values(vs), []gridRow{
		{"who-has VIP, sender on the subnet", func(i int) string { return asked(with(vs[i]), exampleNear, exampleVIP) }},
		{"sender elsewhere, way back by eth2", func(i int) string { return asked(with(vs[i]), exampleFar, exampleVIP) }},
		{"ARP probe, sender 0.0.0.0", func(i int) string { return asked(with(vs[i]), netip.IPv4Unspecified(), exampleVIP) }},
	}}
}

func rpFilterTable(vs ...int) grid {
	with := func(back func(*kernel.Host), v int) *kernel.Host {
		return example(exampleVIP, 32, "lo", func(h *kernel.Host) {
			if back != nil {
				back(h)
			}
			h.All.RPFilter = v
		})
	}
	return grid{"rp_filter (all comes in by eth1)", values(vs), []gridRow{
		{"ping of the VIP, sender on the subnet", func(i int) string { return pinged(with(nil, vs[i]), exampleNear, exampleVIP) }},
		{"sender elsewhere, way back by eth1", func(i int) string { return pinged(with(nil, vs[i]), exampleFar, exampleVIP) }},
		{"sender elsewhere, way back by eth2", func(i int) string { return pinged(with(byEth2, vs[i]), exampleFar, exampleVIP) }},
		{"who-has VIP from that sender", func(i int) string { return asked(with(byEth2, vs[i]), exampleFar, exampleVIP) }},
	}}
}
