package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// check checks what is said about a check, complete or not.
func (j *judge) check(c *CheckSpec, at string) {
	if c.From != "" {
		if m := j.spec.member(c.From); m == nil {
			j.noHost(c.From, at+".from")
		} else if c.Interface != "" {
			j.dev(m, c.Interface, at+".interface")
		}
	}
	for i, vip := range c.VIPs {
		path := fmt.Sprintf("%s.vips[%d]", at, i)
		if err := checkHostAddr(vip); err != nil {
			j.fail(path, "%s", err)
		} else if slices.Index(c.VIPs, vip) < i {
			j.fail(path, "%s is there twice", vip)
		}
	}
	j.pause(c.Wait, at+".wait")
	if c.Count < 0 || c.Count > 1000 {
		j.fail(at+".count", "%d is no number from 1 to 1000", c.Count)
	}
	// In a file, a zero that would quietly be something else is a mistake.
	for key, zero := range map[string]bool{"count": c.Count == 0, "wait": c.Wait == 0} {
		if _, written := j.spec.positions[at+"."+key]; written && zero {
			j.fail(at+"."+key, "zero is not possible: leave the key out for the default")
		}
	}
}

// A fullCheck is a check with what it has from the common part, and its places.
type fullCheck struct {
	CheckSpec
	step    *CheckStep
	at      string
	segment string
}

// place is where a key is, in the step or in the common part.
func (c *fullCheck) place(key string, inStep bool) string {
	if inStep {
		return c.at + "." + key
	}
	return "check." + key
}

func (j *judge) checkStep(c *CheckStep, at string) {
	before := len(j.errs)
	j.check(&c.CheckSpec, at)
	j.steps(c.During, at+".during", false)
	if len(j.errs) > before {
		return
	}
	full := &fullCheck{CheckSpec: c.CheckSpec.over(j.spec.Check), step: c, at: at}
	from, dev, err := j.spec.origin(full.CheckSpec)
	if err != nil {
		key, inStep := "from", c.From != ""
		if full.Interface != "" {
			key, inStep = "interface", c.Interface != ""
		}
		j.fail(full.place(key, inStep), "%s", err)
		return
	}
	full.segment = from.on(dev)
	if len(full.VIPs) == 0 {
		j.fail(at, "no VIP to check: \"vips\" is missing here and in the common part")
	}
	if full.Port != 0 && full.NoAnnounceTest {
		j.fail(full.place("port", c.Port != 0), "port and no-announce-test exclude each other: a real server sends ARP requests to answer a SYN")
	}
	j.named(full)
	j.expectations(full)
}

// named checks who is named as the director and as real servers.
func (j *judge) named(c *fullCheck) {
	have := map[evidence.Host]string{}
	one := func(ref, path string) {
		h, err := j.spec.named(ref, c.segment, c.VIPs)
		switch first, twice := have[h]; {
		case err != nil:
			j.fail(path, "%s", err)
		case slices.Contains(c.VIPs, h.IP):
			j.fail(path, "%s is a VIP itself: name the host by an address of its own, or by its MAC address", h.IP)
		case twice:
			j.fail(path, "%q is named already, as %q: each host is named once", ref, first)
		}
		have[h] = ref
	}
	if c.Director != "" {
		one(c.Director, c.place("director", c.step.Director != ""))
	}
	for i, ref := range c.RealServers {
		one(ref, c.place(fmt.Sprintf("real-servers[%d]", i), c.step.RealServers != nil))
	}
}

// expectations checks what a check has to find: for each VIP just one counts.
func (j *judge) expectations(c *fullCheck) {
	if len(c.step.Expect) == 0 {
		j.fail(c.at, "a check wants an \"expect\"")
		return
	}
	first := map[netip.Addr]bool{}
	for i := range c.step.Expect {
		e, path := &c.step.Expect[i], c.step.expectAt(c.at, i, j.spec)
		switch {
		case first[e.VIP] && e.VIP.IsValid():
			j.fail(path+".vip", "what is expected of %s was said already", e.VIP)
		case first[e.VIP]:
			j.fail(path, "what is expected of every VIP was said already: name one by \"vip\"")
		case e.VIP.IsValid() && !slices.Contains(c.VIPs, e.VIP):
			j.fail(path+".vip", "%s is not checked", e.VIP)
		}
		first[e.VIP] = true
		j.expect(e, c.segment, path)
	}
	for _, vip := range c.VIPs {
		if !first[vip] && !first[netip.Addr{}] {
			j.fail(c.at+".expect", "nothing is expected of %s", vip)
		}
	}
}

// expectAt is the path of an expectation, which is a list's item or stands alone.
func (c *CheckStep) expectAt(at string, i int, s *Spec) string {
	path := fmt.Sprintf("%s.expect[%d]", at, i)
	if _, ok := s.positions[path]; !ok && s.positions != nil {
		return at + ".expect"
	}
	return path
}

// expect checks one expectation: it has to be one that a diagnosis can meet.
func (j *judge) expect(e *Expectation, segment, at string) {
	j.codes(e.Findings, at+".findings")
	for _, name := range slices.Sorted(maps.Keys(e.Hosts)) {
		h, at := e.Hosts[name], at+".hosts."+name
		m := j.spec.member(name)
		if m == nil {
			j.noHost(name, at)
			continue
		}
		if !m.isOn(segment) {
			j.fail(at, "host %s is not on segment %q, where the check is made", name, segment)
		}
		j.codes(h.Findings, at+".findings")
		j.values(h.ARPIgnore, []int{0, 1, 2, 3, 8}, at+".arp_ignore")
		j.values(h.ARPAnnounce, []int{0, 1, 2}, at+".arp_announce")
	}
}

func (j *judge) codes(codes []diagnose.Code, at string) {
	for i, code := range codes {
		if slices.Index(codes, code) < i {
			j.fail(fmt.Sprintf("%s[%d]", at, i), "%s is there twice", code)
		}
	}
}

// values checks a list of values as a diagnosis gives them: in order.
func (j *judge) values(values, possible []int, at string) {
	for i, v := range values {
		switch {
		case !slices.Contains(possible, v):
			j.fail(fmt.Sprintf("%s[%d]", at, i), "%d is none of the values that a diagnosis tells apart: %v", v, possible)
		case i > 0 && v <= values[i-1]:
			j.fail(fmt.Sprintf("%s[%d]", at, i), "%d comes after %d: a diagnosis lists values in order, each once", v, values[i-1])
		}
	}
}
