package capture

import (
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// A reading is the one buffer that a Live receives into, and what the last
// recvmsg left there.
type reading struct {
	frameBuf   [snapLen]byte
	controlBuf [64]byte // one timestamp takes 32

	n, controlLen int
	err           error

	deadline time.Time // that is set on the socket
}

// frame waits for a frame, until the deadline, and returns it with its time.
// The octets are valid until the next call. The filter keeps no more of a
// frame than fits, so a jumbo frame arrives cut, as in a capture with a snap
// length, and MSG_TRUNC does not happen.
func (r *reading) frame(conn *packet.Conn, raw syscall.RawConn, deadline time.Time) ([]byte, time.Time, error) {
	if !deadline.Equal(r.deadline) {
		if conn.SetReadDeadline(deadline) != nil {
			return nil, time.Time{}, os.ErrClosed // its only error
		}
		r.deadline = deadline
	}
	waitErr := raw.Read(r.recvmsg)
	if waitErr != nil {
		// The runtime does not even try to read after the deadline, nor
		// when the socket has an error and no data (EPOLLERR alone). What
		// is queued by now is to be read, and the error to be known.
		if raw.Control(func(fd uintptr) { r.recvmsg(fd) }) != nil {
			return nil, time.Time{}, os.ErrClosed // its only error
		}
	}
	switch {
	case r.err == unix.EAGAIN && errors.Is(waitErr, os.ErrDeadlineExceeded):
		return nil, time.Time{}, os.ErrDeadlineExceeded
	case r.err == unix.EAGAIN:
		return nil, time.Time{}, waitErr
	case r.err != nil:
		return nil, time.Time{}, os.NewSyscallError("recvmsg", r.err)
	}
	return r.frameBuf[:r.n], onMonotonic(kernelTime(r.controlBuf[:r.controlLen]), time.Now()), nil
}

// oldest is how long a frame may have waited to be read.
const oldest = 10 * time.Second

// onMonotonic gives a time that the kernel told, of the wall clock, its place
// on the monotonic clock, so that all that is measured from it is right though
// the wall clock be set meanwhile. A time that cannot be, later than now or long
// ago, was told before the clock was set: then now is the best there is.
func onMonotonic(told, now time.Time) time.Time {
	age := now.Round(0).Sub(told) // Round strips the monotonic reading
	if age < 0 || age > oldest {
		return now
	}
	return now.Add(-age)
}

// recvmsg receives one frame without waiting and reports whether there is a
// result other than "none yet". It is what syscall.RawConn.Read calls.
func (r *reading) recvmsg(fd uintptr) bool {
	for {
		r.n, r.controlLen, _, _, r.err = unix.Recvmsg(int(fd), r.frameBuf[:], r.controlBuf[:], unix.MSG_DONTWAIT)
		if r.err != unix.EINTR {
			return r.err != unix.EAGAIN
		}
	}
}

// kernelTime reads the SCM_TIMESTAMPNS message: when the kernel received the
// frame, before any queueing. Should there be none it is now. Within the first
// moments after Open it may be the time of reading, for the kernel switches its
// stamping on from a work queue (net_enable_timestamp).
func kernelTime(control []byte) time.Time {
	for len(control) > 0 {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS {
			// A struct timespec: two longs of this machine.
			switch len(data) {
			case 16:
				return time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
			case 8:
				return time.Unix(int64(binary.NativeEndian.Uint32(data)), int64(binary.NativeEndian.Uint32(data[4:])))
			}
		}
		control = rest
	}
	return time.Now()
}
