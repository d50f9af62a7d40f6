package scenarios

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// crowd is how many interfaces a segment can have before their cables get
// queues of their own.
//
// What comes out of a cable waits in the backlog of the CPU, which is one for
// all labs and the machine itself and holds net.core.netdev_max_backlog frames,
// 1000. When n hosts broadcast at once, as all do that repeat the same request
// in the same tick, a bridge makes n * n frames of that: more than 30 hosts would
// lose some.
const crowd = 16

// With NAPI a cable has a queue for 256 frames (VETH_RING_SIZE). It is switched
// on by GRO at the end where frames come out, and used if the other end does
// not announce TSO (veth_skb_is_eligible_for_gro).
const (
	ethtoolSetTSO = 0x1f
	ethtoolSetGRO = 0x2c
)

// ownQueue gives the cable from a port to a host's interface its own queue.
// Kernels before 5.13 take no notice.
func (f *fabric) ownQueue(port, dev string) error {
	// The interface is in the calling thread's namespace.
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	if err := setFeature(s, dev, ethtoolSetGRO, 1); err != nil {
		return err
	}
	return setFeature(f.control, port, ethtoolSetTSO, 0)
}

// setFeature switches a feature of an interface, as ethtool(8) does.
func setFeature(socket int, dev string, command, value uint32) error {
	arg := [2]uint32{command, value} // struct ethtool_value
	req := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&arg)}
	copy(req.name[:unix.IFNAMSIZ-1], dev)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return fmt.Errorf("set a feature of %s: %w", dev, errno)
	}
	return nil
}
