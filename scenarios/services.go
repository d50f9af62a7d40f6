package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
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
		return nil, s.placed(err)
	}
	for i := range s.Hosts {
		if err := s.Hosts[i].start(lab); err != nil {
			lab.Close()
			return nil, err
		}
	}
	return lab, nil
}

// placed gives an error of Build that is about a setting its place in the file.
func (s *Spec) placed(err error) error {
	wrong, ok := errors.AsType[*sysctlError](err)
	if !ok || s.file == "" {
		return err
	}
	for i, m := range s.Hosts { // the first that has it is where Build has ended
		if _, has := m.Sysctls[wrong.key]; has {
			j := &judge{spec: s}
			j.fail(fmt.Sprintf("hosts[%d].sysctls.%s", i, wrong.key), "%s", err)
			return j.errs[0]
		}
	}
	return err
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
	if s.Name != "" && !hostName.MatchString(s.Name) {
		j.fail(at+".name", "bad name %q of a service: letters, digits and . _ - only", s.Name)
	}
	switch {
	case s.TCP.IsValid() && s.TCP.Port() == 0:
		j.fail(at+".tcp", "port 0 is none: nobody would know which to connect to")
	case s.TCP.IsValid() && !s.Off && !m.canListen(s.TCP.Addr()):
		j.fail(at+".tcp", "host %s has no address %s; if it gets that later, write off: true and start the service then", m.Name, s.TCP.Addr())
	case s.Responder != nil:
		j.plugged(m, s.Responder.Interface, at+".responder.interface")
		j.pause(s.Responder.Delay, at+".responder.delay")
		if err := checkHostAddr(s.Responder.Address); err != nil {
			j.fail(at+".responder.address", "%s", err)
		}
	}
}

// canListen reports whether a service can have the address from the start: it
// is the host's, or the host is told not to care (ip_nonlocal_bind).
func (m *Member) canListen(ip netip.Addr) bool {
	has := func(a AddressSpec) bool { return a.Prefix.Addr() == ip }
	within := func(a AddressSpec) bool { return a.Prefix.Contains(ip) } // on lo all of a subnet is local
	for key := range m.Sysctls {
		if file, err := sysctlPath(key); err == nil && file == "/proc/sys/net/ipv4/ip_nonlocal_bind" {
			return true
		}
	}
	return ip.IsUnspecified() || ip.IsLoopback() || slices.ContainsFunc(m.Loopback, within) ||
		slices.ContainsFunc(m.Interfaces, func(ifc InterfaceSpec) bool { return slices.ContainsFunc(ifc.Addresses, has) })
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
