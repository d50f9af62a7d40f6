package probe

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Link sends and receives frames on one interface; *capture.Live is one.
type Link interface {
	// Send puts one Ethernet frame, header included, on the wire.
	Send(frame []byte) error
	// Next waits for the next frame that is evidence, until the deadline;
	// then the error is os.ErrDeadlineExceeded. Any other error means that
	// the interface is lost. Frames that are no evidence are counted in
	// Counts and never returned.
	Next(deadline time.Time) (evidence.Record, error)
	// Carrier returns an error if the interface was without a link for a
	// time: what was sent then went nowhere.
	Carrier() error
	// Neighbour says where this host itself takes an address to be, if it
	// has an entry for it in the neighbour table of the interface.
	Neighbour(netip.Addr) (evidence.MAC, bool)
	// Counts says what was received, lost and ignored so far.
	Counts() (received uint64, lost evidence.Lost, ignored map[evidence.Reason]uint64)
}
