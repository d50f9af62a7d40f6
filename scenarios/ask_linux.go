package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/inspect"
)

// Check makes the check from an interface of the host, as
// `arpcheck --vip … -i dev` does there: one result for each VIP.
func (h *Host) Check(ctx context.Context, dev string, c Check) ([]diagnose.Result, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("check from host %s: %w", h, err)
	}
	var q *Inquiry
	err := h.Do(func() error {
		segment, err := inspect.ReadSegment(dev)
		if err != nil {
			return err
		}
		q, err = c.Open(&segment)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check from host %s: %w", h, err)
	}
	defer q.Close()
	return q.Ask(ctx), nil
}

// check wants addresses that can be checked.
func (c Check) check() error {
	if len(c.VIPs) == 0 {
		return errors.New("there is no VIP to check")
	}
	for i, vip := range c.VIPs {
		if err := checkHostAddr(vip); err != nil {
			return fmt.Errorf("VIP %w", err)
		}
		if slices.Contains(c.VIPs[:i], vip) {
			return fmt.Errorf("VIP %s is there twice", vip)
		}
	}
	return nil
}

// has reports whether an address is on one of the host's interfaces.
func (h *Host) has(ip netip.Addr) (has bool, err error) {
	err = h.Do(func() error {
		addrs, err := net.InterfaceAddrs()
		for _, a := range addrs {
			if p, perr := netip.ParsePrefix(a.String()); perr == nil && p.Addr() == ip {
				has = true
			}
		}
		return err
	})
	return has, err
}
