package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Whoever was named as the director and is silent may be the wrong host: that is said
// before the command for the one that answers.
func TestWrongDirectorNamed(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
	r := Diagnose(l.run(vip), Config{VIPs: []netip.Addr{vip}, Director: r1Named, Self: self(vip).Self})[0]
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == ReplyLeak && f.MAC == dirMAC })
	if i < 0 {
		t.Fatalf("%s: %+v", r.Summary, r.Findings)
	}
	if f := r.Findings[i]; f.Fix[0] != "# only if the director is really 192.168.1.41, which does not answer for it" || !strings.Contains(f.Causes[0], "--director names another host, 192.168.1.41") {
		t.Errorf("%q %q", f.Fix, f.Causes)
	}
	l = newLab(director(), server(r1, r1IP, 0, 0, "lo"))
	r = Diagnose(l.run(vip), named(vip))[0]
	for _, f := range r.Findings {
		if strings.Contains(strings.Join(append(f.Fix, f.Causes...), " "), "director is really") {
			t.Errorf("the director answers: %q", f.Fix)
		}
	}
}

// Silence about an address of its own is no claim, so nobody else "should".
func TestBlameForSilence(t *testing.T) {
	l := newLab(director(), server(r1, r1IP, 8, 2, "lo"))
	r := Diagnose(l.run(vip), named(vip))[0]
	if !hasCode(r, ARPSilent) || r.Verdict != Fail || strings.Contains(r.Summary, "should") {
		t.Errorf("%s: %s", r.Verdict, r.Summary)
	}
}

// Nobody answers for a VIP that is not of this subnet: the interface may be the wrong one.
func TestUnownedElsewhere(t *testing.T) {
	for addr, want := range map[string]bool{"10.0.0.1": true, "192.168.1.77": false} {
		l := newLab(server(r1, r1IP, 1, 2, ""))
		other := netip.MustParseAddr(addr)
		r := Diagnose(l.run(other), self(other))[0]
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == Unowned })
		if i < 0 || strings.Contains(r.Findings[i].Why, "Nor is it in 192.168.1.0/24, the subnet of eth1") != want {
			t.Errorf("%s: %s: %+v", addr, r.Summary, r.Findings)
		}
	}
}

// A host without an address asks as nobody, and its broadcasts have been listened
// after, whatever it asked one host alone later.
func TestAskedInFullWithoutAddress(t *testing.T) {
	nobody := netip.IPv4Unspecified()
	l := newLab(director())
	for range 3 {
		l.whoHas(vip, nobody, evidence.Broadcast)
	}
	l.tick(5 * time.Second)
	l.whoHas(vip, nobody, dirMAC)
	cfg := Config{VIPs: []netip.Addr{vip}, Director: dirNamed, Self: Self{Interface: "eth1", MAC: selfMAC}}
	r := Diagnose(l.end(), cfg)[0]
	if strings.Contains(r.Summary, "nobody was given the time") {
		t.Errorf("%s: %s", r.Verdict, r.Summary)
	}
}
