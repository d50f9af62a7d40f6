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

// The settings of a host that was changed are those that fit the longest end of
// the capture, though a shorter end that fits, too, holds only its silence.
func TestLongestEndThatFits(t *testing.T) {
	wire := newTap()
	wire.known()
	seq := uint16(0)
	alive := func() { // it has the VIP, whatever it says about that by ARP
		seq++
		wire.ping(clientMAC, client, r1, seq)
		wire.tick(2 * time.Second)
	}
	alive()
	for range 2 { // silent about its own address: arp_ignore is 8
		wire.whoHas(r1IP, clientMAC, client)
		wire.tick(2 * time.Second)
	}
	alive() // then it is changed
	wire.whoHas(vip, clientMAC, client)
	wire.isAt(vip, r1, clientMAC, client)
	wire.tick(2 * time.Second)
	for range 3 {
		wire.whoHas(vip, clientMAC, client, r1)
		wire.isAt(vip, r1, clientMAC, client)
		wire.tick(2 * time.Second)
	}
	for range 2 { // these are lost
		wire.whoHas(vip, clientMAC, client)
		wire.isAt(vip, dirMAC, clientMAC, client)
		alive()
	}
	r := Captured(wire.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}})[0]
	i := slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == r1 })
	if i < 0 || !slices.Contains(r.Hosts[i].ARPIgnore, 0) || slices.Contains(r.Hosts[i].ARPIgnore, 8) {
		t.Errorf("%s: %+v", r.Summary, r.Hosts)
	}
}

// A host that is mended while a long run asks was wrong until then, and its settings
// are those that it has now. Whoever leaves, or answers now and then, has changed none.
func TestMendedDuringARun(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after func(l *lab, a *actor) // what happens after some of the questions
		ended func(l *lab, a *actor)
	}{
		{"mended", func(l *lab, a *actor) { a.host.Interfaces[1].Settings = kernel.Settings{ARPIgnore: 1, ARPAnnounce: 2} }, nil},
		{"not at all", func(*lab, *actor) {}, nil},
		{"it has left", func(l *lab, a *actor) { a.off = true }, nil},
		{"it has gone for a while", func(l *lab, a *actor) { a.off = true }, func(l *lab, a *actor) { a.off = false }},
	} {
		leak := server(r1, r1IP, 0, 0, "lo")
		l := newLab(director(), leak)
		for range 3 {
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		tc.after(l, leak)
		for range silentForGood + 1 {
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		if tc.ended != nil {
			tc.ended(l, leak)
		}
		r := Diagnose(l.run(vip), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}, Self: self(vip).Self})[0]
		mended := tc.name == "mended"
		if h := hostOf(t, r, r1); mended && !slices.Equal(h.ARPIgnore, []int{1, 3}) {
			t.Errorf("arp_ignore %v", h.ARPIgnore)
		}
		if r.Verdict != Fail || !hasCode(r, ReplyLeak) || strings.Contains(r.Summary, "answered for it until") != mended {
			t.Errorf("%s: %s: %s", tc.name, r.Verdict, r.Summary)
		}
	}
}
