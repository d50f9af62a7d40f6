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

// What a host did before somebody changed its settings in the middle of a long run is
// told as the past, and its settings are those that it has now. Whoever leaves, or is
// away for a while, has changed none.
func TestTurn(t *testing.T) {
	right, wrong := kernel.Settings{ARPIgnore: 1, ARPAnnounce: 2}, kernel.Settings{}
	set := func(to kernel.Settings) func(*actor) {
		return func(a *actor) { a.host.Interfaces[1].Settings = to }
	}
	away := func(is bool) func(*actor) { return func(a *actor) { a.off = is } }
	nothing := func(*actor) {}
	for _, tc := range []struct {
		name    string
		first   kernel.Settings
		then    []func(*actor) // what is done to it, each after some questions
		ignore  bool           // whether arp_ignore 0 is possible
		summary string
		note    string
	}{
		{"mended", wrong, []func(*actor){set(right), nothing, nothing}, false, "answered for it until 12:00:00.4 UTC", "something was changed on 192.168.1.41 by "},
		{"mended at last", wrong, []func(*actor){nothing, set(right)}, false, "answered for it until 12:00:01.6 UTC", "something was changed on 192.168.1.41 by "},
		{"half mended", wrong, []func(*actor){set(kernel.Settings{ARPIgnore: 1}), nothing}, false, "answered for it until 12:00:00.4 UTC and announces it", "something was changed on 192.168.1.41 by "},
		{"broken", right, []func(*actor){nothing, set(wrong)}, true, "answers for it since 12:00:01.7 UTC and announces it", "something was changed on 192.168.1.41 by "},
		{"broken and mended", right, []func(*actor){nothing, set(wrong), set(right)}, false, "answered for it until 12:00:02.1 UTC", "something was changed on 192.168.1.41 by "},
		{"mended and broken", wrong, []func(*actor){set(right), nothing, set(wrong)}, true, "answers for it and announces it", ""},
		{"not at all", wrong, []func(*actor){nothing, nothing}, true, "answers for it and announces it", ""},
		{"it has left", wrong, []func(*actor){away(true), nothing}, true, "answers for it", "192.168.1.41 is silent since 12:00:01.1 UTC"},
		{"it was away for a while", wrong, []func(*actor){away(true), away(false)}, true, "answers for it and announces it", ""},
	} {
		server := server(r1, r1IP, 0, 0, "lo")
		set(tc.first)(server)
		l := newLab(director(), server)
		l.asking(vip)
		for _, do := range tc.then {
			do(server)
			for range silentForGood + 1 {
				l.whoHas(vip, client, evidence.Broadcast)
				l.tick(100 * time.Millisecond)
			}
		}
		l.testing(vip)
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}, Self: self(vip).Self})[0]
		h := hostOf(t, r, r1)
		if r.Verdict != Fail || !hasCode(r, ReplyLeak) || !strings.Contains(r.Summary, "192.168.1.41 "+tc.summary+";") {
			t.Errorf("%s: %s: %s", tc.name, r.Verdict, r.Summary)
		}
		if slices.Contains(h.ARPIgnore, 0) != tc.ignore || len(h.ARPIgnore) == 0 {
			t.Errorf("%s: arp_ignore %v", tc.name, h.ARPIgnore)
		}
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == ReplyLeak })
		once := strings.Contains(tc.summary, "answered for it until")
		if f := r.Findings[i]; strings.Contains(f.Summary, "answered who-has 192.168.1.99 until 12:00:0") != once || strings.Contains(f.Why, "something was changed there") != once || once && len(f.Causes) > 0 {
			t.Errorf("%s: %+v", tc.name, f)
		}
		told := ""
		for _, n := range r.Notes {
			if strings.Contains(n.Text, "something was changed") || strings.Contains(n.Text, "is silent since") {
				told = n.Text
			}
		}
		if tc.note == "" && told != "" || !strings.Contains(told, tc.note) {
			t.Errorf("%s: %q", tc.name, told)
		}
	}
}

// A director that ceases to answer is no pass, whether it has left or was changed.
func TestTurnOfTheDirector(t *testing.T) {
	for name, do := range map[string]func(*actor){
		"it has left": func(a *actor) { a.off = true },
		"it is mute":  func(a *actor) { a.host.Interfaces[1].ARPIgnore = 8 },
	} {
		d := director()
		l := newLab(d, server(r1, r1IP, 1, 2, "lo"))
		l.asking(vip)
		do(d)
		for range silentForGood {
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		l.testing(vip)
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}, Self: self(vip).Self})[0]
		if r.Verdict == Pass || !strings.Contains(r.Summary, "192.168.1.10, its director, answered until 12:00:00.4 UTC and no more") {
			t.Errorf("%s: %s: %s; %+v; %+v", name, r.Verdict, r.Summary, r.Hosts, r.Notes)
		}
	}
}

// Whoever answers now and then only (a limit, a filter) was not changed: no Linux
// setting fits that.
func TestNowAndThenIsNoTurn(t *testing.T) {
	for _, each := range []int{3, 5, 7} {
		odd := server(r1, r1IP, 0, 0, "lo")
		l := newLab(director(), odd)
		for i := range 30 {
			odd.off = i%each != 0
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		odd.off = false
		odd.host.Interfaces[1].ARPIgnore = 1 // so that nothing fits
		l.testing(vip)
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}, Self: self(vip).Self})[0]
		if h := hostOf(t, r, r1); len(h.ARPIgnore) > 0 || strings.Contains(r.Summary, "until") {
			t.Errorf("each %d: arp_ignore %v: %s", each, h.ARPIgnore, r.Summary)
		}
	}
}

// A host that loses the VIP, or comes late, has no other settings than before; and what
// it did with the VIP makes it no proxy.
func TestTurnOfTheVIP(t *testing.T) {
	has := server(r1, r1IP, 0, 0, "lo").host.Interfaces[0].Addresses
	give := func(a *actor, to []kernel.Address) { a.host.Interfaces[0].Addresses = to }
	for _, tc := range []struct {
		name        string
		first, then func(*actor)
		summary     string
		note        string
	}{
		{"taken off", func(*actor) {}, func(a *actor) { give(a, nil) }, "192.168.1.41 answered for it until ", "something was changed on 192.168.1.41 by "},
		{"given to it", func(a *actor) { give(a, nil) }, func(a *actor) { give(a, has) }, "192.168.1.41 answers for it", ""},
		{"it comes late", func(a *actor) { a.off = true }, func(a *actor) { a.off = false }, "192.168.1.41 answers for it", ""},
	} {
		server := server(r1, r1IP, 0, 0, "lo")
		tc.first(server)
		l := newLab(director(), server)
		l.asking(vip)
		for range silentForGood {
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		tc.then(server)
		for range silentForGood {
			l.whoHas(vip, client, evidence.Broadcast)
			l.tick(200 * time.Millisecond)
		}
		l.testing(vip)
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}, Self: self(vip).Self})[0]
		if !strings.HasPrefix(r.Summary, tc.summary) || hasCode(r, ProxyARP) {
			t.Errorf("%s: %s: %s", tc.name, r.Verdict, r.Summary)
		}
		for _, f := range r.Findings {
			if f.Code == ReplyLeak && tc.note != "" && !strings.Contains(f.Why, "arp_ignore may still be 0 there") {
				t.Errorf("%s: %s", tc.name, f.Why)
			}
		}
		if tc.note != "" && !slices.ContainsFunc(r.Notes, func(n Note) bool { return strings.HasPrefix(n.Text, tc.note) }) {
			t.Errorf("%s: %+v", tc.name, r.Notes)
		}
	}
}
