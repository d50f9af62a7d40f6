package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// specName is what can be a name of a lab and part of names of namespaces.
var specName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports the first thing that is wrong with the scenario, as far as
// that can be known without building it; the error is a [*SpecError].
func (s *Spec) Validate() error {
	j := &judge{spec: s}
	j.head()
	for i := range s.Hosts {
		j.host(&s.Hosts[i], fmt.Sprintf("hosts[%d]", i))
	}
	j.check(&s.Check, "check")
	j.steps(s.Steps, "steps", true)
	if len(j.errs) == 0 {
		// What none of the above looks at, if there is such a thing.
		if err := s.Topology().Validate(); err != nil {
			j.fail("hosts", "%s", err)
		}
	}
	if len(j.errs) == 0 {
		return nil
	}
	return slices.MinFunc(j.errs, func(a, b *SpecError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Topology is the lab of the scenario, without its services.
func (s *Spec) Topology() Topology {
	var t Topology
	for _, m := range s.Hosts {
		t.Hosts = append(t.Hosts, m.HostSpec)
	}
	return t
}

// member finds a host by name.
func (s *Spec) member(name string) *Member {
	for i := range s.Hosts {
		if s.Hosts[i].Name == name {
			return &s.Hosts[i]
		}
	}
	return nil
}

// A judge collects mistakes with their places.
type judge struct {
	spec *Spec
	errs []*SpecError
}

// fail notes a mistake. Where the path itself has no place in the file, that of
// the nearest thing around it is taken.
func (j *judge) fail(path, format string, a ...any) {
	e := &SpecError{File: j.spec.file, Path: path, Message: fmt.Sprintf(format, a...)}
	for at := path; ; {
		if p, ok := j.spec.positions[at]; ok {
			e.Line, e.Column = p.line, p.column
			break
		}
		i := strings.LastIndexAny(at, ".[")
		if i < 0 {
			if p, ok := j.spec.positions[""]; ok {
				e.Line, e.Column = p.line, p.column
			}
			break
		}
		at = at[:i]
	}
	j.errs = append(j.errs, e)
}

func (j *judge) head() {
	s := j.spec
	if len(s.Name) > 40 || !specName.MatchString(s.Name) {
		j.fail("name", "bad name %q: small letters, digits and single hyphens between them, 40 at most", s.Name)
	}
	for key, text := range map[string]string{"about": s.About, "teaches": s.Teaches} {
		if strings.TrimSpace(text) == "" || strings.Contains(strings.TrimSpace(text), "\n") {
			j.fail(key, "%q wants one line of text", key)
		}
	}
	for i, name := range s.Needs {
		if name == "" || strings.Contains(name, "/") {
			j.fail(fmt.Sprintf("needs[%d]", i), "%q is not the name of a program, such as keepalived", name)
		}
	}
	for i, name := range s.Segments {
		at := fmt.Sprintf("segments[%d]", i)
		if !hostName.MatchString(name) {
			j.fail(at, "bad name %q of a segment: letters, digits and . _ - only", name)
		} else if slices.Index(s.Segments, name) < i {
			j.fail(at, "there are two segments %q", name)
		}
	}
	if len(s.Hosts) == 0 {
		j.fail("hosts", "there is no host")
	}
	if len(s.Steps) == 0 {
		j.fail("steps", "there is no step")
	}
}

func (j *judge) host(m *Member, at string) {
	if !hostName.MatchString(m.Name) || m.Name == "none" {
		j.fail(at+".name", "bad name %q of a host: letters, digits and . _ - only", m.Name)
	} else if first := j.spec.member(m.Name); first != m {
		j.fail(at+".name", "there are two hosts %q", m.Name)
	}
	devs := map[string]bool{"lo": true}
	j.addresses(m.Loopback, at+".lo")
	for i, ifc := range m.Interfaces {
		at := fmt.Sprintf("%s.interfaces[%d]", at, i)
		if err := checkDevName(ifc.Name); err != nil {
			j.fail(at+".name", "%s", err)
		} else if devs[ifc.Name] {
			j.fail(at+".name", "host %s has two interfaces %q", m.Name, ifc.Name)
		}
		devs[ifc.Name] = true
		switch {
		case ifc.Kind == Dummy && ifc.Segment != "":
			j.fail(at+".segment", "a dummy interface leads nowhere: it cannot be on a segment")
		case ifc.Kind == Ethernet && ifc.Segment == "":
			j.fail(at, "interface %q is on no segment: name one of %s, or give it kind: dummy", ifc.Name, list(j.spec.Segments))
		case ifc.Kind == Ethernet && !slices.Contains(j.spec.Segments, ifc.Segment):
			j.fail(at+".segment", "there is no segment %q, only %s", ifc.Segment, list(j.spec.Segments))
		}
		if ifc.MAC.IsGroup() {
			j.fail(at+".mac", "%s is a group address, which no interface can have", ifc.MAC)
		}
		j.addresses(ifc.Addresses, at+".addresses")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Sysctls)) {
		j.sysctl(m, key, at+".sysctls."+key)
	}
	for i, r := range m.Routes {
		at := fmt.Sprintf("%s.routes[%d]", at, i)
		if err := r.check(); err != nil {
			j.fail(at, "%s", err)
		} else if r.Dev != "" {
			j.dev(m, r.Dev, at+".dev")
		}
	}
	for i := range m.Services {
		j.service(m, i, fmt.Sprintf("%s.services[%d]", at, i))
	}
}

func (j *judge) addresses(addrs []AddressSpec, at string) {
	var have []netip.Prefix
	for i, a := range addrs {
		at := fmt.Sprintf("%s[%d]", at, i)
		if err := a.check(); err != nil {
			j.fail(at, "%s", err)
		} else if slices.Contains(have, a.Prefix) {
			j.fail(at, "the address %s is there twice", a.Prefix)
		}
		have = append(have, a.Prefix)
	}
}

// sysctl checks a key, and that the interface in it, if there is one, exists.
func (j *judge) sysctl(m *Member, key, at string) {
	file, err := sysctlPath(key)
	if err != nil {
		j.fail(at, "%s", err)
		return
	}
	parts := strings.Split(strings.TrimPrefix(file, "/proc/sys/"), "/")
	if len(parts) == 5 && parts[0] == "net" && (parts[2] == "conf" || parts[2] == "neigh") && parts[3] != "all" && parts[3] != "default" {
		j.dev(m, parts[3], at)
	}
}

// dev checks that a host has an interface.
func (j *judge) dev(m *Member, dev, at string) bool {
	devs := []string{"lo"}
	for _, ifc := range m.Interfaces {
		devs = append(devs, ifc.Name)
	}
	if !slices.Contains(devs, dev) {
		j.fail(at, "host %s has no interface %q, only %s", m.Name, dev, list(devs))
		return false
	}
	return true
}

func (j *judge) pause(d Duration, at string) {
	if d < 0 || d > Duration(time.Minute) {
		j.fail(at, "%s is not a time up to one minute", d)
	}
}

// list joins words for a message.
func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
