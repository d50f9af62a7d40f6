package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// codes lists the critical findings of a result with the hosts they are about.
func codes(r Result) (all []string) {
	for _, f := range r.Findings {
		if f.Severity == Critical {
			all = append(all, strings.TrimSpace(string(f.Code)+" "+f.MAC.String()))
		}
	}
	return all
}

// A second VIP that was not asked about is an address that the director and a
// leaking real server share. That does not make them one host.
func TestSharedVIPIsNoTwin(t *testing.T) {
	other := netip.MustParseAddr("192.168.1.100")
	d, a := director(), server(r1, r1IP, 0, 0, "lo")
	for _, h := range []*actor{d, a} {
		h.host.Interfaces[0].Addresses = append(h.host.Interfaces[0].Addresses, kernel.Address{Prefix: netip.PrefixFrom(other, 32)})
	}
	for name, cfg := range map[string]Config{"nobody named": self(vip), "director named": {VIPs: []netip.Addr{vip}, Director: dirNamed, Self: self(vip).Self}} {
		l := newLab(d, a)
		l.asking(vip)
		for _, h := range l.actors {
			l.whoHas(other, client, h.mac)
		}
		l.testing(vip)
		r := Diagnose(l.end(), cfg)[0]
		if r.Verdict != Fail {
			t.Errorf("%s: the verdict is %s: %s", name, r.Verdict, r.Summary)
		}
		for _, h := range r.Hosts {
			if h.MAC == r1 && h.Role == Director {
				t.Errorf("%s: the real server is called the director: %s", name, h.RoleReason)
			}
		}
	}
}

// Two interfaces of one host answer for each other's addresses, and its echo
// replies leave by one of them: that is one claimant.
func TestTwoInterfacesAreOneHost(t *testing.T) {
	second, secondIP := evidence.MAC{2, 0, 0, 1, 0, 2}, netip.MustParseAddr("192.168.1.11")
	d, twin := director(), server(second, secondIP, 0, 0, modelNIC)
	for _, h := range []*actor{d, twin} {
		for _, ip := range []netip.Addr{dirIP, secondIP} {
			if ip != h.rip {
				h.host.Interfaces[1].Addresses = append(h.host.Interfaces[1].Addresses, kernel.Address{Prefix: netip.PrefixFrom(ip, 24), Secondary: true})
			}
		}
	}
	twin.by = d // as the route to the client leads
	l := newLab(d, twin)
	l.asking(vip)
	for _, h := range l.actors {
		l.whoHas(dirIP, client, h.mac)
		l.whoHas(secondIP, client, h.mac)
	}
	l.testing(vip)
	l.echo(vip, client, twin.mac)
	r := Diagnose(l.end(), self(vip))[0]
	for _, h := range r.Hosts {
		if h.Role != Director {
			t.Errorf("%s is %s (%s), want director", h.MAC, h.Role, h.RoleReason)
		}
	}
	if len(r.Hosts) != 2 || len(codes(r)) > 0 {
		t.Errorf("want two hosts and no fault: %+v", r)
	}
}

// A director and a real server that share every address that is seen of them,
// VIPs all, are two hosts, even if the real server drops echo requests.
func TestSharedAddressesAreNoTwin(t *testing.T) {
	shared := netip.MustParseAddr("192.168.1.98")
	d, leak := server(dirMAC, shared, 0, 0, modelNIC), server(r1, shared, 0, 0, "lo")
	leak.host.IgnoreEcho = true
	l := newLab(d, leak)
	l.asking(vip)
	for _, h := range l.actors {
		l.whoHas(shared, client, h.mac)
		l.echo(vip, client, h.mac)
	}
	l.testing(vip)
	cfg := self(vip)
	cfg.Director = evidence.Host{MAC: dirMAC}
	r := Diagnose(l.end(), cfg)[0]
	if h := hostOf(t, r, r1); h.Role == Director || r.Verdict != Fail {
		t.Errorf("%s is %s (%s), verdict %s", h.MAC, h.Role, h.RoleReason, r.Verdict)
	}
}

// A director that was named and never seen accuses nobody: the name may be wrong.
func TestUnseenDirectorAccusesNobody(t *testing.T) {
	for name, h := range map[string]evidence.Host{
		"an address nobody has": {IP: netip.MustParseAddr("10.0.0.5")},
		"a MAC nobody has":      {MAC: evidence.MAC{2, 0, 0, 0, 0xaa, 0x77}},
		"another host's MAC":    {IP: dirIP, MAC: evidence.MAC{2, 0, 0, 0, 0xaa, 0x77}},
	} {
		cfg := self(vip)
		cfg.Director = h
		r := Diagnose(newLab(director()).run(vip), cfg)[0]
		if r.Verdict != Inconclusive || len(codes(r)) > 0 {
			t.Errorf("%s: %s, %v: %s", name, r.Verdict, codes(r), r.Summary)
		}
	}
}

// Two masters that both send adverts are a conflict, whoever spoke last.
func TestSplitBrain(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 0, 0, modelNIC))
	advert := func(mac evidence.MAC, ip netip.Addr) {
		l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: mac, SenderIP: ip, VRID: 51, Priority: 100, Virtual: []netip.Addr{vip}})
		l.tick(time.Millisecond)
	}
	for range 2 {
		advert(dirMAC, dirIP)
		advert(r1, r1IP)
	}
	r := Diagnose(l.run(vip), self(vip))[0]
	if got := codes(r); len(got) != 1 || !strings.HasPrefix(got[0], string(Conflict)) {
		t.Errorf("findings are %v, want vip-conflict alone", got)
	}
	if !strings.Contains(r.Summary, "split brain") || !strings.Contains(r.Findings[0].Why, "do not hear each other") {
		t.Errorf("the cause is not told: %s %s", r.Summary, r.Findings[0].Why)
	}
}

// A MAC address that routers share is the director's, whatever their protocol.
func TestVirtualRoutersOwnTheVIP(t *testing.T) {
	for _, mac := range []evidence.MAC{{0, 0, 0x5e, 0, 1, 51}, {0, 0, 0x0c, 0x07, 0xac, 1}, {0, 0, 0x0c, 0x9f, 0xf0, 1}, {0, 0x07, 0xb4, 0, 1, 1}} {
		r := Diagnose(newLab(server(mac, dirIP, 0, 0, modelNIC), server(r1, r1IP, 0, 2, "lo")).run(vip), self(vip))[0]
		if got := codes(r); !slices.Equal(got, []string{"vip-reply-leak " + r1.String()}) {
			t.Errorf("%s: %v: %s", mac, got, r.Summary)
		}
	}
}

// Nor does the last word help one whose rival goes on answering.
func TestSplitBrainWithOneLateAdvert(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 0, 0, modelNIC))
	advert := func(mac evidence.MAC, ip netip.Addr) {
		l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: mac, SenderIP: ip, VRID: 51, Priority: 100, Virtual: []netip.Addr{vip}})
	}
	advert(dirMAC, dirIP)
	l.asking(vip)
	advert(r1, r1IP)
	l.testing(vip)
	r := Diagnose(l.end(), self(vip))[0]
	if got := codes(r); len(got) != 1 || !strings.HasPrefix(got[0], string(Conflict)) {
		t.Errorf("findings are %v, want vip-conflict alone", got)
	}
}

// Adverts of somebody who does not answer for the VIP make nobody guilty.
func TestForgedAdvert(t *testing.T) {
	l := newLab(director())
	l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: r2, SenderIP: r2IP, VRID: 51, Priority: 255, Virtual: []netip.Addr{vip}})
	if r := Diagnose(l.run(vip), self(vip))[0]; r.Verdict != Pass {
		t.Errorf("%s, %v: %s", r.Verdict, codes(r), r.Summary)
	}
}

// Many hosts advertise the VIP at once, and one answers for it. Nothing shows
// that it is the right one, so this is no pass.
func TestFloodOfAdvertsIsNoPass(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
	l.asking(vip)
	for i := range 20 {
		l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: evidence.MAC{2, 0, 0, 0, 9, byte(i % 10)},
			SenderIP: netip.AddrFrom4([4]byte{192, 168, 1, byte(200 + i%10)}), VRID: 51, Priority: 255, Virtual: []netip.Addr{vip}})
	}
	l.testing(vip)
	r := Diagnose(l.end(), self(vip))[0]
	checkResult(t, r, wants{Inconclusive, Inconclusive, Pass, Pass, nil})
	if !strings.Contains(r.Summary, "several hosts advertise it by VRRP at the same time, and only 192.168.1.10 answers for it") {
		t.Errorf("summary: %s", r.Summary)
	}
}

// A cut cable in mid-run looks like silent hosts.
func TestSilentSegmentIsNoPass(t *testing.T) {
	d, a := director(), server(r1, r1IP, 1, 0, "lo")
	l := newLab(d, a)
	l.asking(vip)
	d.off, a.off = true, true
	l.testing(vip)
	if r := Diagnose(l.end(), self(vip))[0]; r.Verdict != Inconclusive {
		t.Errorf("%s: %s", r.Verdict, r.Summary)
	}
}

// A host may have some of the addresses that were picked at random.
func TestManyAddressesAreNoWideMask(t *testing.T) {
	d := director()
	for _, a := range []string{"192.168.1.240", "192.168.1.241"} {
		d.host.Interfaces[1].Addresses = append(d.host.Interfaces[1].Addresses, kernel.Address{Prefix: netip.MustParsePrefix(a + "/32")})
	}
	r := Diagnose(newLab(d).run(vip), self(vip))[0]
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == SubnetAnswered }) {
		t.Errorf("its own addresses are called unused: %+v", r.Findings)
	}
}

// A named real server that answered at first and then no more has leaked.
func TestNamedServerHasNothingToHandOver(t *testing.T) {
	d, a := director(), server(r1, r1IP, 0, 0, "lo")
	l := newLab(d, a)
	d.off = true
	for i := range 6 {
		if i == 3 {
			d.off, a.off = false, true
		}
		l.whoHas(vip, client, evidence.Broadcast)
		l.tick(200 * time.Millisecond)
	}
	l.tick(time.Second)
	cfg := self(vip)
	cfg.RealServers = []evidence.Host{r1Named}
	if got := codes(Diagnose(l.end(), cfg)[0]); !slices.Contains(got, string(ReplyLeak)+" "+r1.String()) {
		t.Errorf("findings are %v, want its leak", got)
	}
}
