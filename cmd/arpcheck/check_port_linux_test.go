package main

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// With --port, the way of a SYN shows the director and the pool behind it.
func TestCheckPort(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		servers  []scenarios.Server
		code     int
		findings []string
	}{
		{"clean", []scenarios.Server{right, right, right}, 0, nil},
		{"one answers", []scenarios.Server{right, {Announce: 2}, right}, 1, []string{"vip-reply-leak " + r2.String()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(tc.servers...))
			pool := []evidence.MAC{r1, r2, r3}
			for _, name := range []string{"r1", "r2", "r3"} {
				if _, err := lab.Host(name).ListenTCP(netip.MustParseAddrPort("0.0.0.0:80")); err != nil {
					t.Fatal(err)
				}
			}
			forward(t, lab.Host("director"), pool)

			o := check(t, lab.Host("client"), "--port", "80")
			o.wants(tc.code, tc.findings...)
			o.is(directorMAC, diagnose.Director, diagnose.Yes, diagnose.Yes, "any", nil, nil)
			for _, mac := range pool {
				o.is(mac, diagnose.RealServer, "any", diagnose.Yes, diagnose.No, nil, []int{2})
			}
		})
	}
}

// A host that serves by itself passes nothing on, and is no director for it.
func TestCheckPortServesItself(t *testing.T) {
	lab := start(t, scenarios.Classic())
	if _, err := lab.Host("director").ListenTCP(netip.MustParseAddrPort("0.0.0.0:80")); err != nil {
		t.Fatal(err)
	}
	o := check(t, lab.Host("client"), "--port", "80")
	r := o.wants(0)
	if len(r.Hosts) != 1 || r.Tests.Announce != diagnose.Skipped {
		t.Errorf("%d hosts, announce test %s; want one, and skipped: no real server is in sight\n%s", len(r.Hosts), r.Tests.Announce, o)
	}
}

// forward makes a host a direct-routing director as IPVS is one: connections
// to it go on to the pool, round robin, with only their MAC addresses changed
// (ip_vs_dr_xmit).
func forward(t *testing.T, h *scenarios.Host, pool []evidence.MAC) {
	w := watch(t, h)
	next := 0
	w.eachFrame(func(f seen) {
		if f.rec.Kind != evidence.TCPSyn || f.rec.Dst != directorMAC {
			return
		}
		frame := slices.Clone(f.bytes)
		copy(frame, pool[next%len(pool)][:])
		copy(frame[6:], directorMAC[:])
		next++
		w.send(frame)
	})
}
