package scenarios

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// netlink runs f with the host's netlink socket.
//
// After Close it must not: a handle without sockets quietly opens new ones in
// the namespace of the calling thread, which is the machine's own.
func (h *Host) netlink(f func(*netlink.Handle) error) error {
	if h == nil {
		return errNoHost
	}
	h.lab.mu.RLock()
	defer h.lab.mu.RUnlock()
	if h.lab.closed {
		return fmt.Errorf("host %s: the lab: %w", h.Name, os.ErrClosed)
	}
	if err := f(h.nl); err != nil {
		return fmt.Errorf("host %s: %w", h.Name, err)
	}
	return nil
}

// onLink runs f with an interface of the host.
func (h *Host) onLink(dev, what string, f func(*netlink.Handle, netlink.Link) error) error {
	return h.netlink(func(nl *netlink.Handle) error {
		link, err := nl.LinkByName(dev)
		if err != nil {
			if errors.As(err, &netlink.LinkNotFoundError{}) {
				err = errors.New("there is no such interface")
			}
			return fmt.Errorf("interface %q: %w", dev, err)
		}
		if err := f(nl, link); err != nil {
			return fmt.Errorf("interface %q: %s: %w", dev, what, err)
		}
		return nil
	})
}

// AddAddress adds an address to an interface.
func (h *Host) AddAddress(dev string, a AddressSpec) error {
	if err := a.check(); err != nil {
		return err
	}
	return h.onLink(dev, "add address "+a.Prefix.String(), func(nl *netlink.Handle, link netlink.Link) error {
		return nl.AddrAdd(link, a.netlink())
	})
}

// DelAddress removes an address from an interface; its scope does not matter.
func (h *Host) DelAddress(dev string, a AddressSpec) error {
	if err := a.check(); err != nil {
		return err
	}
	return h.onLink(dev, "delete address "+a.Prefix.String(), func(nl *netlink.Handle, link netlink.Link) error {
		return nl.AddrDel(link, a.netlink())
	})
}

// SetUp sets an interface up, and returns when it can send; or down.
func (h *Host) SetUp(dev string, up bool) error {
	return h.onLink(dev, "set it up or down", func(nl *netlink.Handle, link netlink.Link) error {
		if !up {
			return nl.LinkSetDown(link)
		}
		if err := nl.LinkSetUp(link); err != nil {
			return err
		}
		// For a cable, the "parent" is the other end: our port.
		if port := link.Attrs().ParentIndex; link.Type() == "veth" && port > firstPort {
			if err := h.lab.fabric.settle(port); err != nil {
				return err
			}
			return awaitUp(nl, func(a *netlink.LinkAttrs) bool { return a.Index == link.Attrs().Index })
		}
		return nil
	})
}

// SetARP clears or sets the NOARP flag of an interface.
func (h *Host) SetARP(dev string, on bool) error {
	return h.onLink(dev, "switch ARP", func(nl *netlink.Handle, link netlink.Link) error {
		if on {
			return nl.LinkSetARPOn(link)
		}
		return nl.LinkSetARPOff(link)
	})
}

// DeleteLink deletes an interface, as if the card was pulled out.
func (h *Host) DeleteLink(dev string) error {
	return h.onLink(dev, "delete", func(nl *netlink.Handle, link netlink.Link) error { return nl.LinkDel(link) })
}

// RenameLink renames an interface. Kernels before 6.2 want it down for that;
// then it is set down and up again, and loses its routes via gateways.
func (h *Host) RenameLink(dev, name string) error {
	if err := checkDevName(name); err != nil {
		return err
	}
	rename := func(nl *netlink.Handle, link netlink.Link) error { return nl.LinkSetName(link, name) }
	err := h.onLink(dev, "rename", rename)
	if !errors.Is(err, unix.EBUSY) {
		return err
	}
	if err := h.SetUp(dev, false); err != nil {
		return err
	}
	if err := h.onLink(dev, "rename", rename); err != nil {
		return err
	}
	return h.SetUp(name, true)
}

// AddRoute adds a route to the main table.
func (h *Host) AddRoute(r RouteSpec) error {
	if err := r.check(); err != nil {
		return err
	}
	return h.netlink(func(nl *netlink.Handle) error { return addRoute(nl, r) })
}

func addRoute(nl *netlink.Handle, r RouteSpec) error {
	route := &netlink.Route{Dst: ipNet(r.Destination)}
	if r.Via.IsValid() {
		route.Gw = r.Via.AsSlice()
	} else {
		route.Scope = netlink.SCOPE_LINK
	}
	if r.Dev != "" {
		link, err := nl.LinkByName(r.Dev)
		if err != nil {
			return fmt.Errorf("route to %s: interface %q: %w", r.Destination, r.Dev, err)
		}
		route.LinkIndex = link.Attrs().Index
	}
	if err := nl.RouteAdd(route); err != nil {
		return fmt.Errorf("add route to %s: %w", r.Destination, err)
	}
	return nil
}

func (a AddressSpec) netlink() *netlink.Addr {
	scope := netlink.SCOPE_UNIVERSE
	switch a.Scope {
	case ScopeHost:
		scope = netlink.SCOPE_HOST
	case ScopeLink:
		scope = netlink.SCOPE_LINK
	}
	return &netlink.Addr{IPNet: ipNet(a.Prefix), Scope: int(scope)}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// MAC is the MAC address of an interface.
func (h *Host) MAC(dev string) (mac evidence.MAC, err error) {
	err = h.onLink(dev, "read the MAC address", func(_ *netlink.Handle, link netlink.Link) error {
		copy(mac[:], link.Attrs().HardwareAddr)
		return nil
	})
	return mac, err
}
