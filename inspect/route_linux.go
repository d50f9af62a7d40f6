package inspect

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// RouteTo asks the kernel which way it would send to an address, in the
// namespace that it is called in.
func RouteTo(addr netip.Addr) (Route, error) {
	const hint = "name the interface on its segment with -i"
	routes, err := netlink.RouteGet(addr.AsSlice())
	// There is none, or one of type unreachable, prohibit or blackhole
	// (fib_props): not wrapped, as none means what it says elsewhere.
	no := slices.ContainsFunc([]error{unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EACCES, unix.EINVAL},
		func(e error) bool { return errors.Is(err, e) })
	switch {
	case no || err == nil && len(routes) == 0:
		return Route{}, withHint(fmt.Errorf("no route to %s", addr), hint)
	case err != nil:
		return Route{}, fmt.Errorf("asking for the route to %s: %w", addr, err)
	}
	r := routes[0]
	if r.Type == unix.RTN_LOCAL {
		return Route{}, withHint(fmt.Errorf("%s is an address of this very host, so its route names no segment", addr), hint)
	}
	link, err := netlink.LinkByIndex(r.LinkIndex)
	if err != nil {
		return Route{}, fmt.Errorf("looking up the interface that the route to %s leaves by: %w", addr, err)
	}
	gateway, _ := netip.AddrFromSlice(r.Gw.To4()) // invalid without a gateway
	return Route{Interface: link.Attrs().Name, Gateway: gateway}, nil
}
