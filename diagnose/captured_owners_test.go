package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

var (
	vrrpMAC = evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	hsrpMAC = evidence.MAC{0, 0, 0x0c, 0x07, 0xac, 51}
	glbp1   = evidence.MAC{0, 0x07, 0xb4, 0, 51, 1}
	glbp2   = evidence.MAC{0, 0x07, 0xb4, 0, 51, 2}
)

// reign is a time during which a router is the master: it advertises and
// announces the VIP, and answers for it.
func (t *tap) reign(kind evidence.Kind, mac, src evidence.MAC, ip netip.Addr, priority uint8, adverts int) {
	t.advert(kind, src, ip, priority, vip)
	t.gratuitous(vip, mac)
	for range adverts {
		t.tick(time.Second)
		t.advert(kind, src, ip, priority, vip)
		t.whoHas(vip, clientMAC, client)
		t.isAt(vip, mac, clientMAC, client)
	}
}

// Who owns an address, where it is not one host all the time.
func TestCapturedOwners(t *testing.T) {
	nobody := Config{VIPs: []netip.Addr{vip}}
	carp := func(t *tap, src evidence.MAC, ip netip.Addr, skew uint8) {
		t.advert(evidence.CARPAdvert, src, ip, skew)
		t.tick(time.Second)
	}
	for _, tc := range []struct {
		name     string
		happens  func(*tap)
		verdict  Verdict
		findings []string // with those of severity info
		owner    evidence.MAC
		says     string // in the summary, or in a finding
	}{
		{"a failover with VRRP", func(t *tap) {
			t.known()
			t.reign(evidence.VRRPAdvert, dirMAC, dirMAC, dirIP, 150, 5)
			t.tick(4 * time.Second)
			t.reign(evidence.VRRPAdvert, r2, r2, r2IP, 100, 5)
		}, Inconclusive, []string{"vip-owner-changed " + r2.String()}, r2, "moved from 192.168.1.10 to 192.168.1.42"},
		{"a failover and back", func(t *tap) {
			t.known()
			t.reign(evidence.VRRPAdvert, dirMAC, dirMAC, dirIP, 150, 5)
			t.tick(4 * time.Second)
			t.reign(evidence.VRRPAdvert, r2, r2, r2IP, 100, 5)
			t.tick(200 * time.Millisecond)
			t.reign(evidence.VRRPAdvert, dirMAC, dirMAC, dirIP, 150, 5)
		}, Inconclusive, []string{"vip-owner-changed " + dirMAC.String()}, dirMAC, "moved from 192.168.1.42 to 192.168.1.10"},
		{"two masters", func(t *tap) {
			t.known()
			for range 5 {
				t.reign(evidence.VRRPAdvert, dirMAC, dirMAC, dirIP, 150, 1)
				t.advert(evidence.VRRPAdvert, r2, r2IP, 100, vip)
				t.isAt(vip, r2, clientMAC, client)
			}
		}, Fail, []string{"vip-conflict"}, evidence.MAC{}, "split brain"},
		{"a virtual MAC address that moves", func(t *tap) {
			t.known()
			t.reign(evidence.VRRPAdvert, vrrpMAC, vrrpMAC, dirIP, 150, 5)
			t.tick(4 * time.Second)
			t.reign(evidence.VRRPAdvert, vrrpMAC, vrrpMAC, r2IP, 100, 5)
			t.isAt(routerIP, routerMAC, clientMAC, client)
		}, Pass, nil, vrrpMAC, "alone answers"},
		{"two masters with one virtual MAC address", func(t *tap) {
			t.known()
			for range 5 {
				t.reign(evidence.VRRPAdvert, vrrpMAC, vrrpMAC, dirIP, 150, 1)
				t.advert(evidence.VRRPAdvert, vrrpMAC, r2IP, 100, vip)
			}
		}, Fail, []string{"vip-conflict"}, vrrpMAC, "split brain"},
		{"CARP", func(t *tap) {
			t.known()
			for range 5 {
				carp(t, vrrpMAC, dirIP, 0)
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, vrrpMAC, clientMAC, client)
			}
			t.isAt(routerIP, routerMAC, clientMAC, client)
		}, Pass, nil, vrrpMAC, "alone answers"},
		{"HSRP, and a real server that answers, too", func(t *tap) {
			t.known()
			t.reign(evidence.HSRPHello, hsrpMAC, hsrpMAC, dirIP, 110, 3)
			t.advert(evidence.HSRPHello, r2, r2IP, 100, vip) // it stands by
			t.isAt(vip, r1, clientMAC, client)
		}, Fail, []string{"vip-reply-leak " + r1.String()}, hsrpMAC, ""},
		{"GLBP has several MAC addresses for one address", func(t *tap) {
			t.known()
			for range 3 {
				t.advert(evidence.GLBPHello, dirMAC, dirIP, 110, vip)
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, glbp1, clientMAC, client)
				t.whoHas(vip, peerMAC, peerIP)
				t.isAt(vip, glbp2, peerMAC, peerIP)
				t.tick(2 * time.Second)
			}
		}, Pass, nil, glbp1, ""},
		{"a takeover that announces itself", func(t *tap) {
			t.known()
			for range 3 {
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, dirMAC, clientMAC, client)
				t.tick(2 * time.Second)
			}
			t.gratuitous(vip, r2)
			for range 3 {
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, r2, clientMAC, client)
				t.tick(2 * time.Second)
			}
		}, Inconclusive, []string{"vip-owner-changed " + r2.String()}, r2, "moved"},
		{"plain: an address that two hosts have", func(t *tap) {
			for range 2 {
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, r1, clientMAC, client)
				t.isAt(vip, r2, clientMAC, client)
				t.tick(2 * time.Second)
			}
		}, Fail, []string{"vip-conflict"}, evidence.MAC{}, "given out twice"},
		{"plain: an address that got another owner", func(t *tap) {
			for range 3 {
				t.whoHas(routerIP, r1, vip)
				t.tick(time.Minute)
			}
			t.whoHas(vip, r2, netip.IPv4Unspecified())
			t.tick(2 * time.Second)
			t.gratuitous(vip, r2)
			for range 3 {
				t.whoHas(routerIP, r2, vip)
				t.tick(time.Minute)
			}
		}, Inconclusive, []string{"vip-owner-changed " + r2.String()}, r2, "moved"},
		{"plain: two hosts that only ask with one address", func(t *tap) {
			for range 2 {
				t.whoHas(routerIP, r1, vip)
				t.whoHas(routerIP, r2, vip)
				t.tick(2 * time.Second)
			}
		}, Fail, []string{"vip-conflict"}, evidence.MAC{}, "given out twice"},
		{"a host that only probes whether it is free", func(t *tap) {
			t.known()
			for range 3 {
				t.whoHas(vip, r2, netip.IPv4Unspecified())
				t.isAt(vip, dirMAC, r2, netip.IPv4Unspecified())
				t.whoHas(vip, clientMAC, client)
				t.isAt(vip, dirMAC, clientMAC, client)
				t.tick(2 * time.Second)
			}
		}, Inconclusive, nil, dirMAC, "taken there"},
		{"spoofing, and its end", func(t *tap) {
			t.known()
			t.whoHas(vip, clientMAC, client)
			t.isAt(vip, dirMAC, clientMAC, client)
			for range 10 {
				t.tick(3 * time.Second)
				t.isAt(vip, r2, clientMAC, client)
			}
			for range 5 {
				t.tick(time.Second)
				t.see(evidence.Record{Kind: evidence.ARPReply, Src: r2, Dst: clientMAC, SenderMAC: dirMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client})
			}
		}, Fail, []string{"arp-spoofing " + r2.String()}, dirMAC, "in the name of 192.168.1.10"},
		{"a frame that is seen twice", func(t *tap) {
			t.known()
			for range 3 {
				for range 2 {
					t.whoHas(vip, clientMAC, client)
				}
				for range 2 {
					t.isAt(vip, dirMAC, clientMAC, client)
				}
				t.tick(2 * time.Second)
			}
			t.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: clientMAC, SenderIP: r1IP, TargetIP: client})
		}, Pass, nil, dirMAC, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wire := newTap()
			tc.happens(wire)
			cfg := nobody
			if strings.HasPrefix(tc.name, "plain") {
				cfg = Config{}
			}
			r := Captured(wire.end(), cfg)[0]
			var got []string
			text := r.Summary
			for _, f := range r.Findings {
				got = append(got, strings.TrimSpace(string(f.Code)+" "+strings.TrimPrefix(f.MAC.String(), "00:00:00:00:00:00")))
				text += "\n" + f.Summary + " " + f.Why
			}
			if r.Verdict != tc.verdict || !slices.Equal(got, tc.findings) {
				t.Errorf("%s, %q, want %s, %q:\n%s", r.Verdict, got, tc.verdict, tc.findings, text)
			}
			if !strings.Contains(text, tc.says) {
				t.Errorf("%q is not said in\n%s", tc.says, text)
			}
			for _, h := range r.Hosts {
				if h.MAC == tc.owner && h.Role != Director {
					t.Errorf("%s is %s (%s)", h.MAC, h.Role, h.RoleReason)
				}
			}
		})
	}
}

// The lists of a result: claims, asks with their answers, changes, filters.
func TestCapturedLists(t *testing.T) {
	wire := newTap()
	wire.known()
	wire.whoHas(vip, clientMAC, client)       // 1
	wire.isAt(vip, r1, clientMAC, client)     // 2
	wire.isAt(vip, dirMAC, clientMAC, client) // 3
	wire.tick(30 * time.Second)               //
	wire.whoHas(vip, peerMAC, peerIP)         // 4
	wire.isAt(vip, dirMAC, peerMAC, peerIP)   // 5
	wire.gratuitous(vip, r1)                  // 6
	r := Captured(wire.end(), Config{Director: dirNamed})[0]

	if r.VIP != vip || r.File != tapFile || len(r.VLAN) != 0 {
		t.Errorf("it is about %s in %q, VLAN %v", r.VIP, r.File, r.VLAN)
	}
	if len(r.Claims) != 2 || r.ClaimsTotal != 2 || r.Claims[0].MAC != r1 || r.Claims[0].First.Frame != 2 || r.Claims[0].Last.Frame != 6 ||
		r.Claims[0].Replies != 1 || r.Claims[0].Gratuitous != 1 {
		t.Errorf("claims %+v", r.Claims)
	}
	if len(r.Asks) != 2 || len(r.Asks[0].Answers) != 2 || r.Asks[0].Answers[0].MAC != r1 || r.Asks[0].Answers[1].DelayMS != 0.1 ||
		len(r.Asks[1].Answers) != 1 || r.Asks[1].IP != peerIP {
		t.Errorf("asks %+v", r.Asks)
	}
	var changes []string
	for _, c := range r.Changes {
		changes = append(changes, c.From.String()+" "+c.To.String()+" "+c.Why)
	}
	want := []string{r1.String() + " " + dirMAC.String() + " reply to 192.168.1.182", dirMAC.String() + " " + r1.String() + " gratuitous ARP"}
	if !slices.Equal(changes, want) {
		t.Errorf("changes %q", changes)
	}
	for _, f := range r.Findings {
		want := map[Code]string{ReplyLeak: "frame.number in {1 2}", GratuitousLeak: "frame.number == 6"}[f.Code]
		if len(f.Filters) != 1 || f.Filters[0] != (Filter{tapFile, want}) {
			t.Errorf("%s: %+v, want %s", f.Code, f.Filters, want)
		}
	}
}

// The same address in two VLANs is two addresses.
func TestCapturedVLANs(t *testing.T) {
	wire := newTap()
	for i, mac := range []evidence.MAC{dirMAC, r1} {
		for range 2 {
			vlan := evidence.VLANs(10 + 10*i)
			wire.see(evidence.Record{Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast, SenderMAC: clientMAC, SenderIP: client, TargetIP: vip, VLANs: vlan})
			wire.see(evidence.Record{Kind: evidence.ARPReply, Src: mac, Dst: clientMAC, SenderMAC: mac, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client, VLANs: vlan})
			wire.see(evidence.Record{Kind: evidence.ARPReply, Src: routerMAC, Dst: clientMAC, SenderMAC: routerMAC, SenderIP: routerIP, TargetMAC: clientMAC, TargetIP: client, VLANs: vlan})
			wire.tick(2 * time.Second)
		}
	}
	log := wire.end()
	if r := Captured(log, Config{})[0]; r.VIP.IsValid() || r.Verdict != Pass {
		t.Errorf("%s: %s %s", r.VIP, r.Verdict, r.Summary)
	}
	rs := Captured(log, Config{VIPs: []netip.Addr{vip}})
	if len(rs) != 2 || rs[0].Verdict != Pass || rs[1].Verdict != Pass || rs[1].VLAN[0] != 20 {
		t.Errorf("%+v", rs)
	}
}

// A real server that is mended while the capture runs: what it did is a fault,
// and the settings are those that it has now.
func TestCapturedMend(t *testing.T) {
	wire := newTap()
	wire.known()
	ask := func(n int, macs ...evidence.MAC) {
		for range n {
			wire.whoHas(vip, clientMAC, client)
			for _, mac := range macs {
				wire.isAt(vip, mac, clientMAC, client)
			}
			wire.whoHas(r1IP, clientMAC, client)
			wire.isAt(r1IP, r1, clientMAC, client)
			wire.connect(clientMAC, client, uint16(40000+len(wire.log.Records)), dirMAC, r1)
			wire.tick(2 * time.Second)
		}
	}
	ask(5, dirMAC, r1)
	ask(6, dirMAC)
	cfg := Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}}
	r := Captured(wire.end(), cfg)[0]
	h := hostOf(t, r, r1)
	if r.Verdict != Fail || !hasCode(r, ReplyLeak) || slices.Contains(h.ARPIgnore, 0) {
		t.Errorf("%s, arp_ignore %v: %s", r.Verdict, h.ARPIgnore, r.Summary)
	}
	if !slices.ContainsFunc(r.Notes, func(n Note) bool { return strings.Contains(n.Text, "something was changed on") }) {
		t.Errorf("that it changed is not told: %v", r.Notes)
	}
}

// Who answers for many addresses is told, with a conflict and without.
func TestCapturedCrowd(t *testing.T) {
	wire := newTap()
	for i := range byte(20) {
		addr := netip.AddrFrom4([4]byte{192, 168, 1, 100 + i})
		wire.whoHas(addr, clientMAC, client)
		wire.isAt(addr, routerMAC, clientMAC, client)
		wire.tick(time.Second)
	}
	rs := Captured(wire.end(), Config{})
	if len(rs) != 1 || rs[0].Verdict != Pass || !hasCode(rs[0], ProxyARP) || rs[0].VIP.IsValid() {
		t.Errorf("%+v", rs)
	}
}

// Frames of one moment in two files, and a file that begins later.
func TestCapturedFiles(t *testing.T) {
	wire := newTap()
	wire.known()
	for _, file := range []string{"a.pcap", "b.pcap"} {
		for range 2 {
			for _, rec := range []evidence.Record{
				{Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast, SenderMAC: clientMAC, SenderIP: client, TargetIP: vip},
				{Kind: evidence.ARPReply, Src: r1, Dst: clientMAC, SenderMAC: r1, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client},
			} {
				rec.File = file
				wire.see(rec)
			}
			wire.tick(2 * time.Second)
		}
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, RealServers: []evidence.Host{r1Named}})[0]
	want := []Filter{{"a.pcap", "frame.number in {1 2 4}"}, {"b.pcap", "frame.number in {2 4}"}}
	if !hasCode(r, ReplyLeak) || !slices.Equal(r.Findings[0].Filters, want) {
		t.Errorf("%+v", r.Findings)
	}
}

// What the tags of a mirror split, or two masters with one MAC address hide, is
// no pass where nobody named the address.
func TestNoConflictIsNotAlwaysOne(t *testing.T) {
	tagged := newTap()
	for i, mac := range []evidence.MAC{dirMAC, r1} {
		tagged.see(evidence.Record{Kind: evidence.ARPReply, Src: mac, Dst: clientMAC, SenderMAC: mac, SenderIP: vip, TargetMAC: clientMAC, TargetIP: client, VLANs: evidence.VLANs(10 * i)})
	}
	if r := Captured(tagged.end(), Config{})[0]; r.Verdict != Inconclusive || !strings.Contains(r.Summary, "one segment") {
		t.Errorf("%s: %s", r.Verdict, r.Summary)
	}
	masters := newTap()
	vrrpMAC := evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	for range 5 {
		masters.advert(evidence.VRRPAdvert, vrrpMAC, dirIP, 150, vip)
		masters.advert(evidence.VRRPAdvert, vrrpMAC, r2IP, 100, vip)
		masters.gratuitous(vip, vrrpMAC)
		masters.tick(time.Second)
	}
	if r := Captured(masters.end(), Config{})[0]; r.VIP != vip || r.Verdict != Fail || !hasCode(r, Conflict) {
		t.Errorf("%s, %s: %s", r.VIP, r.Verdict, r.Summary)
	}
}
