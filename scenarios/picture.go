package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Picture draws the lab as text: each segment with the hosts on it, their
// addresses and what is set on them. A host on several segments is on each.
func (s *Spec) Picture() string {
	var b strings.Builder
	names, roles, devs := 0, 0, 0
	for _, m := range s.Hosts {
		names, roles = max(names, len(m.Name)), max(roles, len(m.Role))
		for _, l := range m.lines() {
			devs = max(devs, len(l.dev))
		}
	}
	for i, segment := range s.Segments {
		if i > 0 {
			b.WriteByte('\n')
		}
		var on []*Member
		for i := range s.Hosts {
			if slices.ContainsFunc(s.Hosts[i].Interfaces, func(ifc InterfaceSpec) bool { return ifc.Segment == segment }) {
				on = append(on, &s.Hosts[i])
			}
		}
		b.WriteString(segment + "\n")
		for i, m := range on {
			branch, stem := "├─", "│ "
			if i == len(on)-1 {
				branch, stem = "└─", "  "
			}
			for j, l := range m.lines() {
				name, role := "", ""
				if j == 0 {
					name, role = m.Name, string(m.Role)
				} else {
					branch = stem
				}
				text := l.text
				if l.segment != "" && l.segment != segment {
					text += "  (on " + l.segment + ")"
				}
				line := fmt.Sprintf("%s %-*s  %-*s  %-*s  %s", branch, names, name, roles, role, devs, l.dev, text)
				b.WriteString(strings.TrimRight(line, " ") + "\n")
			}
		}
	}
	return b.String()
}

// a pictureLine is one of the lines about a host.
type pictureLine struct{ dev, segment, text string }

func (m *Member) lines() (lines []pictureLine) {
	for _, ifc := range m.Interfaces {
		var words []string
		for _, a := range ifc.Addresses {
			words = append(words, a.text())
		}
		if ifc.NoARP {
			words = append(words, "NOARP")
		}
		lines = append(lines, pictureLine{ifc.Name, ifc.Segment, strings.Join(words, "  ")})
	}
	if len(m.Loopback) > 0 {
		var words []string
		for _, a := range m.Loopback {
			words = append(words, a.text())
		}
		lines = append(lines, pictureLine{dev: "lo", text: strings.Join(words, "  ")})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Sysctls)) {
		lines = append(lines, pictureLine{text: key + " = " + m.Sysctls[key]})
	}
	for _, r := range m.Routes {
		text := "route to " + r.Destination.String()
		if r.Via.IsValid() {
			text += " via " + r.Via.String()
		}
		if r.Dev != "" {
			text += " dev " + r.Dev
		}
		lines = append(lines, pictureLine{text: text})
	}
	for i := range m.Services {
		lines = append(lines, pictureLine{text: "service " + m.Services[i].Describe()})
	}
	return lines
}

func (a AddressSpec) text() string {
	if a.Scope != "" && a.Scope != ScopeGlobal {
		return fmt.Sprintf("%s scope %s", a.Prefix, a.Scope)
	}
	return a.Prefix.String()
}

// Describe says what the service is, in a few words.
func (s *Service) Describe() string {
	text := ""
	switch {
	case s.TCP.IsValid():
		text = fmt.Sprintf("TCP on %s", s.TCP)
	case s.Keepalived != "":
		text = "keepalived"
	case s.Responder != nil:
		text = fmt.Sprintf("a program that answers who-has %s on %s", s.Responder.Address, s.Responder.Interface)
		if s.Responder.Delay > 0 {
			text += fmt.Sprintf(" after %s", s.Responder.Delay)
		}
	default:
		text = strings.Join(strings.Fields(s.Run), " ")
	}
	if s.Name != "" {
		text = s.Name + ": " + text
	}
	if s.Off {
		text += " (not started yet)"
	}
	return text
}
