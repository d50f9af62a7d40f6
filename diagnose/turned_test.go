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
		name       string
		first      kernel.Settings
		then, last func(*actor) // what is done to it after some questions, and after more
		ignore     bool         // whether arp_ignore 0 is possible
		summary    string
		note       string
	}{
		{"mended", wrong, set(right), nothing, false, "answered for it until 12:00:00 UTC", "behaved otherwise before 12:00:00 UTC"},
		{"mended at last", wrong, nothing, set(right), false, "answered for it until 12:00:01 UTC", "behaved otherwise before 12:00:01 UTC"},
		{"broken", right, nothing, set(wrong), true, "answers for it and announces it", "behaved otherwise before 12:00:01 UTC"},
		{"not at all", wrong, nothing, nothing, true, "answers for it and announces it", ""},
		{"it has left", wrong, away(true), nothing, true, "answers for it", "was not heard any more after 12:00:01 UTC"},
		{"it was away for a while", wrong, away(true), away(false), true, "answers for it and announces it", ""},
	} {
		server := server(r1, r1IP, 0, 0, "lo")
		set(tc.first)(server)
		l := newLab(director(), server)
		l.asking(vip)
		for _, do := range []func(*actor){tc.then, tc.last} {
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
		told := ""
		for _, n := range r.Notes {
			if strings.Contains(n.Text, "behaved otherwise") || strings.Contains(n.Text, "not heard any more") {
				told = n.Text
			}
		}
		if tc.note == "" && told != "" || !strings.Contains(told, tc.note) {
			t.Errorf("%s: %q", tc.name, told)
		}
	}
}
