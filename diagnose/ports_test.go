package diagnose

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// oneByOne is more than apartEnough.
const oneByOne = 60 * time.Millisecond

// A bond of mode balance-tlb sends its echo replies with the address of another
// port, at which nobody answers.
func TestPortOfABond(t *testing.T) {
	port := evidence.MAC{2, 0, 0, 1, 0, 2}
	d := director()
	d.by = &actor{mac: port}
	l := newLab(d, server(r1, r1IP, 1, 2, "lo"))
	l.asking(vip)
	l.testing(vip)
	for range asksNeeded {
		l.whoHas(vip, client, port)
		l.echo(vip, client, port)
		l.whoHas(dirIP, client, dirMAC)
		l.echo(vip, client, dirMAC)
	}
	log := l.end()
	r := Diagnose(log, self(vip))[0]
	if h := hostOf(t, r, dirMAC); r.Verdict != Pass || len(r.Hosts) != 2 || !slices.Equal(h.OtherMACs, []evidence.MAC{port}) || h.Role != Director {
		t.Errorf("%s: %s; %+v", r.Verdict, r.Summary, r.Hosts)
	}
	if owners := Owners(&log, self(vip), vip); !slices.Equal(owners, []evidence.MAC{dirMAC, port}) {
		t.Errorf("the owner is at %v", owners)
	}
}

// A real server has such ports, too, though nobody asks it for the VIP: whoever
// was not seen to answer a ping with its own address is pinged alone.
func TestPortOfARealServer(t *testing.T) {
	port := evidence.MAC{2, 0, 0, 1, 0, 3}
	s := server(r1, r1IP, 1, 2, "lo")
	s.by = &actor{mac: port}
	l := newLab(director(), s)
	l.asking(vip)
	l.echo(vip, l.unused(), evidence.Broadcast)
	log := l.end()
	asked := Next(&log, self(vip), vip)
	for _, mac := range []evidence.MAC{port, r1} {
		if !slices.Contains(asked, evidence.Question{To: mac, Kind: evidence.EchoRequest, Target: vip}) {
			t.Errorf("%s is not pinged", mac)
		}
		for range asksNeeded {
			l.echo(vip, client, mac)
		}
	}
	l.testing(vip)
	r := Diagnose(l.end(), self(vip))[0]
	if h := hostOf(t, r, r1); r.Verdict != Pass || len(r.Hosts) != 2 || !slices.Equal(h.OtherMACs, []evidence.MAC{port}) {
		t.Errorf("%s: %s; %+v", r.Verdict, r.Summary, r.Hosts)
	}
}

// A bond of mode balance-alb asks with its own address, and gives each client that
// of another port; which one, a client knows for sure from ARP probes alone.
func TestPortThatAnswersForAnother(t *testing.T) {
	cfg, port := self(vip), evidence.MAC{2, 0, 0, 1, 0, 3}
	answer := func(l *lab, sender netip.Addr, to, from evidence.MAC) {
		l.add(0, evidence.Record{Kind: evidence.ARPRequest, Sent: true, Src: selfMAC, Dst: to, SenderMAC: selfMAC, SenderIP: sender, TargetIP: r1IP})
		l.isAt(100*time.Microsecond, from, r1IP, sender)
		l.tick(oneByOne)
	}
	for _, from := range []evidence.MAC{r1, port} {
		l := newLab(director())
		l.run(vip)
		l.tells(0, r1, r1IP, client)
		l.tick(oneByOne)
		for range asksNeeded {
			answer(l, client, r1, port)
		}
		log := l.end()
		asked := Next(&log, self(vip), vip)
		if h := portsOf(&log, &cfg); len(h) > 0 {
			t.Errorf("%v is a guess: anybody may have told so unasked", h)
		}
		for _, to := range []evidence.MAC{r1, port} {
			if !slices.Contains(asked, evidence.Question{To: to, Kind: evidence.ARPRequest, Target: r1IP, Sender: evidence.AsNobody}) {
				t.Errorf("%s is not asked", to)
			}
			for range asksNeeded {
				answer(l, netip.IPv4Unspecified(), to, from)
			}
		}
		log = l.end()
		if p := portsOf(&log, &cfg); p.of(port) != r1 {
			t.Errorf("ports: %v", p)
		}
		if asked := Next(&log, cfg, vip); slices.ContainsFunc(asked, func(q evidence.Question) bool { return q.Sender == evidence.AsNobody }) {
			t.Errorf("asked without end: %v", asked)
		}
	}
}

// A bond's answers may come late, and it may tell of another port unasked. That is not
// yet as if both answered each time.
func TestBothAnswer(t *testing.T) {
	port := evidence.MAC{2, 0, 0, 1, 0, 2}
	for name, tc := range map[string]struct {
		answers []evidence.MAC
		want    bool
	}{
		"one each":         {[]evidence.MAC{dirMAC, port}, false},
		"and once unasked": {[]evidence.MAC{dirMAC, dirMAC, port}, false},
		"both each time":   {[]evidence.MAC{dirMAC, port, dirMAC, port}, true},
	} {
		l := newLab(director())
		for range 2 {
			l.add(0, evidence.Record{Kind: evidence.ARPRequest, Sent: true, Src: selfMAC, Dst: evidence.Broadcast, SenderMAC: selfMAC, SenderIP: netip.IPv4Unspecified(), TargetIP: vip})
			l.tick(200 * time.Millisecond)
		}
		for _, mac := range tc.answers {
			l.isAt(0, mac, vip, netip.IPv4Unspecified())
		}
		log, cfg := l.end(), self(vip)
		if got := acquaint(&log).both(dirMAC, port, &cfg); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// passingOn is a run over a director and a host that answers for the VIP, too, and
// passes on to the director what it is sent.
func passingOn() *lab {
	d, m := director(), server(r1, r1IP, 0, 0, "lo")
	m.by = d
	l := newLab(d, m)
	l.asking(vip)
	l.testing(vip)
	for range asksNeeded {
		for _, a := range l.actors {
			l.whoHas(vip, client, a.mac)
			l.echo(vip, client, a.mac)
		}
	}
	return l
}

// Who answers for the VIP and passes on what it is sent (a man in the middle) is
// none of the director's ports: both answer each time.
func TestPassingOnMakesNoPort(t *testing.T) {
	for name, own := range map[string]bool{"with an address of its own": true, "hiding it": false} {
		l := passingOn()
		if own {
			l.whoHas(r1IP, client, r1)
			l.whoHas(r1IP, client, r1)
		}
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, Self: self(vip).Self})[0]
		if h := hostOf(t, r, r1); r.Verdict != Fail || len(r.Hosts) != 2 || len(h.OtherMACs) > 0 || h.Role == Director {
			t.Errorf("%s: %s: %s; %+v", name, r.Verdict, r.Summary, r.Hosts)
		}
	}
}

// Not even where any one of its frames is lost.
func TestPassingOnMakesNoPortIfAFrameIsLost(t *testing.T) {
	lost := 0
	for i, rec := range passingOn().end().Records {
		if rec.Sent || rec.Kind != evidence.ARPReply || rec.SenderIP != vip {
			continue
		}
		lost++
		log := passingOn().end()
		log.Records = slices.Delete(log.Records, i, i+1)
		for j := range log.Records {
			log.Records[j].Number = j + 1
		}
		r := Diagnose(log, Config{VIPs: []netip.Addr{vip}, Director: dirNamed, Self: self(vip).Self})[0]
		if h := hostOf(t, r, r1); r.Verdict != Fail || len(h.OtherMACs) > 0 {
			t.Errorf("without frame %d, %s: %s: %s; %+v", i+1, rec, r.Verdict, r.Summary, r.Hosts)
		}
	}
	if lost < 8 {
		t.Errorf("only %d frames were tried", lost)
	}
}

// Nobody has hundreds of ports, but whoever invents them.
func TestInventedPorts(t *testing.T) {
	l := newLab(director())
	l.asking(vip)
	l.testing(vip)
	l.echo(vip, client, dirMAC)
	for i := range 500 {
		l.add(time.Millisecond, evidence.Record{Kind: evidence.EchoReply, Src: evidence.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}, Dst: selfMAC,
			SenderIP: vip, TargetIP: client, ID: 7, Seq: l.echoSeq})
	}
	for _, h := range Diagnose(l.end(), self(vip))[0].Hosts {
		if len(h.OtherMACs) > 0 {
			t.Fatalf("%s has %d ports", h.MAC, len(h.OtherMACs))
		}
	}
}

// A run need not go on for who is surely another host, and must for who may be the
// director by another of its MAC addresses.
func TestFaultIsSure(t *testing.T) {
	for _, tc := range []struct {
		name string
		host *actor
		want bool
	}{
		{"a leak", server(r1, r1IP, 0, 0, "lo"), true},
		{"perhaps a second interface", server(r1, dirIP, 0, 0, "lo"), false},
	} {
		l := newLab(director(), tc.host)
		l.asking(vip)
		for range asksNeeded {
			l.whoHas(dirIP, client, evidence.Broadcast)
		}
		found := false
		cfg := Config{VIPs: []netip.Addr{vip}, Director: evidence.Host{IP: dirIP, MAC: dirMAC}, Self: self(vip).Self}
		log := l.end()
		for n := range log.Records {
			part := log
			part.Records, part.End = log.Records[:n+1], log.Records[n].Time
			found = found || Fault(&part, cfg)
		}
		if found != tc.want {
			t.Errorf("%s: a fault: %t, want %t", tc.name, found, tc.want)
		}
	}
}

// A director that never asks, and passes pings on to a real server which announces
// the VIP and shows no address of its own: that one is accused, and is no port.
func TestServerBehindADirectorIsNoPort(t *testing.T) {
	for name, named := range map[string][]evidence.Host{"nobody named": nil, "named by its MAC address": {{MAC: r1}}} {
		d := director()
		d.host.IgnoreEcho = true
		l := newLab(d)
		l.asking(vip)
		for i, at := range []evidence.MAC{evidence.Broadcast, dirMAC, dirMAC} {
			source := netip.AddrFrom4([4]byte{192, 168, 1, byte(200 + i)})
			l.echo(vip, source, at)
			l.tells(100*time.Microsecond, r1, vip, source)
			l.add(300*time.Microsecond, evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: selfMAC, SenderIP: vip, TargetIP: source, ID: 7, Seq: l.echoSeq})
			l.tick(time.Second)
		}
		for range asksNeeded {
			for _, mac := range []evidence.MAC{dirMAC, r1} {
				l.whoHas(vip, client, mac)
				l.whoHas(vip, netip.IPv4Unspecified(), mac)
				l.echo(vip, client, mac)
				l.tick(time.Second)
			}
		}
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: named, Self: self(vip).Self})[0]
		if got := codes(r); !slices.Contains(got, "vip-announce-leak "+r1.String()) || len(hostOf(t, r, dirMAC).OtherMACs) > 0 {
			t.Errorf("%s: %s: %s, with %q", name, r.Verdict, r.Summary, got)
		}
	}
}
