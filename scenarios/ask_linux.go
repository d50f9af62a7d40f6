package scenarios

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/inspect"
)

// Check makes the check from an interface of the host, as
// `arpcheck --vip … -i dev` does there: one result for each VIP.
func (h *Host) Check(ctx context.Context, dev string, c Check) ([]diagnose.Result, error) {
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
		return nil, fmt.Errorf("check from host %s: %w", h.Name, err)
	}
	defer q.Close()
	return q.Ask(ctx), nil
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
