package main

import (
	"fmt"
	"strconv"

	"github.com/arpcheck/arpcheck/kernel"
)

// reactions is a row of a table of states: what a host in that state does.
func reactions(label string, change func(*kernel.Host)) []string {
	h := example(exampleVIP, 32, "lo", change)
	return []string{label, asked(h, exampleNear, exampleVIP), asked(h, exampleNear, exampleRIP), announced(h, exampleVIP)}
}

func statesTable() grid {
	set := func(s *kernel.Settings, ignore, announce int) { s.ARPIgnore, s.ARPAnnounce = ignore, announce }
	return grid{
		{"VIP/32 on lo; arp_ignore, arp_announce:", "who-has VIP", "who-has RIP", "announces"},
		reactions("nothing set", nil),
		reactions("1, 2 on lo only", func(h *kernel.Host) { set(&h.Interface("lo").Settings, 1, 2) }),
		reactions("3, 1 on all", func(h *kernel.Host) { set(&h.All, 3, 1) }),
		reactions("1, 2 on the NIC", func(h *kernel.Host) { set(&h.Interface("eth1").Settings, 1, 2) }),
		reactions("1, 2 on all", func(h *kernel.Host) { set(&h.All, 1, 2) }),
	}
}

func silentTable() grid {
	set := func(ignore int, noARP bool) func(*kernel.Host) {
		return func(h *kernel.Host) {
			h.All.ARPIgnore, h.All.ARPAnnounce, h.Interface("eth1").NoARP = ignore, 2, noARP
		}
	}
	return grid{
		{"VIP/32 on lo", "who-has VIP", "who-has RIP", "announces"},
		reactions("arp_ignore 1, as it should be", set(1, false)),
		reactions("arp_ignore 8", set(8, false)),
		reactions("arp_ignore 1, NOARP on the NIC", set(1, true)),
	}
}

func placedTable() grid {
	g := rows("who-has VIP, by arp_ignore", "VIP/32 on lo", "VIP/32 on the NIC", "VIP/24 on the NIC")
	for _, v := range []int{0, 1, 2, 8} {
		g.column(strconv.Itoa(v), asked(ignoring(v, 32, "lo"), exampleNear, exampleVIP),
			asked(ignoring(v, 32, "eth1"), exampleNear, exampleVIP), asked(ignoring(v, 24, "eth1"), exampleNear, exampleVIP))
	}
	return g
}

func directorTable() grid {
	g := rows("who-has VIP, by arp_ignore", "VIP on the NIC, as it should be", "VIP on lo")
	for _, v := range []int{0, 1, 2, 8} {
		g.column(strconv.Itoa(v), asked(ignoring(v, 32, "eth1"), exampleNear, exampleVIP), asked(ignoring(v, 32, "lo"), exampleNear, exampleVIP))
	}
	return g
}

func wideTable() grid {
	g := rows("VIP on lo, arp_ignore", "who-has VIP", "who-has an address that nobody has", "ping from a neighbour")
	for _, state := range []struct{ bits, ignore int }{{32, 0}, {24, 0}, {24, 1}} {
		h := ignoring(state.ignore, state.bits, "lo")
		g.column(fmt.Sprintf("VIP/%d, %d", state.bits, state.ignore),
			asked(h, exampleNear, exampleVIP), asked(h, exampleNear, exampleIdle), pinged(h, exampleNear, exampleRIP))
	}
	return g
}

func missingTable() grid {
	return grid{
		{"", "has the VIP", "has it not"},
		{"ping of the VIP", pinged(example(exampleVIP, 32, "lo", nil), exampleNear, exampleVIP),
			pinged(example(exampleVIP, 32, "", nil), exampleNear, exampleVIP)},
	}
}
