package main

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/arpcheck/arpcheck/kernel"
)

func ignoreTable(vs ...int) grid {
	g := rows("arp_ignore",
		"who-has VIP, VIP/32 on lo", "the same, VIP with scope host", "who-has VIP, VIP/32 on the NIC",
		"who-has the host's own address", "the same, sender off the subnet")
	for _, v := range vs {
		lo, hidden, nic := ignoring(v, 32, "lo"), ignoring(v, 32, "lo"), ignoring(v, 32, "eth1")
		hidden.Interface("lo").Addresses[0].Scope = kernel.ScopeHost
		g.column(strconv.Itoa(v),
			asked(lo, exampleNear, exampleVIP), asked(hidden, exampleNear, exampleVIP), asked(nic, exampleNear, exampleVIP),
			asked(lo, exampleNear, exampleRIP), asked(lo, exampleFar, exampleRIP))
	}
	return g
}

func announceTable(vs ...int) grid {
	g := rows("arp_announce: sender when it answers from the VIP",
		"VIP in the subnet of the host's own address (RIP)", "VIP outside of it")
	outside := netip.MustParseAddr("203.0.113.99")
	for _, v := range vs {
		set := func(h *kernel.Host) { h.All.ARPAnnounce = v }
		g.column(strconv.Itoa(v),
			announced(example(exampleVIP, 32, "lo", set), exampleVIP), announced(example(outside, 32, "lo", set), outside))
	}
	return g
}

func filterTable(vs ...int) grid {
	g := rows("arp_filter (VIP on lo, arp_ignore 0)",
		"who-has VIP, sender on the subnet", "sender elsewhere, way back by eth2", "ARP probe, sender 0.0.0.0")
	for _, v := range vs {
		h := example(exampleVIP, 32, "lo", byEth2)
		h.All.ARPFilter = v != 0
		g.column(strconv.Itoa(v),
			asked(h, exampleNear, exampleVIP), asked(h, exampleFar, exampleVIP), asked(h, netip.IPv4Unspecified(), exampleVIP))
	}
	return g
}

func rpFilterTable(vs ...int) grid {
	g := rows("rp_filter (all comes in by eth1)",
		"ping of the VIP, sender on the subnet", "sender elsewhere, way back by eth1",
		"sender elsewhere, way back by eth2", "who-has VIP from that sender")
	for _, v := range vs {
		h, apart := example(exampleVIP, 32, "lo", nil), example(exampleVIP, 32, "lo", byEth2)
		h.All.RPFilter, apart.All.RPFilter = v, v
		g.column(strconv.Itoa(v),
			pinged(h, exampleNear, exampleVIP), pinged(h, exampleFar, exampleVIP),
			pinged(apart, exampleFar, exampleVIP), asked(apart, exampleFar, exampleVIP))
	}
	return g
}

func proxyTable(vs ...int) grid {
	g := rows("proxy_arp (forwarding on, arp_ignore 1)",
		"broadcast who-has for an address behind eth2", "the same, sent to this host alone", "who-has VIP, which this host has on lo")
	for _, v := range vs {
		h := ignoring(1, 32, "lo")
		h.Interface("eth1").Forwarding, h.All.ProxyARP = true, v != 0
		g.column(strconv.Itoa(v),
			asked(h, exampleNear, exampleBack), askedAlone(h, exampleNear, exampleBack), asked(h, exampleNear, exampleVIP))
	}
	return g
}

func notifyTable() grid {
	g := rows("arp_notify: gratuitous ARP when eth1 comes up", "for a VIP on lo", "for a VIP on eth1")
	sent := func(on string, v int) string {
		h := example(exampleVIP, 32, on, func(h *kernel.Host) { h.All.ARPNotify = v != 0 })
		if slices.Contains(h.Gratuitous("eth1"), exampleVIP) {
			return "sent"
		}
		return "-"
	}
	for v := range 2 {
		g.column(strconv.Itoa(v), sent("lo", v), sent("eth1", v))
	}
	return g
}

func noARPTable() grid {
	g := rows("", "who-has the host's own address", "who-has a VIP on that interface",
		"ping, no neighbour entry for the way back", "ping, with one that was made by hand")
	for i, state := range []string{"arp on", "arp off"} {
		h := example(exampleVIP, 32, "eth1", nil)
		h.Interface("eth1").NoARP = i == 1
		g.column(state, asked(h, exampleNear, exampleRIP), asked(h, exampleNear, exampleVIP),
			pingedUnknown(h, exampleNear, exampleRIP), pinged(h, exampleNear, exampleRIP))
	}
	return g
}
