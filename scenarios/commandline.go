package scenarios

import (
	"fmt"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// Command is the command line of a check, as one would type it on its host:
// that of the step with this number, or of the first check for 0. It is empty
// where there is none.
func (s *Spec) Command(step int) (host, command string) {
	for i := range s.Steps {
		c := s.Steps[i].Check
		if c == nil || step != 0 && step != i+1 {
			continue
		}
		full := c.CheckSpec.over(s.Check)
		from, dev, err := s.origin(full)
		if err != nil {
			return "", ""
		}
		q, err := s.inquiry(full, from.on(dev))
		if err != nil {
			return "", ""
		}
		return from.Name, q.command(dev)
	}
	return "", ""
}

// command is the command line that asks the same.
func (c Check) command(dev string) string {
	var vips, servers []string
	for _, vip := range c.VIPs {
		vips = append(vips, vip.String())
	}
	out := "arpcheck --vip " + strings.Join(vips, ",") + " -i " + dev
	if !c.Director.IsZero() {
		out += " --director " + named(c.Director)
	}
	for _, rs := range c.RealServers {
		servers = append(servers, named(rs))
	}
	if servers != nil {
		out += " --rs " + strings.Join(servers, ",")
	}
	if c.Port != 0 {
		out += fmt.Sprintf(" --port %d", c.Port)
	}
	if c.Count != 0 {
		out += fmt.Sprintf(" -c %d", c.Count)
	}
	if c.Wait != 0 {
		out += fmt.Sprintf(" -w %s", c.Wait)
	}
	if c.NoAnnounceTest {
		out += " --no-announce-test"
	}
	return out
}

func named(h evidence.Host) string {
	if h.IP.IsValid() {
		return h.IP.String()
	}
	return h.MAC.String()
}
