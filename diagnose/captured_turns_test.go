package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Hosts that have the VIP one after the other, in a capture without adverts; and
// what looks like it.
func TestCapturedTurns(t *testing.T) {
	answers := func(t *tap, times int, macs ...evidence.MAC) {
		for range times {
			t.whoHas(vip, clientMAC, client)
			for _, mac := range macs {
				t.isAt(vip, mac, clientMAC, client)
			}
			t.tick(time.Second)
		}
	}
	replies := func(t *tap, times int, mac evidence.MAC) {
		for range times {
			t.isAt(vip, mac, clientMAC, client)
			t.tick(time.Second)
		}
	}
	// A client asks the host that it knows alone, to see whether it is there.
	validates := func(t *tap, times int, mac evidence.MAC) {
		for range times {
			t.whoHas(vip, clientMAC, client, mac)
			t.isAt(vip, mac, clientMAC, client)
			t.tick(time.Second)
		}
	}
	for _, tc := range []struct {
		name    string
		happens func(*tap)
		verdict Verdict
		finding string
	}{
		{"there", func(t *tap) {
			answers(t, 8, dirMAC)
			answers(t, 8, r2)
		}, Inconclusive, "vip-owner-changed " + r2.String()},
		{"there and back", func(t *tap) {
			answers(t, 8, dirMAC)
			t.gratuitous(vip, r2)
			answers(t, 8, r2)
			answers(t, 8, dirMAC)
		}, Inconclusive, "vip-owner-changed " + dirMAC.String()},
		{"there and back, captured with a filter for replies", func(t *tap) {
			t.log.Claims = nil // of nobody a request was ever seen
			replies(t, 8, dirMAC)
			replies(t, 8, r2)
			replies(t, 8, dirMAC)
		}, Inconclusive, "vip-owner-changed " + dirMAC.String()},
		{"both answer, now the one first and now the other", func(t *tap) {
			answers(t, 6, dirMAC, r2)
			answers(t, 6, r2, dirMAC)
		}, Fail, "vip-conflict"},
		{"the client keeps to the one, and after one broadcast to the other", func(t *tap) {
			validates(t, 8, dirMAC)
			answers(t, 1, dirMAC, r2)
			validates(t, 8, r2)
		}, Fail, "vip-conflict"},
		{"the client keeps to the one, and to the other after an announcement", func(t *tap) {
			validates(t, 8, dirMAC)
			t.whoHas(peerIP, r2, vip)
			validates(t, 8, r2)
		}, Fail, "vip-conflict"},
		{"each answers another client", func(t *tap) {
			answers(t, 8, dirMAC)
			for range 8 {
				t.whoHas(vip, peerMAC, peerIP)
				t.isAt(vip, r2, peerMAC, peerIP)
				t.tick(time.Second)
			}
		}, Fail, "vip-conflict"},
		{"the one announces the address in the other's turn", func(t *tap) {
			answers(t, 8, dirMAC)
			answers(t, 4, r2)
			t.gratuitous(vip, dirMAC)
			answers(t, 4, r2)
			answers(t, 8, dirMAC)
		}, Fail, "vip-conflict"},
		{"by turns so often that it is no failover", func(t *tap) {
			for range 8 {
				answers(t, 2, dirMAC)
				answers(t, 2, r2)
			}
		}, Fail, "vip-conflict"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wire := newTap()
			wire.known()
			tc.happens(wire)
			r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}})[0]
			var found []string
			for _, f := range r.Findings {
				found = append(found, string(f.Code))
				if !f.MAC.IsZero() {
					found[len(found)-1] += " " + f.MAC.String()
				}
			}
			if r.Verdict != tc.verdict || !slices.Contains(found, tc.finding) {
				t.Errorf("%s: %s, with %q; want %s, with %s", r.Verdict, r.Summary, found, tc.verdict, tc.finding)
			}
		})
	}
}

// A failover by VRRP while a real server answers all the time: that one alone is
// accused, and not the old master.
func TestCapturedFailoverWithALeak(t *testing.T) {
	wire := newTap()
	wire.known()
	reign := func(mac evidence.MAC, ip netip.Addr, priority uint8) {
		for range 6 {
			wire.advert(evidence.VRRPAdvert, mac, ip, priority, vip)
			wire.whoHas(vip, clientMAC, client)
			wire.isAt(vip, mac, clientMAC, client)
			wire.isAt(vip, r1, clientMAC, client)
			wire.tick(time.Second)
		}
	}
	reign(dirMAC, dirIP, 150)
	wire.tick(4 * time.Second)
	reign(r2, r2IP, 100)
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}})[0]
	if got := codes(r); !slices.Equal(got, []string{"vip-reply-leak " + r1.String()}) || !hasCode(r, OwnerChanged) {
		t.Errorf("%s: %s, with %q", r.Verdict, r.Summary, got)
	}
}

// Two hosts of one virtual router that both are its master, by CARP, which does not
// tell its address, and by HSRP: each answers with the MAC address that they share,
// from its own. That is no spoofing, and seen even if nobody names the address.
func TestCapturedSplitBrainOfOneMAC(t *testing.T) {
	for _, of := range []struct {
		kind  evidence.Kind
		mac   evidence.MAC
		about []netip.Addr
	}{{evidence.CARPAdvert, vrrpMAC, nil}, {evidence.HSRPHello, hsrpMAC, []netip.Addr{vip}}} {
		for _, cfg := range []Config{{}, {VIPs: []netip.Addr{vip}}} {
			wire := newTap()
			wire.known()
			for range 10 {
				wire.advert(of.kind, of.mac, dirIP, 100, of.about...)
				wire.tick(300 * time.Millisecond)
				wire.advert(of.kind, of.mac, r2IP, 100, of.about...)
				wire.whoHas(vip, clientMAC, client)
				for _, src := range []evidence.MAC{dirMAC, r2} {
					wire.see(evidence.Record{Kind: evidence.ARPReply, Src: src, Dst: clientMAC, SenderMAC: of.mac, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client})
				}
				wire.tick(700 * time.Millisecond)
			}
			r := Captured(wire.end(), cfg)[0]
			if r.VIP != vip || r.Verdict != Fail || len(r.Findings) != 1 || !hasCode(r, Conflict) {
				t.Errorf("%v: %s: %s; %+v", of.kind, r.Verdict, r.Summary, r.Findings)
			}
		}
	}
}

// Whoever asks from an address that is in conflict itself has asked: an answer to
// that is none that nobody asked for.
func TestAskersInConflictHaveAsked(t *testing.T) {
	wire := newTap()
	for range 6 {
		for mac, router := range map[evidence.MAC]evidence.MAC{clientMAC: dirMAC, peerMAC: r2} {
			wire.whoHas(routerIP, mac, client)
			wire.isAt(routerIP, router, mac, client)
			wire.tick(time.Second)
		}
	}
	for _, r := range Captured(wire.end(), Config{}) {
		if hasCode(r, Spoofing) || !hasCode(r, Conflict) {
			t.Errorf("%s: %s: %s", r.VIP, r.Verdict, r.Summary)
		}
	}
}

// Who was named as the director draws the VIP to itself by right, asked or not.
func TestNamedDirectorIsNoSpoofer(t *testing.T) {
	wire := newTap()
	wire.known()
	for range 2 * unasked {
		wire.isAt(vip, dirMAC, peerMAC, peerIP)
		wire.tick(time.Second)
	}
	for range 3 {
		wire.whoHas(vip, clientMAC, client)
		wire.isAt(vip, dirMAC, clientMAC, client)
		wire.isAt(vip, r1, clientMAC, client)
		wire.tick(time.Second)
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed})[0]
	if got := codes(r); !slices.Equal(got, []string{"vip-reply-leak " + r1.String()}) {
		t.Errorf("%s: %s, with %q", r.Verdict, r.Summary, got)
	}
}

// What was passed on to a real server shows in a capture as its answers to pings that
// the balancer was sent: that one announces the VIP, and is not the host behind a
// virtual router, even if it was pinged by its own address there.
func TestCapturedServerBehindAVirtualRouter(t *testing.T) {
	vmac := evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	wire := newTap()
	wire.known()
	for i := range uint16(6) {
		wire.whoHas(vip, clientMAC, client)
		wire.isAt(vip, vmac, clientMAC, client)
		for _, ip := range []netip.Addr{vip, r1IP} {
			wire.see(evidence.Record{Kind: evidence.EchoRequest, Src: clientMAC, Dst: vmac, SenderIP: client, TargetIP: ip, ID: 9, Seq: i})
			wire.whoHas(client, r1, ip)
			wire.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: clientMAC, SenderIP: ip, TargetIP: client, ID: 9, Seq: i})
		}
		wire.tick(2 * time.Second)
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}})[0]
	if r.Verdict != Fail || !slices.Contains(codes(r), "vip-announce-leak "+r1.String()) {
		t.Errorf("%s: %s: %q", r.Verdict, r.Summary, codes(r))
	}
}

// That nobody asked any more is no silence: what a host answered before its settings
// were changed is no past.
func TestCapturedTurnWithoutQuestions(t *testing.T) {
	wire := newTap()
	wire.known()
	ping := func(announce netip.Addr) { // r1, which has to ask for the way back
		for i := range uint16(4) {
			wire.see(evidence.Record{Kind: evidence.EchoRequest, Src: clientMAC, Dst: r1, SenderIP: client, TargetIP: vip, ID: 9, Seq: i})
			wire.whoHas(client, r1, announce)
			wire.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: clientMAC, SenderIP: vip, TargetIP: client, ID: 9, Seq: i})
			wire.tick(5 * time.Second)
		}
	}
	wire.asked(vip, clientMAC, client, director(), server(r1, r1IP, 0, 0, "lo"))
	ping(vip)
	ping(r1IP)
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}})[0]
	for _, f := range r.Findings {
		if f.Code == ReplyLeak && strings.Contains(f.Summary, "until") {
			t.Errorf("%s %s", f.Summary, f.Why)
		}
	}
	if r.Verdict != Fail || !strings.HasPrefix(r.Summary, "192.168.1.41 answers for it and announced it until ") {
		t.Errorf("%s: %s", r.Verdict, r.Summary)
	}
}
