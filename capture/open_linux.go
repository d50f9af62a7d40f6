package capture

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// receiveBuffer, in octets, takes the answers of a burst while the reader is
// elsewhere; the default of some 200 KiB loses up to a sixth of them.
const receiveBuffer = 8 << 20

// vrrpGroup is the MAC address of the group 224.0.0.18 that VRRP adverts go to
// (RFC 5798, section 5.1.1.2, mapped by RFC 1112, section 6.4).
var vrrpGroup = net.HardwareAddr{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12}

// Open opens a packet socket on ifi behind the filter. If f.MAC is zero it is
// taken from ifi. The interface is not made promiscuous.
//
// errors.Is tells os.ErrPermission (it needs CAP_NET_RAW) and ErrInterfaceLost
// from other errors. Socket and interface belong to the network namespace of
// the calling thread.
func Open(ifi *net.Interface, f Filter) (*Live, error) {
	if len(ifi.HardwareAddr) != 6 {
		return nil, fmt.Errorf("%s is not an Ethernet interface", ifi.Name)
	}
	if f.MAC.IsZero() {
		f.MAC = evidence.MAC(ifi.HardwareAddr)
	}
	program, err := f.Assemble()
	if err != nil {
		return nil, err
	}
	l := &Live{
		ifname:    ifi.Name,
		mac:       f.MAC,
		broadcast: &packet.Addr{HardwareAddr: evidence.Broadcast[:]},
		ignored:   make(map[evidence.Reason]uint64),
	}
	l.conn, err = packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, &packet.Config{Filter: program})
	if err != nil {
		return nil, l.openError(err)
	}
	if err := l.setup(); err != nil {
		_ = l.conn.Close()
		return nil, l.openError(err)
	}
	l.health = openHealth(ifi.Index)
	return l, nil
}

// setup does what can be done only with the socket bound.
func (l *Live) setup() (err error) {
	if l.raw, err = l.conn.SyscallConn(); err != nil {
		return err
	}
	if err := l.conn.JoinGroup(vrrpGroup); err != nil {
		return err
	}
	controlErr := l.raw.Control(func(fd uintptr) { err = setOptions(int(fd)) })
	return errors.Join(controlErr, err)
}

func setOptions(fd int) error {
	// Without CAP_NET_ADMIN the kernel takes the smaller of this and
	// net.core.rmem_max, and says nothing.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer); err != nil {
			return os.NewSyscallError("setsockopt SO_RCVBUF", err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return os.NewSyscallError("setsockopt SO_TIMESTAMPNS", err)
	}
	// To bind to an interface that is down is no error, but leaves one
	// behind (packet_do_bind).
	pending, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && pending != 0 {
		err = unix.Errno(pending)
	}
	return os.NewSyscallError("bind", err)
}

func (l *Live) openError(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("no permission to open a packet socket on %s: %w", l.ifname, err)
	}
	if lost := l.checkLost(err); lost != nil {
		return lost
	}
	return fmt.Errorf("cannot open a packet socket on %s: %w", l.ifname, err)
}
