package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Describe says what happens in a step, in one line: its title if it has one.
func (s *Step) Describe() string {
	if s.Title != "" {
		return s.Title
	}
	what := ""
	switch {
	case s.Pause > 0:
		return fmt.Sprintf("wait %s", s.Pause)
	case s.Check != nil:
		return "check"
	case s.Run != "":
		what = strings.Join(strings.Fields(s.Run), " ")
	case s.Sysctls != nil:
		var set []string
		for _, key := range slices.Sorted(maps.Keys(s.Sysctls)) {
			set = append(set, key+"="+s.Sysctls[key])
		}
		what = "sysctl -w " + strings.Join(set, " ")
	case s.Add != nil:
		what = "ip address add " + s.Add.command()
	case s.Remove != nil:
		what = "ip address del " + s.Remove.command()
	case s.Down == everything:
		what = "goes down"
	case s.Up == everything:
		what = "comes up again"
	case s.Down != "":
		what = "ip link set dev " + s.Down + " down"
	case s.Up != "":
		what = "ip link set dev " + s.Up + " up"
	case s.Forget != "":
		what = "ip neigh flush dev " + s.Forget
	case s.Announce != nil:
		what = fmt.Sprintf("arping -U -I %s -c 1 %s", s.Announce.Interface, s.Announce.Address)
	case s.Await.IsValid():
		what = fmt.Sprintf("gets the address %s", s.Await)
	case s.Start != "":
		what = "starts " + s.Start
	case s.Stop != "":
		what = "stops " + s.Stop
	case s.Kill != "":
		what = "kills " + s.Kill
	}
	return s.On + ": " + what
}

func (a *Address) command() string {
	out := fmt.Sprintf("%s dev %s", a.Prefix, a.Interface)
	if a.Scope != "" {
		out += " scope " + string(a.Scope)
	}
	return out
}

// Wants says what the check has to find, in one line for each expectation.
func (c *CheckStep) Wants() (lines []string) {
	for _, e := range c.Expect {
		line := string(e.Verdict)
		if e.VIP.IsValid() {
			line = fmt.Sprintf("%s: %s", e.VIP, line)
		}
		var parts []string
		if len(e.Findings) > 0 {
			parts = append(parts, codes(e.Findings))
		}
		for _, name := range slices.Sorted(maps.Keys(e.Hosts)) {
			if h := e.Hosts[name]; len(h.Findings) > 0 {
				parts = append(parts, name+" "+codes(h.Findings))
			}
		}
		if parts != nil {
			line += ": " + strings.Join(parts, "; ")
		}
		lines = append(lines, line)
	}
	return lines
}
