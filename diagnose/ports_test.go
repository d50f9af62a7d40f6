package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

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

// Who answers for the VIP and passes on what it is sent (a man in the middle) is
// none of the director's ports: both answer each time.
func TestPassingOnMakesNoPort(t *testing.T) {
	for name, own := range map[string]bool{"with an address of its own": true, "hiding it": false} {
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
			if own {
				l.whoHas(r1IP, client, r1)
			}
		}
		r := Diagnose(l.end(), Config{VIPs: []netip.Addr{vip}, Director: dirNamed, Self: self(vip).Self})[0]
		if h := hostOf(t, r, r1); r.Verdict != Fail || len(r.Hosts) != 2 || len(h.OtherMACs) > 0 || h.Role == Director {
			t.Errorf("%s: %s: %s; %+v", name, r.Verdict, r.Summary, r.Hosts)
		}
	}
}
