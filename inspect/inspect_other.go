//go:build !linux

package inspect

import (
	"errors"
	"fmt"
	"net/netip"
)

var errNotLinux = fmt.Errorf("only Linux lets arpcheck read its network settings: %w", errors.ErrUnsupported)

// InNetNS calls f. Network namespaces are Linux's own: any ref is an error.
func InNetNS(ref string, f func() error) error {
	if ref != "" {
		return fmt.Errorf("network namespace %s: %w", ref, errNotLinux)
	}
	return f()
}

// ReadSegment is not possible on this system.
func ReadSegment(string) (Segment, error) { return Segment{}, errNotLinux }

// RouteTo is not possible on this system.
func RouteTo(netip.Addr) (Route, error) { return Route{}, errNotLinux }

// ReadHost is not possible on this system.
func ReadHost() (Host, error) { return Host{}, errNotLinux }
