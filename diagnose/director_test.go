package diagnose

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// Who the director is, where two hosts answer and nobody was named.
func TestWhoIsTheDirector(t *testing.T) {
	for _, tc := range []struct {
		name string
		hint func(l *lab)
	}{
		{"VRRP adverts", func(l *lab) {
			l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: dirMAC, SenderIP: dirIP, VRID: 51, Priority: 200, Virtual: []netip.Addr{vip}})
		}},
		{"the way of a SYN", func(l *lab) {
			syn(l, 61001, dirMAC, r1)
			syn(l, 61002, dirMAC, r2)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(director(), server(r1, r1IP, 0, 2, "lo"), server(r2, r2IP, 1, 2, "lo"))
			l.asking(vip)
			l.testing(vip)
			tc.hint(l)
			r := Diagnose(l.end(), self(vip))[0]
			checkResult(t, r, wants{Fail, Fail, Pass, Pass, []string{"vip-reply-leak " + r1.String()}})
			for mac, role := range map[evidence.MAC]Role{dirMAC: Director, r1: RealServer, r2: RealServer} {
				if h := hostOf(t, r, mac); h.Role != role {
					t.Errorf("%s is the %s (%s), want %s", mac, h.Role, h.RoleReason, role)
				}
			}
		})
	}
}

// syn is a connection that is opened by way of one host, and answered by another.
func syn(l *lab, port uint16, by, from evidence.MAC) {
	l.add(0, evidence.Record{Kind: evidence.TCPSyn, Sent: true, Src: selfMAC, Dst: by, SenderIP: client, TargetIP: vip, SenderPort: port, TargetPort: 80})
	l.add(time.Millisecond, evidence.Record{Kind: evidence.TCPSynAck, Src: from, Dst: selfMAC, SenderIP: vip, TargetIP: client, SenderPort: 80, TargetPort: port})
	l.tick(40 * time.Millisecond)
}

// A virtual router has its own MAC address, and is the owner by that alone.
func TestVirtualRouter(t *testing.T) {
	vmac := evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	l := newLab(server(vmac, dirIP, 0, 0, modelNIC), server(r1, r1IP, 0, 2, "lo"))
	r := Diagnose(l.run(vip), self(vip))[0]
	checkResult(t, r, wants{Fail, Fail, Pass, Pass, []string{"vip-reply-leak " + r1.String()}})
	if h := hostOf(t, r, vmac); h.Role != Director {
		t.Errorf("%s is the %s (%s), want the director", vmac, h.Role, h.RoleReason)
	}
}

// The master that has the MAC address of the virtual router on a second interface
// (keepalived with use_vmac) announces the VIP from its own, and is the one host that
// answers pings which were sent to the router. Of two that do, one is not.
func TestHostBehindAVirtualRouter(t *testing.T) {
	vmac := evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	for _, tc := range []struct {
		name  string
		also  evidence.MAC // who answers those pings besides; zero: nobody
		home  bool         // the master is found at the router's address by its own
		leaks []string
	}{
		{"one master", evidence.MAC{}, true, nil},
		{"perhaps a server that is passed all that is for the VIP", evidence.MAC{}, false, []string{"vip-announce-leak " + dirMAC.String()}},
		{"a server that announces it as well", r2, true, []string{"vip-announce-leak " + r2.String()}},
	} {
		master := server(dirMAC, dirIP, 1, 0, "lo")
		own := kernel.Address{Prefix: netip.PrefixFrom(dirIP, 32)}
		router := server(vmac, netip.Addr{}, 1, 0, modelNIC)
		router.rip = netip.MustParseAddr("192.168.1.254")
		router.host.Interfaces[1].Addresses = router.host.Interfaces[1].Addresses[1:]
		router.by, router.known = master, map[netip.Addr]bool{client: true} // it is the master that asks
		for i := range byte(20) {
			router.known[netip.AddrFrom4([4]byte{192, 168, 1, 200 + i})] = true
		}
		router.host.Interfaces[0].Addresses = append(router.host.Interfaces[0].Addresses, own)
		l := newLab(router, master, server(r1, r1IP, 1, 2, "lo"))
		if !tc.also.IsZero() {
			l.actors = append(l.actors, server(r2, netip.MustParseAddr("192.168.1.42"), 1, 0, "lo"))
		}
		l.asking(vip)
		l.testing(vip)
		if log := l.end(); !slices.Contains(Next(&log, self(vip), vip), evidence.Question{To: vmac, Kind: evidence.EchoRequest, Target: dirIP}) {
			t.Errorf("%s: %s is not pinged at the router's", tc.name, dirIP)
		}
		if tc.home {
			l.echo(dirIP, client, vmac)
		}
		if !tc.also.IsZero() {
			l.echo(vip, client, vmac)
			l.add(0, evidence.Record{Kind: evidence.EchoReply, Src: tc.also, Dst: selfMAC, SenderIP: vip, TargetIP: client, ID: 7, Seq: l.echoSeq})
			l.tick(time.Second)
		}
		r := Diagnose(l.end(), self(vip))[0]
		if got := codes(r); !slices.Equal(got, tc.leaks) {
			t.Errorf("%s: %s: %s: %q, want %q", tc.name, r.Verdict, r.Summary, got, tc.leaks)
		}
	}
}

// The owner changes in mid-run, as in a failover: it is no conflict, and the
// new one is the director; with VRRP it is what VRRP is for.
func TestFailover(t *testing.T) {
	for _, adverts := range []bool{false, true} {
		old, next := director(), server(r1, r1IP, 0, 0, "")
		l := newLab(old, next)
		for i := range 6 {
			if i == 3 {
				old.off = true
				next.host.Interfaces[1].Addresses = append(next.host.Interfaces[1].Addresses, old.host.Interfaces[1].Addresses[1])
				if adverts {
					l.add(0, evidence.Record{Kind: evidence.VRRPAdvert, Src: r1, SenderIP: r1IP, VRID: 51, Priority: 100, Virtual: []netip.Addr{vip}})
				}
			}
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		l.tick(time.Second)
		r := Diagnose(l.end(), self(vip))[0]
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == OwnerChanged })
		if i < 0 || r.Verdict != Inconclusive || r.Findings[i].MAC != r1 {
			t.Errorf("adverts %t: the verdict is %s, want inconclusive and vip-owner-changed to r1: %+v", adverts, r.Verdict, r.Findings)
			continue
		}
		if want := map[bool]Severity{true: Info, false: Warning}[adverts]; r.Findings[i].Severity != want {
			t.Errorf("adverts %t: the finding is %s, want %s", adverts, r.Findings[i].Severity, want)
		}
	}
}

// Two hosts that both keep answering fight for the address.
func TestFightIsNoFailover(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 0, 0, modelNIC))
	r := Diagnose(l.run(vip), self(vip))[0]
	for _, f := range r.Findings {
		if f.Code == OwnerChanged {
			t.Errorf("it is called a change of owner: %s", f.Why)
		}
	}
	if r.Verdict != Fail {
		t.Errorf("the verdict is %s, want fail", r.Verdict)
	}
}

// Gratuitous ARP of a real server moves everybody's entries at once.
func TestGratuitous(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
	l.asking(vip)
	l.tells(0, r1, vip, vip)
	l.testing(vip)
	r := Diagnose(l.end(), named(vip))[0]
	checkResult(t, r, wants{Fail, Fail, Pass, Pass, []string{"vip-gratuitous-leak " + r1.String()}})
}

// A frame whose ARP sender is not its Ethernet source.
func TestSourceMismatch(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
	l.asking(vip)
	l.testing(vip)
	log := l.end()
	for i := range log.Records {
		if rec := &log.Records[i]; rec.Kind == evidence.ARPReply && rec.SenderMAC == dirMAC && rec.SenderIP == vip {
			rec.Src = r2
		}
	}
	checkResult(t, Diagnose(log, named(vip))[0], wants{Pass, Pass, Pass, Pass, []string{"source-mismatch " + dirMAC.String()}})
}

// A capture of other people's ARP: nobody asked for us, so what was not said
// proves nothing, and what was said counts.
func TestSomebodyElsesARP(t *testing.T) {
	asker := evidence.MAC{2, 0, 0, 0, 0, 9}
	askerIP := netip.MustParseAddr("192.168.1.7")
	exchange := func(macs ...evidence.MAC) evidence.Log {
		l := newLab()
		l.tells(0, asker, askerIP, vip)
		for _, mac := range macs {
			l.add(time.Millisecond, evidence.Record{Kind: evidence.ARPReply, Src: mac, Dst: asker, SenderMAC: mac, SenderIP: vip, TargetMAC: asker, TargetIP: askerIP})
		}
		l.tick(3 * time.Second)
		return l.end()
	}
	dir := Config{VIPs: []netip.Addr{vip}, Director: evidence.Host{MAC: dirMAC}}
	for _, tc := range []struct {
		name     string
		log      evidence.Log
		cfg      Config
		verdict  Verdict
		findings []string
	}{
		{"nobody replies", exchange(), dir, Inconclusive, nil},
		{"the director replies", exchange(dirMAC), dir, Inconclusive, nil},
		{"r1 replies as well", exchange(dirMAC, r1), dir, Fail, []string{"vip-reply-leak " + r1.String()}},
		{"two reply, nobody named", exchange(dirMAC, r1), Config{VIPs: dir.VIPs}, Fail, []string{"vip-conflict"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := Diagnose(tc.log, tc.cfg)[0]
			checkResult(t, r, wants{tc.verdict, r.Tests.Reply, r.Tests.Announce, r.Tests.Holders, tc.findings})
			for _, h := range r.Hosts {
				if h.MAC == r1 && h.AnswersARP == No {
					t.Error("r1 is said not to answer")
				}
			}
		})
	}
}

// A wide netmask answers for the director's own address too, perhaps first:
// that does not make it the director.
func TestWideNetmaskIsNotTheDirector(t *testing.T) {
	l := newLab(server(r1, r1IP, 0, 0, "lo/24"), director())
	cfg := self(vip)
	cfg.Director, cfg.RealServers = evidence.Host{IP: dirIP}, []evidence.Host{{IP: r1IP}}
	r := Diagnose(l.run(vip), cfg)[0]
	for mac, role := range map[evidence.MAC]Role{dirMAC: Director, r1: RealServer} {
		if h := hostOf(t, r, mac); h.Role != role {
			t.Errorf("%s is the %s (%s), want %s", mac, h.Role, h.RoleReason, role)
		}
	}
}
