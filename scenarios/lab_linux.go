package scenarios

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/inspect"
)

// A Lab is a topology that was built. It may be used by several goroutines.
type Lab struct {
	fabric *fabric
	hosts  []*Host

	mu      sync.RWMutex // held for reading while a netlink socket is in use
	closed  bool
	servers []io.Closer

	services services

	noHost func(name string) // what to do about a host that is not there; nil: nothing
}

// A Host is one host of a lab.
type Host struct {
	Name string

	lab *Lab
	ns  *os.File
	nl  *netlink.Handle
}

// Build makes the lab, ready for traffic: every interface sends and forwards
// when it returns. It needs the right to make namespaces, which root has, and an
// ordinary user after [Isolate]; without, the error is a [*DeniedError].
func Build(t Topology) (*Lab, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	t = t.withMACs()
	lab := &Lab{}
	// All on one thread that wanders from namespace to namespace: each is
	// set up from the inside, with no switching back and forth.
	err := inspect.OnThread(func() error {
		base := &baseline{}
		var err error
		if lab.fabric, err = newFabric(t, base); err != nil {
			return err
		}
		for _, spec := range t.Hosts {
			h := &Host{Name: spec.Name, lab: lab}
			lab.hosts = append(lab.hosts, h)
			if err := h.build(spec, base); err != nil {
				return fmt.Errorf("host %q: %w", spec.Name, err)
			}
		}
		if err := lab.fabric.settle(0); err != nil {
			return err
		}
		for _, h := range lab.hosts {
			if err := h.settle(); err != nil {
				return fmt.Errorf("host %q: %w", h.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	return lab, nil
}

// Host gives the host of that name. Without one it fails the test that the lab
// was built for by [Start], or else gives nil, with which nothing can be done:
// the error says so.
func (l *Lab) Host(name string) *Host {
	for _, h := range l.hosts {
		if h.Name == name {
			return h
		}
	}
	if l.noHost != nil {
		l.noHost(name)
	}
	return nil
}

// Hosts gives all hosts in the order of the topology.
func (l *Lab) Hosts() []*Host { return slices.Clone(l.hosts) }

// keep has Close close what runs in the lab; a lab that is closed closes it at once.
func (l *Lab) keep(c io.Closer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.Join(fmt.Errorf("the lab: %w", os.ErrClosed), c.Close())
	}
	l.servers = append(l.servers, c)
	return nil
}

// Close ends the servers and gives the namespaces up. The kernel takes them
// down in the background, some tenths of a second later; one in which another
// process still lives stays until that ends. Closing twice is fine.
func (l *Lab) Close() error {
	serr := l.services.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	errs := []error{serr}
	for _, s := range l.servers {
		errs = append(errs, s.Close())
	}
	for _, h := range l.hosts {
		if h.nl != nil {
			h.nl.Close()
		}
		if h.ns != nil {
			errs = append(errs, h.ns.Close())
		}
	}
	if l.fabric != nil {
		l.fabric.close()
	}
	return errors.Join(errs...)
}

// build makes the host's namespace and all that is in it, and leaves the
// calling thread there.
func (h *Host) build(spec HostSpec, base *baseline) (err error) {
	if h.ns, err = newNamespace(); err != nil {
		return err
	}
	if h.nl, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	if err := base.apply(); err != nil {
		return err
	}
	if err := writeSysctls(spec.Sysctls, true); err != nil {
		return err
	}
	for i, ifc := range spec.Interfaces {
		if err := h.addInterface(ifc, ifindex(i)); err != nil {
			return fmt.Errorf("interface %q: %w", ifc.Name, err)
		}
	}
	if err := writeSysctls(spec.Sysctls, false); err != nil {
		return err
	}
	// lo is always the first, net/core/dev.h: LOOPBACK_IFINDEX.
	if err := h.bringUp("lo", 1, spec.Loopback, false); err != nil {
		return err
	}
	for i, ifc := range spec.Interfaces {
		if err := h.bringUp(ifc.Name, ifindex(i), ifc.Addresses, ifc.NoARP); err != nil {
			return err
		}
	}
	for _, r := range spec.Routes {
		if err := addRoute(h.nl, r); err != nil {
			return err
		}
	}
	return nil
}

// ifindex is the index of a host's i-th interface, right after lo's.
func ifindex(i int) int { return 2 + i }

func (h *Host) addInterface(ifc InterfaceSpec, index int) error {
	if ifc.Kind == Dummy {
		return addBridge(nil, ifc.Name, int32(index), ifc.MAC, false)
	}
	return h.lab.fabric.plug(ifc, int32(index), h.ns)
}

func (h *Host) bringUp(dev string, index int, addrs []AddressSpec, noARP bool) error {
	link := &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: dev, Index: index}}
	if noARP {
		if err := h.nl.LinkSetARPOff(link); err != nil {
			return fmt.Errorf("interface %q: switch ARP off: %w", dev, err)
		}
	}
	if err := h.nl.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %q: set it up: %w", dev, err)
	}
	for _, a := range addrs {
		if err := h.nl.AddrAdd(link, a.netlink()); err != nil {
			return fmt.Errorf("interface %q: add address %s: %w", dev, a.Prefix, err)
		}
	}
	return nil
}

// writeSysctls writes those of conf.default, or all others, in a fixed order.
func writeSysctls(settings map[string]string, defaults bool) error {
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		// Interfaces copy conf.default when they are made, so it has
		// to be there first; all others may name an interface.
		isDefault := strings.Contains(key, "/conf/default/") || strings.Contains(key, ".conf.default.")
		if isDefault != defaults {
			continue
		}
		if err := writeSysctl(key, settings[key]); err != nil {
			return err
		}
	}
	return nil
}
