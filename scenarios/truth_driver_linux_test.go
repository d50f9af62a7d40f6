package scenarios_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A driver puts stimuli to a real host and reads its reactions off the wire.
//
// It proves silence by a fence: behind the stimuli goes an ICMP request by a
// second cable, to an address and from an address that no setting of the first
// touches, with a permanent neighbour entry for the way back. Its reply comes
// last, because all of it happens in order: frames wait in the backlog of one
// processor (enqueue_to_backlog), for the driver stays on one.
type driver struct {
	fd         int
	eth1, eth2 *net.Interface // of the driver's host
	fences     uint16
	used       byte // how many fresh sources were taken, less one
	buf        [2048]byte
}

// The driver's host and the target, by the addresses of topology.
var (
	driverMAC = evidence.MAC{2, 0, 0, 0, 0, 1}
	targetMAC = map[string]evidence.MAC{
		"eth1": {2, 0, 0, 0, 0, 2},
		"eth2": {2, 0, 0, 1, 0, 2},
		"eth3": {2, 0, 0, 3, 0, 2},
	}
	fenceAsker  = netip.MustParseAddr("172.31.0.1")
	fenceTarget = netip.MustParseAddr("172.31.0.2")
)

// openDriver opens one packet socket for all interfaces of the calling
// thread's namespace, so that frames of both cables are read in their order.
func openDriver() (*driver, error) {
	d := &driver{}
	var err error
	if d.eth1, err = net.InterfaceByName("eth1"); err != nil {
		return nil, err
	}
	if d.eth2, err = net.InterfaceByName("eth2"); err != nil {
		return nil, err
	}
	all := int(unix.ETH_P_ALL&0xff<<8 | unix.ETH_P_ALL>>8) // network byte order
	if d.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.SetsockoptInt(d.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt PACKET_IGNORE_OUTGOING", err)
	}
	timeout := unix.Timeval{Sec: 5}
	return d, os.NewSyscallError("setsockopt SO_RCVTIMEO", unix.SetsockoptTimeval(d.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
}

func (d *driver) close() { _ = unix.Close(d.fd) }

// stayOnOneProcessor pins the calling thread, which must be locked: to the nth
// of those that it may run on, or, where there are not so many, one of them.
func stayOnOneProcessor(nth int) error {
	var may, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	nth %= may.Count()
	for cpu := range 1024 {
		if !may.IsSet(cpu) {
			continue
		}
		if nth--; nth < 0 {
			one.Set(cpu)
			break
		}
	}
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &one))
}

// ask puts stimuli to the host at once, and returns what it did about each
// until the fence. Only stimuli of other senders or targets go together, so
// that each reaction is to one of them.
func (d *driver) ask(stimuli []kernel.Stimulus) ([]sight, error) {
	got := make([]sight, len(stimuli))
	for _, s := range stimuli {
		to := targetMAC[s.In]
		if s.Broadcast {
			to = evidence.Broadcast
		}
		frame := echoFrame
		if s.Kind == kernel.WhoHas {
			frame = whoHasFrame
		}
		if err := d.send(d.eth1, frame(to, s.Sender, s.Target)); err != nil {
			return nil, err
		}
	}
	err := d.listen(func(rec evidence.Record) (err error) {
		i := slices.IndexFunc(stimuli, func(s kernel.Stimulus) bool { return reacts(rec, s) })
		if i < 0 {
			return nil
		}
		if rec.Kind != evidence.ARPRequest {
			got[i].reply(stimuli[i], rec.Src)
			return nil
		}
		got[i].Announces, got[i].Out = rec.SenderIP, interfaceOf(rec.Src)
		return d.tell(rec)
	})
	return got, err
}

// reacts reports whether a frame is the host's reaction to the stimulus.
func reacts(rec evidence.Record, s kernel.Stimulus) bool {
	switch rec.Kind {
	case evidence.ARPReply:
		return s.Kind == kernel.WhoHas && rec.SenderIP == s.Target && rec.TargetIP == s.Sender
	case evidence.EchoReply:
		return s.Kind == kernel.Echo && rec.SenderIP == s.Target && rec.TargetIP == s.Sender
	case evidence.ARPRequest:
		return s.Kind == kernel.Echo && (rec.TargetIP == s.Sender || rec.TargetIP == truthGateway)
	}
	return false
}

// tell answers a who-has of the host: what it asks for is the driver.
func (d *driver) tell(asked evidence.Record) error {
	err := d.send(d.eth1, arpFrame(arpReply, asked.SenderMAC, asked.TargetIP, asked.SenderMAC, asked.SenderIP))
	if err != nil {
		return err
	}
	return d.fence() // its echo reply waits for this, so the fence moves behind
}

// listen sends the fence and takes what comes until its reply.
func (d *driver) listen(take func(evidence.Record) error) error {
	if err := d.fence(); err != nil {
		return err
	}
	for {
		rec, err := d.next()
		if err != nil || rec.Kind == 0 {
			return err
		}
		if err := take(rec); err != nil {
			return err
		}
	}
}

// fresh returns an address of the segment that the host has not met since its
// neighbour cache was emptied; ok is false if none is left.
func (d *driver) fresh() (a netip.Addr, ok bool) {
	b := truthFresh.As4()
	if d.used == 254-b[3] {
		d.used = 0
		return a, false
	}
	d.used++
	b[3] += d.used
	return netip.AddrFrom4(b), true
}

func (d *driver) fence() error {
	d.fences++
	return d.send(d.eth2, fenceFrame(evidence.MAC(d.eth2.HardwareAddr), targetMAC["eth2"], fenceAsker, fenceTarget, d.fences))
}

func (d *driver) send(out *net.Interface, frame []byte) error {
	err := unix.Sendto(d.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: out.Index, Halen: 6, Addr: [8]byte(frame[:8])})
	return os.NewSyscallError("sendto", err)
}

// next reads the next frame that is evidence, until the reply to the last
// fence: that is the zero record.
func (d *driver) next() (evidence.Record, error) {
	for {
		n, from, err := unix.Recvfrom(d.fd, d.buf[:], 0)
		switch err {
		case nil:
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return evidence.Record{}, fmt.Errorf("no reply to the fence %d", d.fences)
		default:
			return evidence.Record{}, os.NewSyscallError("recvfrom", err)
		}
		// A VLAN is heard on its trunk, too.
		if on, ok := from.(*unix.SockaddrLinklayer); !ok || on.Ifindex != d.eth1.Index && on.Ifindex != d.eth2.Index {
			continue
		}
		if number, ok := fenceReply(d.buf[:n]); ok {
			if number == d.fences {
				return evidence.Record{}, nil
			}
			continue
		}
		if rec, reason := capture.Decode(d.buf[:n]); reason == "" {
			return rec, nil
		}
	}
}
