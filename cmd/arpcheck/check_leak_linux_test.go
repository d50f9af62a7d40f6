package main

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// One run tells three real servers apart, and once all are set right there
// is nothing to tell.
func TestCheckThreeServers(t *testing.T) {
	lab := start(t, scenarios.Cluster{
		Servers:   []scenarios.Server{{}, {Ignore: 1, Announce: 2}, {Ignore: 1, Announce: 1}},
		Bystander: true,
	}.Topology())
	client, bystander := lab.Host("client"), lab.Host("bystander")
	if err := bystander.SetNeighbour("eth1", scenarios.ClassicVIP, directorMAC); err != nil {
		t.Fatal(err)
	}

	o := check(t, client, "--director", "192.168.1.10")
	o.wants(1, "vip-reply-leak "+r1.String(), "vip-announce-leak "+r1.String(), "vip-announce-leak "+r3.String())
	o.is(directorMAC, diagnose.Director, diagnose.Yes, diagnose.Yes, "any", nil, nil)
	o.is(r1, diagnose.RealServer, diagnose.Yes, diagnose.Yes, diagnose.Yes, replies, []int{0, 1})
	o.is(r2, diagnose.RealServer, diagnose.No, diagnose.Yes, diagnose.No, silent, []int{2})
	o.is(r3, diagnose.RealServer, diagnose.No, diagnose.Yes, diagnose.Yes, silent, []int{0, 1})
	if ips := o.host(r2).IPs; !slices.Contains(ips, netip.MustParseAddr("192.168.1.42")) {
		t.Errorf("the second real server has %v, want its RIP", ips)
	}
	if mac := neighbour(t, bystander); mac != directorMAC {
		t.Errorf("after the run a bystander has the VIP at %s, want the director's %s", mac, directorMAC)
	}

	for _, name := range []string{"r1", "r2", "r3"} {
		set(t, lab.Host(name), "arp_ignore", "1")
		set(t, lab.Host(name), "arp_announce", "2")
	}
	o = check(t, client, "--director", "192.168.1.10")
	o.wants(0)
	for _, mac := range []evidence.MAC{r1, r2, r3} {
		o.is(mac, diagnose.RealServer, diagnose.No, diagnose.Yes, diagnose.No, silent, []int{2})
	}
	if mac := neighbour(t, bystander); mac != directorMAC {
		t.Errorf("after the second run a bystander has the VIP at %s, want the director's %s", mac, directorMAC)
	}
}

func set(t *testing.T, h *scenarios.Host, name, value string) {
	t.Helper()
	if err := h.Sysctl("net.ipv4.conf.all."+name, value); err != nil {
		t.Fatal(err)
	}
}

// Somebody mends a real server, or breaks it, while a long run asks: what it does to
// the end counts, and what it did until then is told as that.
func TestCheckTurn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		first, then scenarios.Server
		summary     string
		findings    []string
		ignore      []int // that it cannot have
	}{
		{"mended", scenarios.Server{}, right, "192.168.1.41 answered for it until ", []string{"vip-reply-leak " + r1.String()}, silent},
		{"broken", right, scenarios.Server{}, "192.168.1.41 answers for it since ",
			[]string{"vip-announce-leak " + r1.String(), "vip-reply-leak " + r1.String()}, replies},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(tc.first))
			asked := 0
			watch(t, lab.Host("r1")).each(func(rec evidence.Record) {
				if rec.Kind != evidence.ARPRequest || rec.TargetIP != scenarios.ClassicVIP || rec.SenderIP.String() != "192.168.1.182" || rec.Dst != evidence.Broadcast {
					return
				}
				if asked++; asked != 7 {
					return
				}
				for name, value := range map[string]int{"arp_ignore": tc.then.Ignore, "arp_announce": tc.then.Announce} {
					if err := lab.Host("r1").Sysctl("net.ipv4.conf.all."+name, strconv.Itoa(value)); err != nil {
						t.Error(err)
					}
				}
			})
			o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--rs", "192.168.1.41", "-c", "14")
			r := o.wants(1, tc.findings...)
			if !strings.HasPrefix(r.Summary, tc.summary) || !slices.ContainsFunc(r.Notes, func(n diagnose.Note) bool {
				return strings.Contains(n.Text, "something was changed on 192.168.1.41 by ")
			}) {
				t.Errorf("%s, with %+v", r.Summary, r.Notes)
			}
			h := o.host(r1)
			for _, v := range tc.ignore {
				if len(h.ARPIgnore) == 0 || slices.Contains(h.ARPIgnore, v) {
					t.Errorf("arp_ignore %v\n%s", h.ARPIgnore, o)
				}
			}
		})
	}
}

// What a host shows by its silence, and by a reply: these values of arp_ignore
// it does not have. More is seldom certain, for 3 may hide a VIP of scope host
// and 1 lets one on the NIC through.
var (
	silent  = []int{0, 8}
	replies = []int{8}
)

// One real server beside the director, in every state that matters.
func TestCheckOneServer(t *testing.T) {
	t.Parallel()
	wide := address("192.168.1.99/24")
	host := scenarios.AddressSpec{Prefix: netip.MustParsePrefix("192.168.1.99/32"), Scope: scenarios.ScopeHost}
	reply, announce := "vip-reply-leak "+r1.String(), "vip-announce-leak "+r1.String()
	const y, n = diagnose.Yes, diagnose.No
	for _, tc := range []struct {
		name           string
		server         scenarios.Server
		code           int
		findings       []string
		answers, tells diagnose.Answer
		notIgnore      []int
		announce       []int
	}{
		{"clean", right, 0, nil, n, n, silent, []int{2}},
		{"leaks both", scenarios.Server{}, 1, []string{reply, announce}, y, y, replies, []int{0, 1}},
		{"replies only", scenarios.Server{Announce: 2}, 1, []string{reply}, y, n, replies, []int{2}},
		{"announces only, arp_announce 0", scenarios.Server{Ignore: 1}, 1, []string{announce}, n, y, silent, []int{0, 1}},
		{"announces only, arp_announce 1 in the subnet", scenarios.Server{Ignore: 1, Announce: 1}, 1, []string{announce}, n, y, silent, []int{0, 1}},
		{"set on lo only", scenarios.Server{Sysctls: map[string]string{
			"net.ipv4.conf.lo.arp_ignore": "1", "net.ipv4.conf.lo.arp_announce": "2",
		}}, 1, []string{reply, announce}, y, y, nil, nil},
		{"arp_ignore 3, scope global", scenarios.Server{Ignore: 3, Announce: 2}, 1, []string{reply}, y, n, replies, []int{2}},
		{"arp_ignore 3, scope host", scenarios.Server{Ignore: 3, Announce: 2, VIP: host}, 0, nil, n, n, nil, []int{2}},
		{"VIP on the NIC", scenarios.Server{Ignore: 1, Announce: 2, OnNIC: true}, 1, []string{reply}, y, n, nil, []int{2}},
		{"wide netmask", scenarios.Server{VIP: wide}, 1, []string{reply, "subnet-answered " + r1.String()}, y, "any", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(tc.server))
			o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--rs", "192.168.1.41")
			o.wants(tc.code, tc.findings...)
			o.is(r1, diagnose.RealServer, tc.answers, y, tc.tells, tc.notIgnore, tc.announce)
			// The truth is never left out.
			truth := tc.server
			h := o.host(r1)
			if !slices.Contains(h.ARPIgnore, truth.Ignore) || !slices.Contains(h.ARPAnnounce, truth.Announce) {
				t.Errorf("said to have arp_ignore %v and arp_announce %v, but has %d and %d\n%s",
					h.ARPIgnore, h.ARPAnnounce, truth.Ignore, truth.Announce, o)
			}
		})
	}
}

// A VIP of another subnet than the real servers': there arp_announce 1 is as
// good as 2, and 0 is told from both.
func TestCheckOtherSubnet(t *testing.T) {
	t.Parallel()
	const vip = "10.9.9.99"
	for _, tc := range []struct {
		name     string
		server   scenarios.Server
		code     int
		findings []string
		announce []int
	}{
		{"0", scenarios.Server{Ignore: 1}, 1, []string{"vip-announce-leak " + r1.String()}, []int{0}},
		{"1", scenarios.Server{Ignore: 1, Announce: 1}, 0, nil, []int{1, 2}},
		{"2", right, 0, nil, []int{1, 2}},
	} {
		t.Run("arp_announce "+tc.name, func(t *testing.T) {
			tc.server.VIP = address(vip + "/32")
			lab := start(t, changed(scenarios.Classic(tc.server), func(h map[string]*scenarios.HostSpec) {
				h["director"].Interfaces[0].Addresses[1] = address(vip + "/32")
			}))
			o := check(t, lab.Host("client"), "--vip", vip, "--director", "192.168.1.10")
			o.wants(tc.code, tc.findings...)
			o.is(r1, diagnose.RealServer, diagnose.No, diagnose.Yes, "any", silent, tc.announce)
		})
	}
}

// A second VIP, on lo and silent, excludes arp_ignore 0 for the first one. So
// that is on the NIC, or arp_ignore is 3 and the two differ in scope.
func TestCheckSecondVIP(t *testing.T) {
	const second = "192.168.1.98"
	server := right
	server.OnNIC = true
	lab := start(t, changed(scenarios.Classic(server), func(h map[string]*scenarios.HostSpec) {
		h["r1"].Loopback = append(h["r1"].Loopback, address(second+"/32"))
		h["director"].Interfaces[0].Addresses = append(h["director"].Interfaces[0].Addresses, address(second+"/32"))
	}))
	o := check(t, lab.Host("client"), "--vip", scenarios.ClassicVIP.String()+","+second, "--director", "192.168.1.10")
	if o.code != 1 || len(o.Results) != 2 || o.Results[0].Verdict != diagnose.Fail || o.Results[1].Verdict != diagnose.Pass {
		t.Fatalf("exit code %d; want 1, one fail and one pass:\n%s", o.code, o)
	}
	o.Results = o.Results[:1]
	o.wants(1, "vip-reply-leak "+r1.String(), "vip-on-nic "+r1.String())
	o.is(r1, diagnose.RealServer, diagnose.Yes, diagnose.Yes, diagnose.No, []int{0, 8}, []int{2})
}

// With arp_ignore 2 a VIP of another subnet on the NIC answers ARP probes
// alone, which nothing else does.
func TestCheckOnNIC(t *testing.T) {
	const vip = "10.9.9.99"
	lab := start(t, changed(scenarios.Classic(scenarios.Server{Ignore: 2, Announce: 2, OnNIC: true, VIP: address(vip + "/32")}), func(h map[string]*scenarios.HostSpec) {
		h["director"].Interfaces[0].Addresses[1] = address(vip + "/32")
	}))
	o := check(t, lab.Host("client"), "--vip", vip, "--director", "192.168.1.10", "--rs", "192.168.1.41")
	o.wants(1, "vip-reply-leak "+r1.String(), "vip-on-nic "+r1.String())
}
