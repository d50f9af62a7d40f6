package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// TestFramesOfARun counts the frames of a default run on a segment where all is
// right, as docs/safety.md does. Who changes these numbers changes them there.
//
// An address that turns out to be in use saves some, and so does a host that does
// not ask again: the numbers are the most.
func TestFramesOfARun(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ vips, servers int }{{1, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 0}, {2, 1}, {2, 3}, {3, 2}} {
		t.Run(strings.Repeat("V", tc.vips)+strings.Repeat("r", tc.servers), func(t *testing.T) {
			var servers []scenarios.Server
			for range tc.servers {
				servers = append(servers, right)
			}
			var vips []string
			lab := start(t, changed(scenarios.Classic(servers...), func(h map[string]*scenarios.HostSpec) {
				for i := range tc.vips {
					vip := netip.AddrFrom4([4]byte{192, 168, 1, byte(99 + i)})
					vips = append(vips, vip.String())
					if i == 0 {
						continue
					}
					for name, host := range h {
						has := scenarios.AddressSpec{Prefix: netip.PrefixFrom(vip, 32)}
						switch {
						case name == "director":
							host.Interfaces[0].Addresses = append(host.Interfaces[0].Addresses, has)
						case name != "client":
							host.Loopback = append(host.Loopback, has)
						}
					}
				}
			}))
			w := watch(t, lab.Host("client"))
			o := check(t, lab.Host("client"), "--vip", strings.Join(vips, ","), "--director", "192.168.1.10")
			if o.Verdict != diagnose.Pass {
				t.Errorf("%s", o)
			}
			sent, toAll := 0, 0
			for _, f := range w.all() {
				if f.rec.Src != clientMAC || f.rec.Kind == 0 {
					continue
				}
				sent++
				if f.rec.Dst == evidence.Broadcast {
					toAll++
				}
			}
			t.Logf("%d VIPs, %d real servers: %d frames, %d of them to all", tc.vips, tc.servers, sent, toAll)
			more := tc.vips - 1
			if most := 47 + 23*tc.servers + more*(21+4*tc.servers); sent > most {
				t.Errorf("%d frames, want %d at most", sent, most)
			}
			if most := 36 + 15*more; toAll > most {
				t.Errorf("%d frames to all, want %d at most", toAll, most)
			}
		})
	}
}
