package scenarios

import (
	"cmp"
	"fmt"
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
	s.Topology().mistakes(j.fail)
	for i := range s.Hosts {
		j.host(&s.Hosts[i], fmt.Sprintf("hosts[%d]", i))
	}
	j.check(&s.Check, "check")
	j.steps(s.Steps, "steps", true)
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
	if len(s.Steps) == 0 {
		j.fail("steps", "there is no step")
	}
}

// host checks what a host has beside what every lab has.
func (j *judge) host(m *Member, at string) {
	for i, ifc := range m.Interfaces {
		at := fmt.Sprintf("%s.interfaces[%d]", at, i)
		if _, written := j.spec.positions[at+".mac"]; written && ifc.MAC.IsZero() {
			j.fail(at+".mac", "%s is no address: leave the key out to have one chosen", ifc.MAC)
		}
		if ifc.Segment != "" && !slices.Contains(j.spec.Segments, ifc.Segment) {
			j.fail(at+".segment", "there is no segment %q, only %s", ifc.Segment, list(j.spec.Segments))
		}
	}
	for i := range m.Services {
		j.service(m, i, fmt.Sprintf("%s.services[%d]", at, i))
	}
}

// dev checks that a host has an interface.
func (j *judge) dev(m *Member, dev, at string) bool {
	err := m.checkDev(dev)
	if err != nil {
		j.fail(at, "%s", err)
	}
	return err == nil
}

// plugged checks that a host has an interface, and on a segment.
func (j *judge) plugged(m *Member, dev, at string) {
	if j.dev(m, dev, at) && !slices.ContainsFunc(m.Interfaces, func(ifc InterfaceSpec) bool { return ifc.Name == dev && ifc.Kind == Ethernet }) {
		j.fail(at, "interface %q is on no segment", dev)
	}
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
