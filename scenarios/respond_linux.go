package scenarios

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// an arpSocket sends and receives ARP frames, past the kernel's own ARP.
type arpSocket struct {
	fd    int
	mac   evidence.MAC
	index int
}

// arp opens such a socket on an interface of the host.
func (h *Host) arp(dev string) (s arpSocket, err error) {
	err = h.Do(func() error {
		ifc, err := net.InterfaceByName(dev)
		if err != nil {
			return fmt.Errorf("interface %q: %w", dev, err)
		}
		if len(ifc.HardwareAddr) != len(s.mac) {
			return fmt.Errorf("interface %q is not Ethernet", dev)
		}
		s.mac, s.index = evidence.MAC(ifc.HardwareAddr), ifc.Index
		s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(bigEndian(unix.ETH_P_ARP)))
		if err != nil {
			return err
		}
		return unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ARP), Ifindex: ifc.Index})
	})
	if err != nil {
		if s.fd > 0 {
			unix.Close(s.fd)
		}
		return s, fmt.Errorf("host %s: %w", h, err)
	}
	return s, nil
}

// bigEndian is the number whose bytes in memory are those of v on the wire.
func bigEndian(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// send sends an ARP frame: op is 1 for a request and 2 for a reply (RFC 826).
func (s arpSocket) send(op byte, dst evidence.MAC, sip netip.Addr, tha evidence.MAC, tip netip.Addr) error {
	frame := slices.Concat(dst[:], s.mac[:], []byte{8, 6}, []byte{0, 1, 8, 0, 6, 4, 0, op},
		s.mac[:], sip.AsSlice(), tha[:], tip.AsSlice())
	return unix.Sendto(s.fd, frame, 0, &unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ARP), Ifindex: s.index})
}

// announce broadcasts gratuitous ARP for an address, as `arping -U` does:
// a request for the address by itself.
func (h *Host) announce(dev string, ip netip.Addr) error {
	s, err := h.arp(dev)
	if err != nil {
		return err
	}
	defer unix.Close(s.fd)
	return s.send(1, evidence.Broadcast, ip, evidence.MAC{}, ip)
}

// a responder answers who-has until it is closed.
type responder struct {
	arpSocket
	Responder
	quit, ended chan struct{}
}

func (h *Host) respond(spec Responder) (io.Closer, error) {
	s, err := h.arp(spec.Interface)
	if err != nil {
		return nil, err
	}
	// Long enough to be no work, short enough to notice the end.
	if err := unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}); err != nil {
		unix.Close(s.fd)
		return nil, err
	}
	r := &responder{s, spec, make(chan struct{}), make(chan struct{})}
	go r.loop()
	return r, nil
}

func (r *responder) loop() {
	defer close(r.ended)
	buf := make([]byte, 1500)
	type answer struct {
		due time.Time
		to  evidence.MAC
		tip netip.Addr
	}
	var late []answer // in order of time, as all wait equally long
	for {
		select {
		case <-r.quit:
			return
		default:
		}
		// ENETDOWN is said once when the interface goes down; when it is up
		// again the socket receives as before (net/packet, packet_notifier).
		n, _, err := unix.Recvfrom(r.fd, buf, 0)
		if err == nil && n >= 42 && binary.BigEndian.Uint16(buf[20:]) == 1 && netip.AddrFrom4([4]byte(buf[38:42])) == r.Address {
			late = append(late, answer{time.Now().Add(time.Duration(r.Delay)), evidence.MAC(buf[22:28]), netip.AddrFrom4([4]byte(buf[28:32]))})
		} else if err != nil && !slices.Contains([]error{unix.EAGAIN, unix.EINTR, unix.ENETDOWN}, err) {
			return
		}
		for len(late) > 0 && !time.Now().Before(late[0].due) {
			// A frame that cannot be sent is one that nobody gets.
			_ = r.send(2, late[0].to, r.Address, late[0].to, late[0].tip)
			late = late[1:]
		}
	}
}

func (r *responder) Close() error {
	close(r.quit)
	<-r.ended
	return unix.Close(r.fd)
}
