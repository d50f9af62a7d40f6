package scenarios_test

import (
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/arpcheck/arpcheck/scenarios"
)

// overVLAN puts a VLAN in the place of interfaces, under their names and with
// their addresses.
func overVLAN(h *scenarios.Host, devs ...string) error {
	for _, dev := range devs {
		trunk := "trunk" + dev
		if err := h.RenameLink(dev, trunk); err != nil {
			return err
		}
		if err := h.Do(func() error {
			under, err := netlink.LinkByName(trunk)
			if err != nil {
				return err
			}
			addrs, err := netlink.AddrList(under, netlink.FAMILY_V4)
			if err != nil {
				return err
			}
			attrs := netlink.NewLinkAttrs()
			attrs.Name, attrs.ParentIndex = dev, under.Attrs().Index
			vlan := &netlink.Vlan{LinkAttrs: attrs, VlanId: 100, VlanProtocol: netlink.VLAN_PROTOCOL_8021Q}
			if err := netlink.LinkAdd(vlan); err != nil {
				return fmt.Errorf("add a VLAN to %s: %w", trunk, err)
			}
			if err := netlink.LinkSetUp(vlan); err != nil {
				return err
			}
			for _, a := range addrs {
				if err := netlink.AddrDel(under, &a); err != nil {
					return err
				}
				a.Label = ""
				if err := netlink.AddrAdd(vlan, &a); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return nil
}

// realDummy puts an interface of the kernel's dummy driver in the place of
// other, which is an empty bridge.
func realDummy(h *scenarios.Host) error {
	if err := h.DeleteLink("other"); err != nil {
		return err
	}
	return h.Do(func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = "other"
		dummy := &netlink.Dummy{LinkAttrs: attrs}
		if err := netlink.LinkAdd(dummy); err != nil {
			return fmt.Errorf("add a dummy interface: %w", err)
		}
		return netlink.LinkSetUp(dummy)
	})
}
