package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// Whatever configuration a host has, of all that the diagnosis knows: after a
// run its true arp_ignore and arp_announce are among those that are reported,
// and no answer about it is the opposite of the truth.
func TestTruthIsNeverLeftOut(t *testing.T) {
	for _, inSubnet := range []bool{true, false} {
		g := gridFor(inSubnet)
		t.Run(fmt.Sprintf("VIP %s", g.vip), func(t *testing.T) {
			t.Parallel()
			wrong := 0
			for i, h := range g.hyps {
				a := &actor{mac: r1, rip: modelRIP, host: g.hosts[i]}
				l := newLab(server(dirMAC, dirIP, 0, 0, ""), a)
				cfg := self(g.vip)
				cfg.RealServers = []evidence.Host{{IP: modelRIP, MAC: r1}}
				result := Diagnose(l.run(g.vip), cfg)[0]
				for _, complaint := range against(result, h, &g.hosts[i], g.vip) {
					t.Errorf("%+v: %s", h, complaint)
					wrong++
				}
				if wrong > 20 {
					t.Fatal("and so on")
				}
			}
			t.Logf("%d configurations", len(g.hyps))
		})
	}
}

// against lists what the result says about r1 that is not so.
func against(r Result, h hypothesis, host *kernel.Host, vip netip.Addr) (all []string) {
	i := slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == r1 })
	if i < 0 {
		return []string{"it is not in the result"}
	}
	said := r.Hosts[i]
	if !slices.Contains(said.ARPIgnore, h.Ignore) {
		all = append(all, fmt.Sprintf("arp_ignore is said to be %v", said.ARPIgnore))
	}
	if !slices.Contains(said.ARPAnnounce, h.Announce) {
		all = append(all, fmt.Sprintf("arp_announce is said to be %v", said.ARPAnnounce))
	}
	// Whoever answers some who-has for it counts, be it an ARP probe alone.
	answers := slices.ContainsFunc([]netip.Addr{modelClient, netip.IPv4Unspecified(), modelFar}, func(sender netip.Addr) bool {
		return host.React(kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: sender, Target: vip, Broadcast: true}).Reply != kernel.Silent
	})
	for _, q := range []struct {
		what  string
		said  Answer
		truth bool
	}{
		{"answers ARP", said.AnswersARP, answers},
		{"holds the VIP", said.HoldsVIP, h.Place.holds()},
	} {
		if q.said == Yes && !q.truth || q.said == No && q.truth {
			all = append(all, fmt.Sprintf("%s: %s is said, and it is %t", q.what, q.said, q.truth))
		}
	}
	return all
}

// A lab whose hosts do what no configuration does is noticed, or the test
// above proves nothing.
func TestNoConfigurationFits(t *testing.T) {
	// It replies to every other request.
	a := server(r1, r1IP, 1, 2, "lo")
	l := newLab(director(), a)
	l.asking(vip)
	l.isAt(0, r1, vip, netip.IPv4Unspecified())
	l.testing(vip)
	cfg := self(vip)
	cfg.Director, cfg.RealServers = dirNamed, []evidence.Host{r1Named}
	r := Diagnose(l.end(), cfg)[0]
	h := r.Hosts[slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == r1 })]
	if len(h.ARPIgnore) > 0 || len(h.ARPAnnounce) > 0 {
		t.Errorf("it is said to have arp_ignore %v and arp_announce %v, want none", h.ARPIgnore, h.ARPAnnounce)
	}
}
