package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A wild is a network whose masks no capture tells: the addresses of it, and
// which mask stands for which of the model's.
type wild struct {
	grid     guess
	vip, rip netip.Addr
	masks    map[int]int // of the model, and here
	clients  []netip.Addr
}

var wilds = []wild{
	{vipSurely, vip, r1IP, map[int]int{24: 24, 23: 22}, []netip.Addr{client, peerIP, netip.MustParseAddr("192.168.2.7"), farAddr, netip.IPv4Unspecified()}},
	{vipMaybe, netip.MustParseAddr("10.0.4.99"), netip.MustParseAddr("10.0.0.41"), map[int]int{26: 24, 25: 23, 24: 21, 23: 20},
		[]netip.Addr{netip.MustParseAddr("10.0.0.50"), netip.MustParseAddr("10.0.1.70"), netip.MustParseAddr("10.0.4.98"), netip.MustParseAddr("10.0.8.70"), farAddr, netip.IPv4Unspecified()}},
}

// real is the host of a hypothesis, with the addresses of the network.
func (w wild) real(h hypothesis, model kernel.Host) *actor {
	g := gridOf(w.grid)
	for i := range model.Interfaces {
		in := &model.Interfaces[i]
		in.Addresses = slices.Clone(in.Addresses)
		for j := range in.Addresses {
			a := &in.Addresses[j]
			bits, translated := w.masks[a.Bits()]
			if !translated {
				bits = a.Bits()
			}
			switch a.Addr() {
			case g.vip:
				a.Prefix = netip.PrefixFrom(w.vip, bits)
			case modelRIP:
				a.Prefix = netip.PrefixFrom(w.rip, bits)
			}
		}
	}
	model.Routes = slices.Clone(model.Routes)
	for i := range model.Routes {
		if r := &model.Routes[i]; r.Destination.Addr() == g.vip {
			r.Destination = netip.PrefixFrom(w.vip, r.Destination.Bits())
		}
	}
	return &actor{mac: r1, rip: w.rip, host: model}
}

// capture is what the network looks like while clients ask the host for
// everything; seen says whether the capture shows unicast frames.
func (w wild) capture(a *actor, seen bool) evidence.Log {
	t := newTap()
	if !seen {
		t.hides = func(rec evidence.Record) bool { return !rec.Dst.IsGroup() }
	}
	if !a.host.Interface(modelNIC).NoARP {
		t.log.Claims = append(t.log.Claims, evidence.Claim{Addr: w.rip, MAC: r1, Requests: 1, First: evidence.Place{Time: t.now}})
	}
	macs := func(i int) evidence.MAC { return evidence.MAC{2, 0, 0, 1, 0, byte(i)} }
	for i, ip := range w.clients {
		mac := macs(i)
		// Something of the host to each of them, so that its silence shows.
		t.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: mac, SenderIP: w.rip, TargetIP: ip, ID: 1})
		for range 3 {
			t.asked(w.vip, mac, ip, a)
		}
		for range 2 {
			t.asked(w.rip, mac, ip, a)
		}
	}
	for _, known := range []bool{false, true} {
		mac := macs(0)
		for seq := range uint16(2) {
			t.see(evidence.Record{Kind: evidence.EchoRequest, Src: mac, Dst: r1, SenderIP: w.clients[0], TargetIP: w.vip, ID: 9, Seq: seq})
			// Without ARP a host knows whom it was told of by hand, and nobody else.
			met := (known || seq > 0) && !a.host.Interface(modelNIC).NoARP
			r := a.host.React(kernel.Stimulus{Kind: kernel.Echo, In: modelNIC, Sender: w.clients[0], Target: w.vip, Known: met})
			if r.Out != modelNIC {
				r = kernel.Reaction{} // seen of another MAC address
			}
			if r.Announces.IsValid() {
				t.whoHas(w.clients[0], r1, r.Announces)
				t.isAt(w.clients[0], mac, r1, r.Announces)
			}
			if r.Reply != kernel.Silent {
				t.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: mac, SenderIP: w.vip, TargetIP: w.clients[0], ID: 9, Seq: seq})
			}
			t.tick(2 * time.Second)
		}
		t.tick(time.Minute)
	}
	return t.end()
}

// Whatever configuration a host has, a capture of what others ask it never
// excludes the true values; and where the capture cannot show its answers, its
// silence excludes nothing at all.
func TestTruthIsNeverLeftOutOfACapture(t *testing.T) {
	for _, w := range wilds {
		g := gridOf(w.grid)
		t.Run(fmt.Sprintf("VIP %s", w.vip), func(t *testing.T) {
			t.Parallel()
			wrong, tried, certain := 0, 0, 0
			for i, h := range g.hyps {
				if w.grid == vipMaybe && i%7 > 0 {
					continue // a sample, for they are many
				}
				a := w.real(h, h.host(g.vip))
				cfg := Config{VIPs: []netip.Addr{w.vip}, RealServers: []evidence.Host{{IP: w.rip, MAC: r1}}}
				r := Captured(w.capture(a, true), cfg)[0]
				for _, complaint := range against(r, h, &g.hosts[i], g.vip) {
					t.Errorf("%+v: %s", h, complaint)
					wrong++
				}
				if tried++; len(hostOf(t, r, r1).ARPIgnore) < 5 {
					certain++
				}
				if i%3 != 0 {
					continue
				}
				blind := hostOf(t, Captured(w.capture(a, false), cfg)[0], r1)
				if len(blind.ARPIgnore) != 5 || blind.AnswersARP == No || blind.HoldsVIP == No {
					t.Errorf("%+v: a blind capture says %+v", h, blind)
					wrong++
				}
				if wrong > 10 {
					t.Fatal("and so on")
				}
			}
			t.Logf("%d configurations, arp_ignore narrowed down for %d", tried, certain)
			if certain < tried/2 {
				t.Error("a capture that shows all excludes too little")
			}
		})
	}
}
