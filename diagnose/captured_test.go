package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// What a capture shows, told by what happens on the wire.
func TestCaptured(t *testing.T) {
	byRS := Config{VIPs: []netip.Addr{vip}, RealServers: []evidence.Host{r1Named}}
	byDir := Config{VIPs: []netip.Addr{vip}, Director: dirNamed}
	byDirIP := Config{VIPs: []netip.Addr{vip}, Director: evidence.Host{IP: dirIP}}
	nobody := Config{VIPs: []netip.Addr{vip}}
	none := Config{}
	reply, bypassed := "vip-reply-leak "+r1.String(), "vip-bypassed "+r1.String()

	bothAnswer := func(t *tap) {
		t.known()
		t.whoHas(vip, clientMAC, client)
		t.isAt(vip, r1, clientMAC, client)
		t.isAt(vip, dirMAC, clientMAC, client)
		for seq := range uint16(3) {
			t.ping(clientMAC, client, r1, seq)
			t.tick(time.Second)
		}
	}
	pingsOnly := func(t *tap) {
		t.known()
		for seq := range uint16(3) {
			t.ping(clientMAC, client, r1, seq)
			t.tick(time.Second)
		}
	}
	healthy := func(t *tap) {
		t.known()
		for range 3 {
			t.whoHas(vip, clientMAC, client)
			t.isAt(vip, dirMAC, clientMAC, client)
			t.ping(clientMAC, client, dirMAC, 1)
			t.tick(60 * time.Second)
		}
	}
	elsewhere := func(t *tap) { // the asker talks to others, too
		healthy(t)
		t.isAt(routerIP, routerMAC, clientMAC, client)
	}
	cluster := func(t *tap) {
		t.known()
		for range 3 {
			t.whoHas(vip, clientMAC, client)
			t.isAt(vip, dirMAC, clientMAC, client)
			t.tick(time.Second)
		}
		t.connect(clientMAC, client, 40001, dirMAC, r1)
		t.connect(clientMAC, client, 40002, dirMAC, r2)
	}
	for _, tc := range []struct {
		name     string
		happens  func(*tap)
		cfg      Config
		verdict  Verdict
		findings []string
	}{
		{"both answer, nobody named", bothAnswer, nobody, Fail, []string{"vip-conflict"}},
		{"both answer, no VIP named", bothAnswer, none, Fail, []string{"vip-conflict"}},
		{"both answer, the director named", bothAnswer, byDir, Fail, []string{reply}},
		{"both answer, the director named by address", bothAnswer, byDirIP, Fail, []string{reply}},
		{"both answer, the real server named", bothAnswer, byRS, Fail, []string{reply}},
		{"pings only, nobody named", pingsOnly, nobody, Inconclusive, nil},
		{"pings only, the director named", pingsOnly, byDir, Fail, []string{bypassed}},
		{"pings only, the director named by address", pingsOnly, byDirIP, Fail, []string{bypassed}},
		{"pings only, the real server named", pingsOnly, byRS, Fail, []string{bypassed}},
		{"pings only, the ARP of the director", func(t *tap) {
			pingsOnly(t)
			t.ping(peerMAC, peerIP, dirMAC, 1)
		}, nobody, Fail, []string{"vip-conflict"}},
		{"the director alone", elsewhere, nobody, Pass, nil},
		{"the director alone, named", elsewhere, byDir, Pass, nil},
		{"the director and the asker alone: taken at either", healthy, nobody, Inconclusive, nil},
		{"the director alone, no VIP named", healthy, none, Pass, nil},
		{"a real server that was never seen", healthy, Config{VIPs: nobody.VIPs, RealServers: []evidence.Host{{IP: netip.MustParseAddr("192.168.1.77")}}}, Inconclusive, nil},
		{"connections by way of the director", cluster, nobody, Inconclusive, nil},
		{"a client that goes past the director", func(t *tap) {
			cluster(t)
			t.connect(peerMAC, peerIP, 40003, r1)
		}, nobody, Fail, []string{bypassed}},
		{"a router that goes past the director", func(t *tap) {
			cluster(t)
			t.connect(routerMAC, farAddr, 40003, r1)
		}, nobody, Fail, []string{bypassed}},
		{"the director passes on what comes from another segment", func(t *tap) {
			t.known()
			t.whoHas(vip, clientMAC, client)
			t.isAt(vip, dirMAC, clientMAC, client)
			t.see(evidence.Record{Kind: evidence.TCPSyn, Src: dirMAC, Dst: r1, SenderIP: farAddr, TargetIP: vip, SenderPort: 4, TargetPort: 80})
			t.see(evidence.Record{Kind: evidence.TCPSynAck, Src: r1, Dst: routerMAC, SenderIP: vip, TargetIP: farAddr, SenderPort: 80, TargetPort: 4})
		}, nobody, Inconclusive, nil},
		{"the whole real server", func(t *tap) {
			cluster(t)
			t.whoHas(client, r1, vip)
		}, nobody, Fail, []string{"vip-announce-leak " + r1.String()}},
		{"gratuitous ARP of a real server", func(t *tap) {
			cluster(t)
			t.gratuitous(vip, r1)
		}, nobody, Fail, []string{"vip-gratuitous-leak " + r1.String()}},
		{"far away, by way of two routers", func(t *tap) {
			for i := range uint16(3) {
				t.see(evidence.Record{Kind: evidence.EchoRequest, Src: clientMAC, Dst: routerMAC, SenderIP: netip.MustParseAddr("10.1.1.5"), TargetIP: vip, ID: 1, Seq: i})
				t.see(evidence.Record{Kind: evidence.EchoReply, Src: peerMAC, Dst: clientMAC, SenderIP: vip, TargetIP: netip.MustParseAddr("10.1.1.5"), ID: 1, Seq: i})
			}
		}, nobody, Inconclusive, nil},
		{"nobody answers, and nothing shows that it would be seen", func(t *tap) {
			for range 5 {
				t.whoHas(vip, clientMAC, client)
				t.tick(time.Second)
			}
		}, nobody, Inconclusive, nil},
		{"nobody answers", func(t *tap) {
			t.isAt(routerIP, routerMAC, clientMAC, client)
			t.isAt(r1IP, r1, clientMAC, client)
			for range 5 {
				t.whoHas(vip, clientMAC, client)
				t.tick(time.Second)
			}
		}, nobody, Fail, []string{"vip-unowned"}},
		{"nobody answers where it would be seen, if the capture was taken at the asker", func(t *tap) {
			t.isAt(routerIP, routerMAC, clientMAC, client)
			for range 5 {
				t.whoHas(vip, clientMAC, client)
				t.tick(time.Second)
			}
		}, nobody, Inconclusive, nil},
		{"no frame about it", func(t *tap) { t.known() }, nobody, Inconclusive, nil},
		{"nothing at all", func(*tap) {}, none, Inconclusive, nil},
		{"taken on the director", func(t *tap) {
			healthy(t)
			t.whoHas(vip, peerMAC, peerIP)
			t.isAt(vip, dirMAC, peerMAC, peerIP)
			t.tick(time.Second)
		}, nobody, Inconclusive, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wire := newTap()
			tc.happens(wire)
			results := Captured(wire.end(), tc.cfg)
			if len(results) != 1 {
				t.Fatalf("%d results, want one: %+v", len(results), results)
			}
			r := results[0]
			checkResult(t, r, wants{tc.verdict, r.Tests.Reply, r.Tests.Announce, r.Tests.Holders, tc.findings})
			t.Log(r.Summary)
			for _, f := range r.Findings {
				t.Logf("%s: %s | %s", f.Code, f.Summary, f.Why)
				if f.Code != CaptureLoss && len(f.Filters) == 0 {
					t.Errorf("%s has no filter", f.Code)
				}
			}
		})
	}
}

func hasCode(r Result, code Code) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == code })
}

// lost makes a capture incomplete in some way.
func TestAnIncompleteCaptureNeverPasses(t *testing.T) {
	spoiled := map[string]func(*evidence.Log){
		"dropped":   func(l *evidence.Log) { l.Lost.Noted = 3 },
		"unlisted":  func(l *evidence.Log) { l.Unlisted = 3 },
		"shortened": func(l *evidence.Log) { l.Shortened = 3 },
		"damaged": func(l *evidence.Log) {
			l.Files[0].Damaged = 1
			l.Files[0].Damage = []evidence.Damage{{Offset: 4711, Frame: 5, What: "the file ends inside a packet"}}
		},
	}
	for _, reason := range []evidence.Reason{evidence.Aggregate, evidence.NoInterface, evidence.OtherLink, evidence.BadFCS,
		evidence.Encrypted, evidence.Truncated, evidence.ManyTags} {
		spoiled[string(reason)] = func(l *evidence.Log) { l.Ignored = map[evidence.Reason]uint64{reason: 1, evidence.NotInteresting: 7} }
	}
	for name, spoil := range spoiled {
		for _, cfg := range []Config{{}, {VIPs: []netip.Addr{vip}}} {
			wire := newTap()
			wire.known()
			for range 3 {
				wire.whoHas(vip, clientMAC, client)
				wire.isAt(vip, dirMAC, clientMAC, client)
				wire.isAt(routerIP, routerMAC, clientMAC, client)
				wire.tick(time.Minute)
			}
			log := wire.end()
			if r := Captured(log, cfg)[0]; r.Verdict != Pass {
				t.Fatalf("whole: %s: %s", r.Verdict, r.Summary)
			}
			spoil(&log)
			r := Captured(log, cfg)[0]
			if r.Verdict != Inconclusive || !hasCode(r, CaptureLoss) {
				t.Errorf("%s: %s: %s %+v", name, r.Verdict, r.Summary, r.Findings)
			}
			if strings.Contains(r.Summary, "capture ends before") {
				t.Errorf("%s: that is not why: %s", name, r.Summary)
			}
			if name == "damaged" && !slices.ContainsFunc(r.Notes, func(n Note) bool { return strings.Contains(n.Text, "byte 4711, before frame 5") }) {
				t.Errorf("the place of the damage is not told: %v", r.Notes)
			}
		}
	}
}
