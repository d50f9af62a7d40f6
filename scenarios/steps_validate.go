package scenarios

import (
	"fmt"
	"strings"
	"time"
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
		{"await", s.Await.IsValid()}, {"start", s.Start != ""}, {"stop", s.Stop != ""}, {"kill", s.Kill != ""},
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
	if strings.Contains(s.Title, "\n") {
		j.fail(at+".title", "%q wants one line of text", "title")
	}
	kinds := s.kinds()
	switch _, written := j.spec.positions[at+".timeout"]; {
	case s.Run == "" && !s.Await.IsValid() && (written || s.Timeout != 0):
		j.fail(at+".timeout", "only run and await have a time limit")
	case s.Timeout < 0 || s.Timeout > Duration(time.Hour) || written && s.Timeout == 0:
		j.fail(at+".timeout", "%s is not a time up to one hour", s.Timeout)
	}
	if len(kinds) != 1 {
		j.fail(at, "a step does one thing, and this does %s: run, sysctls, add, remove, down, up, forget, announce, await, start, stop, kill, pause or check", list(kinds))
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
	if m := j.spec.member(s.On); m != nil {
		j.action(m, s, at)
	} else {
		j.noHost(s.On, at+".on")
	}
}

// action checks what happens on a host.
func (j *judge) action(m *Member, s *Step, at string) {
	m.sysctlMistakes(s.Sysctls, at+".sysctls", j.fail)
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
		j.plugged(m, s.Announce.Interface, at+".announce.interface")
		if err := checkHostAddr(s.Announce.Address); err != nil {
			j.fail(at+".announce.address", "%s", err)
		}
	}
	for key, name := range map[string]string{"start": s.Start, "stop": s.Stop, "kill": s.Kill} {
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
