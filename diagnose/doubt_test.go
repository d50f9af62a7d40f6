package diagnose

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Whatever is left open is told with its reason.
func TestEachDoubtIsTold(t *testing.T) {
	for name, tc := range map[string]struct {
		happens func(l *lab)
		want    string
	}{
		"no time to answer": {func(l *lab) { l.asking(vip); l.whoHas(vip, client, evidence.Broadcast) }, "time to answer"},
		"no echo request":   {func(l *lab) { l.asking(vip); l.tick(1e9) }, "was asked whether it holds"},
	} {
		l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
		tc.happens(l)
		r := Diagnose(l.end(), self(vip))[0]
		if r.Verdict != Inconclusive || !strings.Contains(r.Summary, tc.want) {
			t.Errorf("%s: %s, %+v: %s", name, r.Verdict, r.Tests, r.Summary)
		}
	}
}

// realServers is a segment with a director and very many real servers.
func realServers(n int, announce func(i int) int) (*lab, Config) {
	wide := netip.MustParsePrefix("192.168.0.0/16")
	actors := []*actor{director()}
	for i := range n {
		ip := netip.AddrFrom4([4]byte{192, 168, byte(4 + i/200), byte(1 + i%200)})
		a := server(evidence.MAC{2, 0, 0, 1, byte(i >> 8), byte(i)}, ip, 1, announce(i), "lo")
		a.host.Interfaces[1].Addresses[0].Prefix = netip.PrefixFrom(ip, wide.Bits())
		actors = append(actors, a)
	}
	cfg := self(vip)
	cfg.Self.Prefix, cfg.Director = wide, dirNamed
	l := newLab(actors...)
	l.asking(vip)
	for range 2 {
		l.echo(vip, l.unused(), evidence.Broadcast)
		l.tick(100 * time.Millisecond)
	}
	l.echo(vip, client, evidence.Broadcast)
	l.tick(time.Second)
	l.whoHas(vip, client, dirMAC)
	l.tick(time.Second)
	return l, cfg
}

// However many hosts hold the VIP, the one that announces it is found, and
// silence of those that were not examined passes nothing.
func TestMoreHostsThanAreExamined(t *testing.T) {
	l, cfg := realServers(mostSuspects+44, func(i int) int {
		if i == mostSuspects+43 {
			return 0
		}
		return 2
	})
	r := Diagnose(l.end(), cfg)[0]
	if r.Verdict != Fail || !hasCode(r, AnnounceLeak) {
		t.Errorf("one announces: %s, %v: %s", r.Verdict, codes(r), r.Summary)
	}
	l, cfg = realServers(mostSuspects+44, func(int) int { return 2 })
	r = Diagnose(l.end(), cfg)[0]
	if r.Verdict != Inconclusive || !strings.Contains(r.Summary, "45 more hosts have to do with it and were not examined") {
		t.Errorf("none announces: %s: %s", r.Verdict, r.Summary)
	}
}

// Clients believe the ARP sender, whatever the Ethernet source is: a claim for
// another host than the owner leaves it open who answers.
func TestAClaimInTheNameOfAnother(t *testing.T) {
	other, otherIP := evidence.MAC{2, 0, 0, 0, 0, 0x0b}, netip.MustParseAddr("192.168.1.77")
	for _, cfg := range []Config{{VIPs: []netip.Addr{vip}, Director: dirNamed}, {VIPs: []netip.Addr{vip}}, {}} {
		for of, want := range map[evidence.MAC]Verdict{other: Inconclusive, dirMAC: Pass} {
			wire := newTap()
			for mac, ip := range map[evidence.MAC]netip.Addr{dirMAC: dirIP, other: otherIP} {
				wire.whoHas(routerIP, mac, ip)
				wire.isAt(routerIP, routerMAC, mac, ip)
			}
			for range 3 {
				wire.whoHas(vip, clientMAC, client)
				wire.isAt(vip, dirMAC, clientMAC, client)
				wire.see(evidence.Record{Kind: evidence.ARPReply, Src: r1, Dst: clientMAC, SenderMAC: of, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client})
				wire.tick(2 * time.Second)
			}
			r := Captured(wire.end(), cfg)[0]
			if r.Verdict != want || !hasCode(r, SourceMismatch) && len(cfg.VIPs) > 0 {
				t.Errorf("%s, %+v: %s, %+v: %s", of, cfg, r.Verdict, r.Findings, r.Summary)
			}
		}
	}
}
