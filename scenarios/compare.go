package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// A comparison knows what a diagnosis is compared with beside the expectation.
type comparison struct {
	names    map[evidence.MAC]string // host by MAC address
	settings map[string][2]int       // arp_ignore and arp_announce that a host really has
}

// all lists every difference, one line each, and the addresses that have some.
func (c comparison) all(want []Expectation, results []diagnose.Result) (diffs []string, of []netip.Addr) {
	for _, r := range results {
		e := expectationFor(want, r.VIP)
		if e == nil {
			continue
		}
		one := c.one(*e, r)
		for _, d := range one {
			diffs = append(diffs, r.VIP.String()+": "+d)
		}
		if one != nil {
			of = append(of, r.VIP)
		}
	}
	return diffs, of
}

// expectationFor is the one that names the VIP, or else that for every VIP.
func expectationFor(want []Expectation, vip netip.Addr) *Expectation {
	for _, named := range []bool{true, false} {
		for i := range want {
			if want[i].VIP == vip && named || !want[i].VIP.IsValid() && !named {
				return &want[i]
			}
		}
	}
	return nil
}

func (c comparison) one(e Expectation, r diagnose.Result) (diffs []string) {
	if r.Verdict != e.Verdict {
		diffs = append(diffs, fmt.Sprintf("verdict %s, want %s: %s", r.Verdict, e.Verdict, r.Summary))
	}
	diffs = append(diffs, c.findings(e, r)...)
	for _, name := range slices.Sorted(maps.Keys(e.Hosts)) {
		diffs = append(diffs, c.host(name, e.Hosts[name], r)...)
	}
	return append(diffs, c.truth(e, r)...)
}

// findings compares the codes of each host, if any are named.
func (c comparison) findings(e Expectation, r diagnose.Result) (diffs []string) {
	want := map[string][]diagnose.Code{"": e.Findings}
	named := e.Findings != nil
	for name, h := range e.Hosts {
		want[name] = h.Findings
		named = named || h.Findings != nil
	}
	if !named {
		return nil
	}
	have := map[string][]diagnose.Code{}
	for _, f := range r.Findings {
		who := c.names[f.MAC]
		// One that is only worth knowing counts where it is asked for.
		if f.Severity == diagnose.Info && !slices.Contains(want[who], f.Code) || slices.Contains(have[who], f.Code) {
			continue
		}
		have[who] = append(have[who], f.Code)
	}
	for _, who := range slices.Sorted(maps.Keys(union(want, have))) {
		call := who
		if who == "" {
			call = "no single host"
		}
		if got, want := sorted(have[who]), sorted(want[who]); !slices.Equal(got, want) {
			diffs = append(diffs, fmt.Sprintf("findings about %s: %s, want %s", call, codes(got), codes(want)))
		}
	}
	return diffs
}

// host compares what is said of one host, under any of its MAC addresses.
func (c comparison) host(name string, want HostExpectation, r diagnose.Result) (diffs []string) {
	seen := false
	for _, h := range r.Hosts {
		if c.names[h.MAC] != name {
			continue
		}
		seen = true
		say := func(what string, got, want any) {
			diffs = append(diffs, fmt.Sprintf("%s: %s %v, want %v", name, what, got, want))
		}
		if want.Role != "" && h.Role != want.Role {
			say("role", h.Role, want.Role)
		}
		for _, q := range []struct {
			what      string
			got, want diagnose.Answer
		}{
			{"answers who-has:", h.AnswersARP, want.Answers},
			{"holds the VIP:", h.HoldsVIP, want.Holds},
			{"announces the VIP:", h.AnnouncesVIP, want.Announces},
		} {
			if q.want != "" && q.got != q.want {
				say(q.what, q.got, q.want)
			}
		}
		if want.ARPIgnore != nil && !slices.Equal(h.ARPIgnore, want.ARPIgnore) {
			say("arp_ignore", h.ARPIgnore, want.ARPIgnore)
		}
		if want.ARPAnnounce != nil && !slices.Equal(h.ARPAnnounce, want.ARPAnnounce) {
			say("arp_announce", h.ARPAnnounce, want.ARPAnnounce)
		}
	}
	asked := want.Role != "" || want.Answers != "" || want.Holds != "" || want.Announces != "" || want.ARPIgnore != nil || want.ARPAnnounce != nil
	if !seen && asked {
		diffs = append(diffs, name+": the check says nothing about this host, for it neither answered for the VIP nor announced it, and is not named: "+
			"write \"findings: []\" about it, which says that nothing is wrong with it, or name it among real-servers")
	}
	return diffs
}

// truth compares with what the hosts really have: the diagnosis may not know
// it, but it must not rule it out.
func (c comparison) truth(e Expectation, r diagnose.Result) (diffs []string) {
	for _, h := range r.Hosts {
		name := c.names[h.MAC]
		real, known := c.settings[name]
		want := e.Hosts[name]
		if !known || want.Filtered {
			continue
		}
		for _, q := range []struct {
			what string
			got  []int
			real int
			said bool
		}{
			{"arp_ignore", h.ARPIgnore, real[0], want.ARPIgnore != nil},
			{"arp_announce", h.ARPAnnounce, real[1], want.ARPAnnounce != nil},
		} {
			if !q.said && len(q.got) > 0 && !slices.Contains(q.got, q.real) {
				diffs = append(diffs, fmt.Sprintf("%s: %s is %d, which the diagnosis rules out: %v", name, q.what, q.real, q.got))
			}
		}
	}
	return diffs
}

func union[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func sorted(c []diagnose.Code) []diagnose.Code { return slices.Sorted(slices.Values(c)) }

func codes(c []diagnose.Code) string {
	if len(c) == 0 {
		return "none"
	}
	var words []string
	for _, code := range c {
		words = append(words, string(code))
	}
	return strings.Join(words, ", ")
}
