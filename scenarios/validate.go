package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// hostName is what can also be the name of a namespace and part of a file name.
var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate reports everything that is wrong with the topology, one mistake
// per line, as far as that can be known without building it.
func (t Topology) Validate() error {
	if len(t.Hosts) == 0 {
		return errors.New("topology: there is no host")
	}
	var errs []error
	seen := map[string]bool{}
	for i, h := range t.Hosts {
		who := fmt.Sprintf("host %q", h.Name)
		if !hostName.MatchString(h.Name) {
			errs = append(errs, fmt.Errorf("host %d: bad name %q: letters, digits and . _ - only", i+1, h.Name))
		} else if seen[h.Name] {
			errs = append(errs, fmt.Errorf("%s: there are two of that name", who))
		}
		seen[h.Name] = true
		for _, err := range h.problems() {
			errs = append(errs, fmt.Errorf("%s: %w", who, err))
		}
	}
	return errors.Join(errs...)
}

// problems lists the mistakes within one host.
func (h HostSpec) problems() []error {
	var errs []error
	devs := []string{"lo"}
	errs = append(errs, addressProblems("lo", h.Loopback)...)
	for _, ifc := range h.Interfaces {
		if slices.Contains(devs, ifc.Name) {
			errs = append(errs, fmt.Errorf("interface %q: there are two of that name", ifc.Name))
		}
		devs = append(devs, ifc.Name)
		if err := checkDevName(ifc.Name); err != nil {
			errs = append(errs, err)
		}
		switch {
		case ifc.Kind != Ethernet && ifc.Kind != Dummy:
			errs = append(errs, fmt.Errorf("interface %q: unknown kind %q: it can be empty or %q", ifc.Name, ifc.Kind, Dummy))
		case ifc.Kind == Ethernet && ifc.Segment == "":
			errs = append(errs, fmt.Errorf("interface %q: no segment: name one, or make its kind %q", ifc.Name, Dummy))
		case ifc.Kind == Dummy && ifc.Segment != "":
			errs = append(errs, fmt.Errorf("interface %q: a %s interface cannot be on segment %q", ifc.Name, Dummy, ifc.Segment))
		}
		if ifc.MAC.IsGroup() {
			errs = append(errs, fmt.Errorf("interface %q: MAC %s is a group address", ifc.Name, ifc.MAC))
		}
		errs = append(errs, addressProblems(ifc.Name, ifc.Addresses)...)
	}
	for key := range h.Sysctls {
		if _, err := sysctlPath(key); err != nil {
			errs = append(errs, err)
		}
	}
	for _, r := range h.Routes {
		if err := r.check(); err != nil {
			errs = append(errs, err)
		} else if r.Dev != "" && !slices.Contains(devs, r.Dev) {
			errs = append(errs, fmt.Errorf("route to %s: there is no interface %q, only %s", r.Destination, r.Dev, strings.Join(devs, ", ")))
		}
	}
	return errs
}

func addressProblems(dev string, addrs []AddressSpec) []error {
	var errs []error
	var have []netip.Prefix
	for _, a := range addrs {
		if err := a.check(); err != nil {
			errs = append(errs, fmt.Errorf("interface %q: %w", dev, err))
		} else if slices.Contains(have, a.Prefix) {
			errs = append(errs, fmt.Errorf("interface %q: address %s is there twice", dev, a.Prefix))
		}
		have = append(have, a.Prefix)
	}
	return errs
}

func (a AddressSpec) check() error {
	if !a.Prefix.IsValid() || !a.Prefix.Addr().Is4() {
		return fmt.Errorf("address %s is not IPv4 with a prefix length, such as 192.168.1.99/32", a.Prefix)
	}
	switch a.Scope {
	case "", ScopeGlobal, ScopeHost, ScopeLink:
		return nil
	}
	return fmt.Errorf("address %s: unknown scope %q: it can be %s, %s or %s", a.Prefix, a.Scope, ScopeGlobal, ScopeHost, ScopeLink)
}

func (r RouteSpec) check() error {
	switch {
	case !r.Destination.IsValid() || !r.Destination.Addr().Is4():
		return fmt.Errorf("route: destination %s is not an IPv4 prefix, such as 10.0.0.0/8", r.Destination)
	case r.Destination != r.Destination.Masked():
		return fmt.Errorf("route to %s: bits are set beyond its mask: did you mean %s?", r.Destination, r.Destination.Masked())
	case r.Via.IsValid() && !r.Via.Is4():
		return fmt.Errorf("route to %s: gateway %s is not IPv4", r.Destination, r.Via)
	case !r.Via.IsValid() && r.Dev == "":
		return fmt.Errorf("route to %s: neither a gateway nor an interface is named", r.Destination)
	}
	return nil
}

// checkDevName is the kernel's dev_valid_name, less what conf/ in /proc/sys
// already uses for something else.
func checkDevName(name string) error {
	switch {
	case name == "" || len(name) > 15:
		return fmt.Errorf("interface %q: a name has 1 to 15 characters", name)
	case name == "." || name == ".." || strings.ContainsAny(name, "/: \t\n\v\f\r"):
		return fmt.Errorf("interface %q: the kernel does not take this name", name)
	case name == "all" || name == "default":
		return fmt.Errorf("interface %q: net.ipv4.conf.%s means something else", name, name)
	}
	return nil
}

// sysctlPath gives the file below /proc/sys of a key. As with sysctl(8), the
// first separator decides: in net.ipv4.conf.eth1/100.arp_ignore and in
// net/ipv4/conf/eth1.100/arp_ignore the interface is eth1.100.
//
// Only keys below net are taken: all others belong to the machine, not to
// the host in the lab.
func sysctlPath(key string) (string, error) {
	path := key
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '.' {
		path = strings.Map(func(r rune) rune {
			switch r {
			case '.':
				return '/'
			case '/':
				return '.'
			}
			return r
		}, key)
	}
	parts := strings.Split(path, "/")
	if slices.Contains(parts, "") || slices.Contains(parts, ".") || slices.Contains(parts, "..") || len(parts) < 2 {
		return "", fmt.Errorf("sysctl %q: not a key such as net.ipv4.conf.all.arp_ignore", key)
	}
	if parts[0] != "net" {
		return "", fmt.Errorf("sysctl %q: only those below net belong to a host; this is the whole machine's", key)
	}
	return "/proc/sys/" + path, nil
}

// withMACs gives the topology with every MAC address filled in, the same ones
// each time, as InterfaceSpec.MAC promises.
func (t Topology) withMACs() Topology {
	taken := map[evidence.MAC]bool{}
	for _, h := range t.Hosts {
		for _, ifc := range h.Interfaces {
			taken[ifc.MAC] = true
		}
	}
	hosts := slices.Clone(t.Hosts)
	for i := range hosts {
		hosts[i].Interfaces = slices.Clone(hosts[i].Interfaces)
		for j := range hosts[i].Interfaces {
			mac := &hosts[i].Interfaces[j].MAC
			if !mac.IsZero() {
				continue
			}
			n := i + 1
			*mac = evidence.MAC{0x02, 0, 0, byte(j), byte(n >> 8), byte(n)}
			// Somebody was given this address by name: step aside.
			for taken[*mac] {
				mac[2]++
			}
			taken[*mac] = true
		}
	}
	return Topology{Hosts: hosts}
}
