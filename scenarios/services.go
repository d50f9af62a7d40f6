package scenarios

import (
	"fmt"
	"slices"
)

// Missing is a [*MissingError] if a program is not installed that the scenario
// needs, and nil otherwise.
func (s *Spec) Missing() error {
	needs := append([]string{}, s.Needs...)
	for _, m := range s.Hosts {
		for _, svc := range m.Services {
			if svc.Keepalived != "" {
				needs = append(needs, "keepalived")
			}
		}
	}
	var missing []string
	seen := map[string]bool{}
	for _, name := range needs {
		if !seen[name] && program(name) == "" {
			missing = append(missing, name)
		}
		seen[name] = true
	}
	if missing != nil {
		return &MissingError{missing}
	}
	return nil
}

// build makes the lab of the scenario and starts its services.
func (s *Spec) build() (*Lab, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := s.Missing(); err != nil {
		return nil, err
	}
	lab, err := Build(s.Topology())
	if err != nil {
		return nil, err
	}
	for i := range s.Hosts {
		if err := s.Hosts[i].start(lab); err != nil {
			lab.Close()
			return nil, err
		}
	}
	return lab, nil
}

// start starts those services of a host that are not to wait.
func (m *Member) start(lab *Lab) error {
	for _, svc := range m.Services {
		if svc.Off {
			continue
		}
		if err := lab.start(lab.Host(m.Name), svc); err != nil {
			return fmt.Errorf("service %s: %w", svc.name(), err)
		}
	}
	return nil
}

func (j *judge) service(m *Member, i int, at string) {
	s := m.Services[i]
	kinds := s.kinds()
	if len(kinds) != 1 {
		j.fail(at, "a service is one of tcp, keepalived, responder and run, and this is %s", list(kinds))
		return
	}
	for k := range i {
		if m.Services[k].name() == s.name() {
			j.fail(at, "host %s has two services %q: give one of them another name", m.Name, s.name())
		}
	}
	if s.Responder != nil {
		if j.dev(m, s.Responder.Interface, at+".responder.interface") && !slices.ContainsFunc(m.Interfaces, func(ifc InterfaceSpec) bool {
			return ifc.Name == s.Responder.Interface && ifc.Kind == Ethernet
		}) {
			j.fail(at+".responder.interface", "interface %q is on no segment", s.Responder.Interface)
		}
		j.pause(s.Responder.Delay, at+".responder.delay")
	}
}

// kinds are the keys that are set of those of which a service has one.
func (s *Service) kinds() (set []string) {
	for _, k := range []struct {
		name string
		set  bool
	}{{"tcp", s.TCP.IsValid()}, {"keepalived", s.Keepalived != ""}, {"responder", s.Responder != nil}, {"run", s.Run != ""}} {
		if k.set {
			set = append(set, k.name)
		}
	}
	return set
}

func (s *Service) name() string {
	if s.Name == "" && len(s.kinds()) == 1 {
		return s.kinds()[0]
	}
	return s.Name
}
