package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// With the fix and no director nobody can reach the VIP: the end of the
// classic experiment.
func TestCheckUnowned(t *testing.T) {
	lab := start(t, changed(scenarios.Classic(right), func(h map[string]*scenarios.HostSpec) {
		h["director"].Interfaces[0].Addresses = h["director"].Interfaces[0].Addresses[:1]
	}))
	o := check(t, lab.Host("client"))
	r := o.wants(1, "vip-unowned")
	o.is(r1, diagnose.RealServer, diagnose.No, diagnose.Yes, diagnose.No, nil, []int{2})
	if r.Tests.Reply != diagnose.Fail {
		t.Errorf("the reply test is %s, want fail", r.Tests.Reply)
	}
}

// Two hosts claim the VIP, and it is not for us to say which is right, unless
// the director or the other one is named.
func TestCheckTwoOwners(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		args     []string
		findings []string
	}{
		{"nobody named", nil, []string{"vip-conflict"}},
		{"director by IP", []string{"--director", "192.168.1.10"}, []string{"vip-reply-leak " + r1.String()}},
		{"director by MAC", []string{"--director", directorMAC.String()}, []string{"vip-reply-leak " + r1.String()}},
		{"the real server by IP", []string{"--rs", "192.168.1.41"}, []string{"vip-reply-leak " + r1.String()}},
		{"the real server by MAC", []string{"--rs", r1.String()}, []string{"vip-reply-leak " + r1.String()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(scenarios.Server{Announce: 2}))
			o := check(t, lab.Host("client"), tc.args...)
			o.wants(1, tc.findings...)
			if tc.args == nil {
				for _, mac := range []evidence.MAC{directorMAC, r1} {
					o.is(mac, diagnose.Other, diagnose.Yes, diagnose.Yes, "any", nil, nil)
				}
			}
		})
	}
}

// A proxy answers a broadcast up to 0.8 s late, after the director has.
func TestCheckLateProxy(t *testing.T) {
	lab := start(t, changed(scenarios.Classic(right), func(h map[string]*scenarios.HostSpec) {
		h["r1"].Loopback = nil
		h["r1"].Interfaces = append(h["r1"].Interfaces, scenarios.InterfaceSpec{Name: "other", Kind: scenarios.Dummy})
		h["r1"].Sysctls = map[string]string{"net.ipv4.ip_forward": "1", "net.ipv4.conf.eth1.proxy_arp": "1"}
		h["r1"].Routes = []scenarios.RouteSpec{{Destination: netip.MustParsePrefix("192.168.1.99/32"), Dev: "other"}}
	}))
	o := check(t, lab.Host("client"), "--director", "192.168.1.10")
	if h := o.host(r1); h.AnswersARP != diagnose.Yes || h.HoldsVIP == diagnose.Yes {
		t.Errorf("the proxy answers: %s, want yes; holds: %s, want not yes\n%s", h.AnswersARP, h.HoldsVIP, o)
	}
	if o.code != 1 {
		t.Errorf("exit code %d, want 1: a second host answers for the VIP\n%s", o.code, o)
	}
}

// What answers exactly 0.8 s late, to each who-has, is caught too.
func TestCheckLateOwner(t *testing.T) {
	lab := start(t, changed(scenarios.Classic(right), func(h map[string]*scenarios.HostSpec) { h["r1"].Loopback = nil }))
	w := watch(t, lab.Host("r1"))
	w.each(func(rec evidence.Record) {
		if rec.Kind == evidence.ARPRequest && rec.TargetIP == scenarios.ClassicVIP && rec.Dst == evidence.Broadcast && !rec.IsProbe() {
			time.AfterFunc(800*time.Millisecond, func() {
				w.send(arpFrame(2, r1, rec.SenderMAC, scenarios.ClassicVIP, rec.SenderIP))
			})
		}
	})
	o := check(t, lab.Host("client"), "--director", "192.168.1.10")
	o.wants(1, "vip-reply-leak "+r1.String())
	if h := o.host(r1); h.FirstReplyMS == nil || *h.FirstReplyMS < 790 || *h.FirstReplyMS > 1000 || h.Replies < 3 {
		t.Errorf("%d replies, the first after %v ms; want 3 or more, after 800 ms\n%s", h.Replies, h.FirstReplyMS, o)
	}
}

// A real server that was named and does not answer for its own address.
func TestCheckSilentServer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		named    string
		damage   func(h *scenarios.Host) error
		code     int
		findings []string
	}{
		{"down", "192.168.1.41", func(h *scenarios.Host) error { return h.SetUp("eth1", false) }, 3, nil},
		{"down, MAC known", r1.String(), func(h *scenarios.Host) error { return h.SetUp("eth1", false) }, 3, nil},
		{"arp_ignore 8", "192.168.1.41=" + r1.String(), func(h *scenarios.Host) error {
			return h.Sysctl("net.ipv4.conf.eth1.arp_ignore", "8")
		}, 1, []string{"arp-silent " + r1.String()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(right))
			if err := tc.damage(lab.Host("r1")); err != nil {
				t.Fatal(err)
			}
			o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--rs", tc.named)
			o.wants(tc.code, tc.findings...)
		})
	}
}

// Adverts of VRRP say who the director is, where two hosts claim the VIP.
func TestCheckVRRP(t *testing.T) {
	lab := start(t, scenarios.Classic(scenarios.Server{Announce: 2}))
	w := watch(t, lab.Host("director"))
	stop := time.NewTicker(100 * time.Millisecond)
	t.Cleanup(stop.Stop)
	go func() {
		for range stop.C {
			w.send(vrrpFrame(directorMAC, scenarios.ClassicDirector, 51, 200, scenarios.ClassicVIP))
		}
	}()
	o := check(t, lab.Host("client"))
	o.wants(1, "vip-reply-leak "+r1.String())
	o.is(directorMAC, diagnose.Director, diagnose.Yes, diagnose.Yes, "any", nil, nil)
}

// A host that forwards and does not have the VIP sends ICMP errors for it, and
// asks for the sender with its own address. It holds nothing for that.
func TestCheckRouter(t *testing.T) {
	lab := start(t, changed(scenarios.Classic(right), func(h map[string]*scenarios.HostSpec) {
		h["r1"].Loopback = nil
		h["r1"].Sysctls["net.ipv4.ip_forward"] = "1"
	}))
	o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--rs", "192.168.1.41", "-v")
	if h := o.host(r1); h.HoldsVIP == diagnose.Yes {
		t.Errorf("it holds the VIP: %s, want no or unknown\n%s", h.HoldsVIP, o)
	}
}
