package diagnose

import (
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// What comes by in one place says nothing about what would come by in another.
func TestTwoViewsAreNotOne(t *testing.T) {
	elsewhere := func(rec *evidence.Record) { rec.File = "b.pcap" }
	for name, there := range map[string]func(*evidence.Record){
		"another file":      elsewhere,
		"another interface": func(rec *evidence.Record) { rec.Interface = 1 },
	} {
		for _, cfg := range []Config{{VIPs: []netip.Addr{vip}, Director: dirNamed}, {VIPs: []netip.Addr{vip}}} {
			wire := newTap()
			// Where answers to the client come by, it asks once.
			wire.whoHas(routerIP, r1, r1IP)
			wire.isAt(r1IP, r1, clientMAC, client)
			wire.whoHas(vip, clientMAC, client)
			wire.isAt(vip, dirMAC, clientMAC, client)
			wire.tick(time.Hour)
			for range 3 {
				for _, rec := range []evidence.Record{
					{Kind: evidence.ARPRequest, Src: r1, Dst: evidence.Broadcast, SenderMAC: r1, SenderIP: r1IP, TargetIP: routerIP},
					{Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast, SenderMAC: clientMAC, SenderIP: client, TargetIP: vip},
				} {
					rec.File = tapFile
					there(&rec)
					wire.see(rec)
				}
				wire.tick(2 * time.Second)
			}
			r := Captured(wire.end(), cfg)[0]
			if r.Verdict != Inconclusive {
				t.Errorf("%s: %s, %+v: %s", name, r.Verdict, r.Tests, r.Summary)
			}
		}
	}
}

// A frame that two captures of one segment have is in both views, whichever has
// it first: what one of them shows of the answers counts for the question.
func TestOneFrameInTwoViews(t *testing.T) {
	wire := newTap()
	wire.known()
	for range 3 {
		for _, file := range []string{"a.pcap", "b.pcap"} { // the first shows broadcasts alone
			wire.see(evidence.Record{File: file, Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast, SenderMAC: clientMAC, SenderIP: client, TargetIP: vip})
		}
		wire.see(evidence.Record{File: "b.pcap", Kind: evidence.ARPReply, Src: dirMAC, Dst: clientMAC, SenderMAC: dirMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client})
		wire.see(evidence.Record{File: "b.pcap", Kind: evidence.ARPReply, Src: routerMAC, Dst: clientMAC, SenderMAC: routerMAC, SenderIP: routerIP, TargetMAC: clientMAC, TargetIP: client})
		wire.tick(2 * time.Second)
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}})[0]
	if r.Verdict != Pass || r.Capture.Repeated != 3 {
		t.Errorf("%s, %d repeated: %s", r.Verdict, r.Capture.Repeated, r.Summary)
	}
}

// A capture that was taken at one host shows the answers to what that host
// asks, and no others; whoever it is.
func TestTakenAtABystander(t *testing.T) {
	for asks, want := range map[int]Verdict{1: Inconclusive, 2: Pass} {
		wire := newTap()
		wire.hides = func(rec evidence.Record) bool {
			return rec.Src != peerMAC && rec.Dst != peerMAC && rec.Dst != evidence.Broadcast
		}
		wire.isAt(client, clientMAC, peerMAC, peerIP)
		wire.see(evidence.Record{Kind: evidence.EchoRequest, Src: peerMAC, Dst: clientMAC, SenderIP: peerIP, TargetIP: client, ID: 1, Seq: 1})
		for range asks {
			wire.whoHas(vip, peerMAC, peerIP)
			wire.isAt(vip, dirMAC, peerMAC, peerIP)
			wire.tick(2 * time.Second)
		}
		for range 3 {
			wire.whoHas(vip, clientMAC, client)
			wire.isAt(vip, dirMAC, clientMAC, client)
			wire.isAt(vip, r1, clientMAC, client) // neither answer is in the capture
			wire.tick(2 * time.Second)
		}
		r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed})[0]
		if r.Verdict != want {
			t.Errorf("it asks %d times: %s: %s", asks, r.Verdict, r.Summary)
		}
	}
}
