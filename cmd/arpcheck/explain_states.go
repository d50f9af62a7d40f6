package main

import (
	"fmt"

	"github.com/arpcheck/arpcheck/kernel"
)

func proxyTable(vs ...int) grid {
	with := func(v int) *kernel.Host {
		return example(exampleVIP, 32, "lo", func(h *kernel.Host) {
			h.Interface("eth1").Forwarding, h.All.ProxyARP, h.All.ARPIgnore = true, v != 0, 1
		})
	}
	return grid{"proxy_arp (forwarding on, arp_ignore 1)", values(vs), []gridRow{
		{"broadcast who-has for an address behind eth2", func(i int) string { return asked(with(vs[i]), exampleNear, exampleBack) }},
		{"the same, sent to this host alone", func(i int) string { return askedAlone(with(vs[i]), exampleNear, exampleBack) }},
		{"who-has VIP, which this host has on lo", func(i int) string { return asked(with(vs[i]), exampleNear, exampleVIP) }},
	}}
}

func notifyTable() grid {
	with := func(on string, v int) string {
		h := example(exampleVIP, 32, on, func(h *kernel.Host) { h.All.ARPNotify = v != 0 })
		for _, addr := range h.Gratuitous("eth1") {
			if addr == exampleVIP {
				return "sent"
			}
		}
		return "-"
	}
	return grid{"arp_notify: gratuitous ARP when eth1 comes up", values([]int{0, 1}), []gridRow{
		{"for a VIP on lo", func(i int) string { return with("lo", i) }},
		{"for a VIP on eth1", func(i int) string { return with("eth1", i) }},
	}}
}

func noARPTable() grid {
	with := func(i int) *kernel.Host {
		return example(exampleVIP, 32, "eth1", func(h *kernel.Host) { h.Interface("eth1").NoARP = i == 1 })
	}
	return grid{"", []string{"arp on", "arp off"}, []gridRow{
		{"who-has the host's own address", func(i int) string { return asked(with(i), exampleNear, exampleRIP) }},
		{"who-has a VIP on that interface", func(i int) string { return asked(with(i), exampleNear, exampleVIP) }},
		{"ping, no neighbour entry for the way back", func(i int) string { return pingedUnknown(with(i), exampleNear, exampleRIP) }},
		{"ping, with one that was made by hand", func(i int) string { return pinged(with(i), exampleNear, exampleRIP) }},
	}}
}

// reactions are the columns of a table of states: what a host in that state
// does.
func reactions(label string, h *kernel.Host) gridRow {
	return gridRow{label, func(i int) string {
		return []func() string{
			func() string { return asked(h, exampleNear, exampleVIP) },
			func() string { return asked(h, exampleNear, exampleRIP) },
			func() string { return announced(h, exampleVIP) },
		}[i]()
	}}
}

var reactionColumns = []string{"who-has VIP", "who-has RIP", "announces"}

func statesTable() grid {
	state := func(label string, change func(*kernel.Host)) gridRow {
		return reactions(label, example(exampleVIP, 32, "lo", change))
	}
	set := func(s *kernel.Settings, ignore, announce int) { s.ARPIgnore, s.ARPAnnounce = ignore, announce }
	return grid{"VIP/32 on lo; arp_ignore, arp_announce:", reactionColumns, []gridRow{
		state("nothing set", nil),
		state("1, 2 on lo only", func(h *kernel.Host) { set(&h.Interface("lo").Settings, 1, 2) }),
		state("3, 1 on all", func(h *kernel.Host) { set(&h.All, 3, 1) }),
		state("1, 2 on the NIC", func(h *kernel.Host) { set(&h.Interface("eth1").Settings, 1, 2) }),
		state("1, 2 on all", func(h *kernel.Host) { set(&h.All, 1, 2) }),
	}}
}

func silentTable() grid {
	state := func(label string, ignore int, noARP bool) gridRow {
		return reactions(label, example(exampleVIP, 32, "lo", func(h *kernel.Host) {
			h.All.ARPIgnore, h.All.ARPAnnounce, h.Interface("eth1").NoARP = ignore, 2, noARP
		}))
	}
	return grid{"VIP/32 on lo", reactionColumns, []gridRow{
		state("arp_ignore 1, as it should be", 1, false), state("arp_ignore 8", 8, false), state("arp_ignore 1, NOARP on the NIC", 1, true),
	}}
}

func placedTable() grid {
	vs := []int{0, 1, 2, 8}
	row := func(label string, bits int, on string) gridRow {
		return gridRow{label, func(i int) string {
			return asked(example(exampleVIP, bits, on, func(h *kernel.Host) { h.All.ARPIgnore = vs[i] }), exampleNear, exampleVIP)
		}}
	}
	return grid{"who-has VIP, by arp_ignore", values(vs), []gridRow{
		row("VIP/32 on lo", 32, "lo"), row("VIP/32 on the NIC", 32, "eth1"), row("VIP/24 on the NIC", 24, "eth1"),
	}}
}

func wideTable() grid {
	states := []struct{ bits, ignore int }{{32, 0}, {24, 0}, {24, 1}}
	with := func(i int) *kernel.Host {
		return example(exampleVIP, states[i].bits, "lo", func(h *kernel.Host) { h.All.ARPIgnore = states[i].ignore })
	}
	var cols []string
	for _, s := range states {
		cols = append(cols, fmt.Sprintf("VIP/%d, %d", s.bits, s.ignore))
	}
	return grid{"VIP on lo, arp_ignore", cols, []gridRow{
		{"who-has VIP", func(i int) string { return asked(with(i), exampleNear, exampleVIP) }},
		{"who-has an address that nobody has", func(i int) string { return asked(with(i), exampleNear, exampleIdle) }},
		{"ping from a neighbour", func(i int) string { return pinged(with(i), exampleNear, exampleRIP) }},
	}}
}

func directorTable() grid {
	vs := []int{0, 1, 2, 8}
	row := func(label, on string) gridRow {
		return gridRow{label, func(i int) string {
			return asked(example(exampleVIP, 32, on, func(h *kernel.Host) { h.All.ARPIgnore = vs[i] }), exampleNear, exampleVIP)
		}}
	}
	return grid{"who-has VIP, by arp_ignore", values(vs), []gridRow{row("VIP on the NIC, as it should be", "eth1"), row("VIP on lo", "lo")}}
}

func missingTable() grid {
	has := []string{"lo", ""}
	return grid{"", []string{"has the VIP", "has it not"}, []gridRow{
		{"ping of the VIP", func(i int) string { return pinged(example(exampleVIP, 32, has[i], nil), exampleNear, exampleVIP) }},
	}}
}
