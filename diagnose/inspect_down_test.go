package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/kernel"
)

// kube-proxy leaves its kube-ipvs0 down and without ARP: the kernel answers for
// what is on it all the same.
func TestInspectDown(t *testing.T) {
	service := netip.MustParseAddr("10.96.0.1")
	node := func(bits int) *Inspection {
		return realServer(func(in *Inspection) {
			in.Interface("lo").Addresses = in.Interface("lo").Addresses[:1]
			d := in.Interface("dummy0")
			d.Name, d.Down, d.NoARP, d.Addresses = "kube-ipvs0", true, true, []kernel.Address{{Prefix: netip.PrefixFrom(service, bits)}}
			in.Links["kube-ipvs0"] = in.Links["dummy0"]
		})
	}
	if got := node(32).Candidates(); !slices.Equal(got, []netip.Addr{service}) {
		t.Errorf("candidates %v", got)
	}
	codes := func(r Result) (all []Code) {
		for _, f := range r.Findings {
			all = append(all, f.Code)
		}
		return all
	}
	for _, bits := range []int{32, 24} { // the mask does nothing there
		in := node(bits)
		r := Inspect(in, []netip.Addr{service})[0]
		if got := codes(r); r.Hosts[0].Role != RealServer || !slices.Equal(got, []Code{ReplyLeak, AnnounceLeak}) {
			t.Errorf("/%d: %s: %v", bits, r.Hosts[0].Role, got)
		}
		in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2
		if r := Inspect(in, []netip.Addr{service})[0]; r.Verdict != Pass {
			t.Errorf("/%d, set right: %s: %s", bits, r.Verdict, r.Summary)
		}
	}
}
