package capture

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// A Live sends frames on one interface and receives those that its filter
// lets through. Next is for one goroutine; Send, Counts and Close may be
// called from others.
type Live struct {
	conn      *packet.Conn
	raw       syscall.RawConn
	ifname    string
	mac       evidence.MAC
	broadcast *packet.Addr // any address serves: a raw socket sends the frame as it is

	health *health

	in    reading
	early evidence.Record // received by the last Next, but after its deadline; no Kind: none
	room  int             // octets of frames that may still be kept

	mu         sync.Mutex
	received   uint64
	dropped    uint64 // by the socket
	lostBefore uint64 // before the socket
	carrier    error  // why the link cannot be relied on
	ignored    map[evidence.Reason]uint64
	lost       error // once the interface was lost, for good
}

// checkLost returns the error of a lost interface, if err means that or the
// interface was lost before: the kernel tells it only once.
func (l *Live) checkLost(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil &&
		(errors.Is(err, unix.ENETDOWN) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV)) {
		l.lost = fmt.Errorf("%s: %w (%w)", l.ifname, ErrInterfaceLost, err)
	}
	return l.lost
}

// Send puts one Ethernet frame, header included, on the wire. It waits some
// milliseconds at most for room in the interface's queue.
func (l *Live) Send(frame []byte) error {
	const (
		attempts = 6
		pause    = 100 * time.Microsecond // doubled each time: 3.1 ms in all
		stuck    = time.Second            // a device that takes nothing from its queue
	)
	if err := l.checkLost(nil); err != nil {
		return err
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(stuck)); err != nil {
		return err
	}
	var err error
	for i := range attempts {
		if i > 0 {
			time.Sleep(pause << (i - 1))
		}
		// ENOBUFS: the queueing discipline dropped the frame (net_xmit_errno).
		if _, err = l.conn.WriteTo(frame, l.broadcast); !errors.Is(err, unix.ENOBUFS) {
			break
		}
	}
	if err == nil {
		return nil
	}
	if lost := l.checkLost(err); lost != nil {
		return lost
	}
	return fmt.Errorf("cannot send on %s: %w", l.ifname, err)
}

// Next waits for the next frame that is evidence and returns its record, with
// the time at which the kernel received it; Number is left to the caller. It
// returns all frames that came before the deadline, however late it is
// called, and then os.ErrDeadlineExceeded; a frame that came later is kept for
// the next call. A zero deadline is none.
//
// ErrInterfaceLost, wrapped, means that no more frames will come, and
// os.ErrClosed that Close was called. Frames that are no evidence are counted
// in Counts and not returned.
func (l *Live) Next(deadline time.Time) (evidence.Record, error) {
	late := func(at time.Time) bool { return !deadline.IsZero() && at.After(deadline) }
	for {
		rec, at, err := l.receive(deadline)
		switch {
		case err != nil:
			return evidence.Record{}, err
		case late(at):
			// An ignored frame ends the call too: a flood of them must not
			// hold it up for ever.
			l.early = rec
			return evidence.Record{}, os.ErrDeadlineExceeded
		case rec.Kind != 0:
			return rec, nil
		}
	}
}

// receive returns the record of the next frame; its Kind is zero if the frame
// is no evidence.
func (l *Live) receive(deadline time.Time) (evidence.Record, time.Time, error) {
	if rec := l.early; rec.Kind != 0 {
		l.early = evidence.Record{}
		return rec, rec.Time, nil
	}
	for {
		if l.checkLost(nil) != nil {
			deadline = time.Unix(1, 0) // only what is queued: do not wait for more
		}
		frame, at, err := l.in.frame(l.conn, l.raw, deadline)
		if err == nil {
			return l.decode(frame, at), at, nil
		}
		lost := l.checkLost(err)
		switch {
		case errors.Is(err, unix.ENETDOWN):
			// Told once, and before what is in the queue (sock_error in
			// __skb_try_recv_datagram): read that.
		case lost != nil:
			return evidence.Record{}, time.Time{}, lost
		default:
			return evidence.Record{}, time.Time{}, err
		}
	}
}

// decode counts the frame, and gives the record its time.
func (l *Live) decode(frame []byte, at time.Time) evidence.Record {
	rec, reason := Decode(frame)
	if reason == "" && (rec.Src == l.mac || rec.SenderMAC == l.mac) {
		// It arrived, so a loop or an impostor sent it.
		rec, reason = evidence.Record{}, evidence.OwnMAC
	}
	l.count(reason)
	rec.Time = at
	if reason == "" && len(frame) <= l.room {
		l.room -= len(frame)
		rec.Raw = &evidence.Raw{LinkType: uint32(linkEthernet), Octets: bytes.Clone(frame), Len: len(frame)}
	}
	return rec
}

// keptOctets is how many octets of frames a Live keeps at most: those of half
// a million ARP frames.
const keptOctets = 32 << 20

// KeepFrames lets each record that Next returns have its frame, until there
// are very many of them. It is to be called before Next.
func (l *Live) KeepFrames() { l.room = keptOctets }

func (l *Live) count(reason evidence.Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received++
	if reason != "" {
		l.ignored[reason]++
	}
}

// Counts says how many frames were received so far, behind the filter; how
// many more were lost before, for want of room; and how many of those received
// were no evidence. The map is the caller's.
func (l *Live) Counts() (received uint64, lost evidence.Lost, ignored map[evidence.Reason]uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addDropped()
	return l.received, evidence.Lost{Socket: l.dropped, Before: l.lostBefore}, maps.Clone(l.ignored)
}

// Carrier returns an error that wraps ErrNoCarrier if the interface was without
// a link at any time since Open: what was sent then went nowhere, and nothing
// else tells of it.
func (l *Live) Carrier() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look()
	return l.carrier
}

// addDropped adds what the kernel counted since the last time: it starts anew
// with each reading (packet_getsockopt). On a closed socket nothing is added.
func (l *Live) addDropped() {
	if stats, err := l.conn.Stats(); err == nil {
		l.dropped += uint64(stats.Drops)
	}
	l.look()
}

// look asks for the interface's health, unless it is closed.
func (l *Live) look() {
	l.lostBefore = max(l.lostBefore, l.health.lost())
	if err := l.health.carrier(); err != nil {
		l.carrier = fmt.Errorf("%s: %w: %w", l.ifname, ErrNoCarrier, err)
	}
}

// Close closes the socket; it takes the kernel some 16 ms. Next returns
// os.ErrClosed from then on, and Counts what it was at the end.
func (l *Live) Close() error {
	l.mu.Lock()
	l.addDropped()
	l.health.close()
	l.mu.Unlock()
	return l.conn.Close()
}
