package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// everything is what Down and Up call a whole host.
const everything = "all"

// kinds are the keys that are set of those of which a step has one.
func (s *Step) kinds() (set []string) {
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"run", s.Run != ""}, {"sysctls", s.Sysctls != nil}, {"add", s.Add != nil}, {"remove", s.Remove != nil},
		{"down", s.Down != ""}, {"up", s.Up != ""}, {"forget", s.Forget != ""}, {"announce", s.Announce != nil},
		{"await", s.Await.IsValid()}, {"start", s.Start != ""}, {"stop", s.Stop != ""},
		{"pause", s.Pause != 0}, {"check", s.Check != nil},
	} {
		if k.set {
			set = append(set, k.name)
		}
	}
	return set
}

// steps checks a list of steps. Those that go on during a check are not checks.
func (j *judge) steps(steps []Step, at string, checks bool) {
	for i := range steps {
		j.step(&steps[i], fmt.Sprintf("%s[%d]", at, i), checks)
	}
}

func (j *judge) step(s *Step, at string, checks bool) {
	kinds := s.kinds()
	if len(kinds) != 1 {
		j.fail(at, "a step does one thing, and this does %s: run, sysctls, add, remove, down, up, forget, announce, await, start, stop, pause or check", list(kinds))
		return
	}
	switch kind := kinds[0]; {
	case kind == "check" && !checks:
		j.fail(at+".check", "there is a check going on already")
		return
	case kind == "check" && s.On != "":
		j.fail(at+".on", "a check says by %q from which host it is made", "from")
		return
	case kind == "check":
		j.checkStep(s.Check, at+".check")
		return
	case kind == "pause" && s.On != "":
		j.fail(at+".on", "a pause is on no host")
		return
	case kind == "pause":
		j.pause(s.Pause, at+".pause")
		return
	case s.On == "":
		j.fail(at, "on which host? the key \"on\" is missing")
		return
	}
	m := j.spec.member(s.On)
	if m == nil {
		j.noHost(s.On, at+".on")
		return
	}
	j.action(m, s, at)
}

// action checks what happens on a host.
func (j *judge) action(m *Member, s *Step, at string) {
	for _, key := range slices.Sorted(maps.Keys(s.Sysctls)) {
		j.sysctl(m, key, at+".sysctls."+key)
	}
	for key, a := range map[string]*Address{"add": s.Add, "remove": s.Remove} {
		if a != nil && j.dev(m, a.Interface, at+"."+key+".interface") {
			if err := a.check(); err != nil {
				j.fail(at+"."+key+".address", "%s", err)
			}
		}
	}
	for key, dev := range map[string]string{"down": s.Down, "up": s.Up, "forget": s.Forget} {
		if dev != "" && (dev != everything || key == "forget") {
			j.dev(m, dev, at+"."+key)
		}
	}
	if s.Announce != nil {
		j.dev(m, s.Announce.Interface, at+".announce.interface")
	}
	for key, name := range map[string]string{"start": s.Start, "stop": s.Stop} {
		if name != "" && m.service(name) == nil {
			var names []string
			for i := range m.Services {
				names = append(names, m.Services[i].name())
			}
			j.fail(at+"."+key, "host %s has no service %q, only %s", m.Name, name, list(names))
		}
	}
}

func (m *Member) service(name string) *Service {
	for i := range m.Services {
		if m.Services[i].name() == name {
			return &m.Services[i]
		}
	}
	return nil
}

func (j *judge) noHost(name, at string) {
	var names []string
	for _, m := range j.spec.Hosts {
		names = append(names, m.Name)
	}
	j.fail(at, "there is no host %q, only %s", name, list(names))
}

// check checks what is said about a check, complete or not.
func (j *judge) check(c *CheckSpec, at string) {
	if c.From != "" {
		if m := j.spec.member(c.From); m == nil {
			j.noHost(c.From, at+".from")
		} else if c.Interface != "" {
			j.dev(m, c.Interface, at+".interface")
		}
	}
	j.pause(c.Wait, at+".wait")
	if c.Count > 1000 {
		j.fail(at+".count", "%d is more than 1000", c.Count)
	}
	if c.Port != 0 && c.NoAnnounceTest {
		j.fail(at+".port", "port and no-announce-test exclude each other: a real server sends ARP requests to answer a SYN")
	}
}

func (j *judge) checkStep(c *CheckStep, at string) {
	before := len(j.errs)
	j.check(&c.CheckSpec, at)
	j.steps(c.During, at+".during", false)
	if len(j.errs) > before {
		return
	}
	full := c.CheckSpec.over(j.spec.Check)
	place := func(key string, set bool) string {
		if set {
			return at + "." + key
		}
		return "check." + key
	}
	from, dev, err := j.spec.origin(full)
	if err != nil {
		j.fail(place("from", c.From != ""), "%s", err)
		return
	}
	if len(full.VIPs) == 0 {
		j.fail(at, "no VIP to check: \"vips\" is missing here and in the common part")
	}
	segment := from.on(dev)
	name := func(ref, key string, set bool) {
		if _, err := j.spec.named(ref, segment, full.VIPs); err != nil {
			j.fail(place(key, set), "%s", err)
		}
	}
	if full.Director != "" {
		name(full.Director, "director", c.Director != "")
	}
	for i, rs := range full.RealServers {
		name(rs, fmt.Sprintf("real-servers[%d]", i), c.RealServers != nil)
	}
	if len(c.Expect) == 0 {
		j.fail(at, "a check wants an \"expect\"")
	}
	for i := range c.Expect {
		j.expect(&c.Expect[i], full.VIPs, segment, c.expectAt(at, i, j.spec))
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

func (j *judge) expect(e *Expectation, vips []netip.Addr, segment, at string) {
	if e.VIP.IsValid() && !slices.Contains(vips, e.VIP) {
		j.fail(at+".vip", "%s is not checked", e.VIP)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Hosts)) {
		m := j.spec.member(name)
		if m == nil {
			j.noHost(name, at+".hosts."+name)
			continue
		}
		if !m.isOn(segment) {
			j.fail(at+".hosts."+name, "host %s is not on segment %q, where the check is made", name, segment)
		}
	}
}
