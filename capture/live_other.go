//go:build !linux

package capture

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Live needs Linux; here there is none.
type Live struct{}

// Open returns an error that wraps errors.ErrUnsupported.
func Open(ifi *net.Interface, _ Filter) (*Live, error) {
	return nil, fmt.Errorf("listening on %s needs Linux packet sockets: %w", ifi.Name, errors.ErrUnsupported)
}

// Send returns errors.ErrUnsupported.
func (*Live) Send([]byte) error { return errors.ErrUnsupported }

// Next returns errors.ErrUnsupported.
func (*Live) Next(time.Time) (evidence.Record, error) {
	return evidence.Record{}, errors.ErrUnsupported
}

// Counts returns zeros.
func (*Live) Counts() (received uint64, lost evidence.Lost, ignored map[evidence.Reason]uint64) {
	return 0, evidence.Lost{}, nil
}

// Carrier returns errors.ErrUnsupported.
func (*Live) Carrier() error { return errors.ErrUnsupported }

// Neighbour knows nobody.
func (*Live) Neighbour(netip.Addr) (evidence.MAC, bool) { return evidence.MAC{}, false }

// KeepFrames does nothing.
func (*Live) KeepFrames() {}

// Close does nothing.
func (*Live) Close() error { return nil }
