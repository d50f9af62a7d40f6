package capture

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// A frame that the sender's kernel left to the device to cut into segments (TSO)
// comes through a veth as one, far longer than the MTU and than the buffer. It
// is cut, and still evidence; so is one whose checksum was left to the device.
func TestLiveOffloaded(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	var fd int
	if err := onThread(c.far, func() error {
		ifi, err := net.InterfaceByName("far0")
		if err != nil {
			return err
		}
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index})
	}); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)

	const needsChecksum, tcpV4 = 1, 1 // of struct virtio_net_hdr
	const headers = 14 + 20 + 24      // tcp has one option
	send := func(payload int, gso byte) {
		frame := ether(clientMAC, serverMAC, 0x0800, ipv4(6, vip, clientIP, slices.Concat(tcp(443, 40000, 0x12), make([]byte, payload))))
		vnet := []byte{needsChecksum, gso}
		size := uint16(0)
		if gso != 0 {
			size = 1000
		}
		for _, v := range []uint16{headers, size, 14 + 20, 16} { // hdr_len, gso_size, csum_start, csum_offset
			vnet = binary.NativeEndian.AppendUint16(vnet, v)
		}
		if _, err := unix.Write(fd, slices.Concat(vnet, frame)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name    string
		payload int
		gso     byte
	}{{"checksum", 0, 0}, {"30,000 octets to be cut", 30_000, tcpV4}, {"60,000 octets to be cut", 60_000, tcpV4}} {
		send(tc.payload, tc.gso)
		rec, err := l.Next(time.Now().Add(5 * time.Second))
		if err != nil || rec.Kind != evidence.TCPSynAck || rec.SenderIP != vip || rec.SenderPort != 443 {
			t.Errorf("%s: %v, %v", tc.name, rec, err)
		}
		if whole := 14 + 20 + 24 + tc.payload; l.in.n != min(whole, snapLen) {
			t.Errorf("%s: %d octets were received, want %d", tc.name, l.in.n, min(whole, snapLen))
		}
	}
	if _, dropped, ignored := l.Counts(); dropped.Total() != 0 || len(ignored) != 0 {
		t.Errorf("dropped %d, ignored %v", dropped, ignored)
	}
}
