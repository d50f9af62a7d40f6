package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// hostName is what can also be the name of a namespace and part of a file name.
var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate reports everything that is wrong with the topology, one mistake
// per line, as far as that can be known without building it.
func (t Topology) Validate() error {
	var errs []error
	t.mistakes(func(path, format string, a ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, a...)))
	})
	return errors.Join(errs...)
}

// mistakes tells of everything that is wrong with the topology, and where: the
// path is made of the keys of a scenario file, such as hosts[0].name.
func (t Topology) mistakes(tell func(path, format string, a ...any)) {
	if len(t.Hosts) == 0 {
		tell("hosts", "there is no host")
	}
	seen := map[string]bool{}
	for i, h := range t.Hosts {
		at := fmt.Sprintf("hosts[%d]", i)
		if !hostName.MatchString(h.Name) || len(h.Name) > 63 {
			tell(at+".name", "bad name %q of a host: letters, digits and . _ - only, 63 at most", h.Name)
		} else if seen[h.Name] {
			tell(at+".name", "there are two hosts %q", h.Name)
		}
		seen[h.Name] = true
		h.mistakes(func(path, format string, a ...any) { tell(at+"."+path, format, a...) })
	}
}

// mistakes tells of those within one host.
func (h HostSpec) mistakes(tell func(path, format string, a ...any)) {
	addressMistakes(h.Loopback, "lo", tell)
	devs := []string{"lo"}
	for i, ifc := range h.Interfaces {
		at := fmt.Sprintf("interfaces[%d]", i)
		if err := checkDevName(ifc.Name); err != nil {
			tell(at+".name", "%s", err)
		} else if slices.Contains(devs, ifc.Name) {
			tell(at+".name", "host %s has two interfaces %q", h.Name, ifc.Name)
		}
		devs = append(devs, ifc.Name)
		switch {
		case ifc.Kind != Ethernet && ifc.Kind != Dummy:
			tell(at+".kind", "interface %q: unknown kind %q: it can be empty or %q", ifc.Name, ifc.Kind, Dummy)
		case ifc.Kind == Ethernet && ifc.Segment == "":
			tell(at, "interface %q is on no segment: name one, or make its kind %q", ifc.Name, Dummy)
		case ifc.Kind == Dummy && ifc.Segment != "":
			tell(at+".segment", "interface %q leads nowhere: a %s interface cannot be on segment %q", ifc.Name, Dummy, ifc.Segment)
		}
		if ifc.MAC.IsGroup() {
			tell(at+".mac", "%s is a group address, which no interface can have", ifc.MAC)
		}
		addressMistakes(ifc.Addresses, at+".addresses", tell)
	}
	h.sysctlMistakes(h.Sysctls, "sysctls", tell)
	for i, r := range h.Routes {
		at := fmt.Sprintf("routes[%d]", i)
		if err := r.check(); err != nil {
			tell(at, "%s", err)
		} else if slices.ContainsFunc(h.Routes[:i], func(have RouteSpec) bool { return have.Destination == r.Destination }) {
			tell(at+".to", "host %s has two routes to %s", h.Name, r.Destination)
		} else if err := h.checkDev(r.Dev); r.Dev != "" && err != nil {
			tell(at+".dev", "%s", err)
		} else if r.Via.IsValid() && !h.reaches(r, h.Routes[:i]) {
			tell(at+".via", "host %s cannot reach the gateway %s: it is in no subnet of %s", h.Name, r.Via, cmp.Or(r.Dev, "its interfaces"))
		}
	}
}

// reaches reports whether a route's gateway is on a link, by an address of the
// host or a route that it has by then; the kernel takes no other (fib_check_nh).
func (h HostSpec) reaches(r RouteSpec, before []RouteSpec) bool {
	for _, ifc := range h.Interfaces {
		if r.Dev != "" && ifc.Name != r.Dev {
			continue
		}
		if slices.ContainsFunc(ifc.Addresses, func(a AddressSpec) bool { return a.Prefix.Contains(r.Via) && a.Prefix.Addr() != r.Via }) {
			return true
		}
	}
	return slices.ContainsFunc(before, func(b RouteSpec) bool {
		return !b.Via.IsValid() && b.Destination.Contains(r.Via) && (r.Dev == "" || r.Dev == b.Dev)
	})
}

// sysctlMistakes tells of those among settings, on the host itself or in a step.
func (h HostSpec) sysctlMistakes(settings map[string]string, at string, tell func(path, format string, a ...any)) {
	first := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		path := at + "." + key
		if err := h.checkSysctl(key); err != nil {
			tell(path, "%s", err)
			continue
		}
		file, _ := sysctlPath(key)
		if other, twice := first[file]; twice {
			tell(path, "sysctl %q is there already, as %q", key, other)
		}
		first[file] = key
	}
}

func addressMistakes(addrs []AddressSpec, at string, tell func(path, format string, a ...any)) {
	var have []netip.Prefix
	for i, a := range addrs {
		if err := a.check(); err != nil {
			tell(fmt.Sprintf("%s[%d]", at, i), "%s", err)
		} else if slices.Contains(have, a.Prefix) {
			tell(fmt.Sprintf("%s[%d]", at, i), "the address %s is there twice", a.Prefix)
		}
		have = append(have, a.Prefix)
	}
}

// checkDev wants an interface that the host has.
func (h HostSpec) checkDev(dev string) error {
	devs := []string{"lo"}
	for _, ifc := range h.Interfaces {
		devs = append(devs, ifc.Name)
	}
	if !slices.Contains(devs, dev) {
		return fmt.Errorf("host %s has no interface %q, only %s", h.Name, dev, list(devs))
	}
	return nil
}

// checkSysctl wants a key of the host's own, and that the interface in it, if
// there is one, exists.
func (h HostSpec) checkSysctl(key string) error {
	file, err := sysctlPath(key)
	if err != nil {
		return err
	}
	if near := mistyped(file); near != "" {
		return fmt.Errorf("sysctl %q: there is no such setting: did you mean %s?", key, near)
	}
	parts := strings.Split(strings.TrimPrefix(file, "/proc/sys/"), "/")
	if len(parts) == 5 && (parts[2] == "conf" || parts[2] == "neigh") && parts[3] != "all" && parts[3] != "default" {
		return h.checkDev(parts[3])
	}
	return nil
}

func (a AddressSpec) check() error {
	if !a.Prefix.IsValid() || !a.Prefix.Addr().Is4() {
		return fmt.Errorf("address %s is not IPv4 with a prefix length, such as 192.168.1.99/32", a.Prefix)
	}
	if a.Prefix.Addr().IsUnspecified() { // the kernel would add none, and say nothing (__inet_insert_ifa)
		return fmt.Errorf("address %s is no address", a.Prefix)
	}
	switch a.Scope {
	case "", ScopeGlobal, ScopeHost, ScopeLink:
		return nil
	}
	return fmt.Errorf("address %s: unknown scope %q: it can be %s, %s or %s", a.Prefix, a.Scope, ScopeGlobal, ScopeHost, ScopeLink)
}

// checkHostAddr wants an address that can be asked for by ARP.
func checkHostAddr(ip netip.Addr) error {
	switch {
	case !ip.Is4():
		return fmt.Errorf("%s is not an IPv4 address", ip)
	case ip.As4()[0] == 0 || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("%s is no host's address", ip)
	case ip.IsLoopback():
		return fmt.Errorf("%s is a loopback address: no host but itself can reach it", ip)
	}
	return nil
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
