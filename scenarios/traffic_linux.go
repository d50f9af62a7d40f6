package scenarios

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

// pings makes each echo of this process distinguishable from all others.
var pings atomic.Uint32

// Ping sends one ICMP echo from the host and waits for its answer, for
// three seconds or until ctx ends. The host's kernel resolves the address first, as
// for any packet. Without an answer in time the error is
// [os.ErrDeadlineExceeded]; when ctx was cancelled it is [context.Canceled].
func (h *Host) Ping(ctx context.Context, to netip.Addr) error {
	conn, err := h.listenICMP()
	if err != nil {
		return fmt.Errorf("ping from %s: %w", h, err)
	}
	defer conn.Close()
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	stop := context.AfterFunc(limited, func() { conn.SetDeadline(time.Now()) })
	defer stop()

	request := echoRequest(pings.Add(1))
	if _, err := conn.WriteTo(request, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return fmt.Errorf("ping from %s: %w", h, err)
	}
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf) // without the IP header
		if errors.Is(ctx.Err(), context.Canceled) {
			return fmt.Errorf("ping from %s: %w", h, ctx.Err())
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("ping from %s: no answer from %s: %w", h, to, os.ErrDeadlineExceeded)
		}
		if err != nil {
			return fmt.Errorf("ping from %s: %w", h, err)
		}
		// A raw socket sees all ICMP of the host: echo replies (type 0)
		// with our identifier and sequence number are ours (RFC 792).
		addr, _ := netip.AddrFromSlice(from.(*net.IPAddr).IP)
		if n >= 8 && buf[0] == 0 && addr.Unmap() == to && string(buf[4:8]) == string(request[4:8]) {
			return nil
		}
	}
}

func (h *Host) listenICMP() (conn net.PacketConn, err error) {
	err = h.Do(func() error {
		conn, err = net.ListenPacket("ip4:icmp", "0.0.0.0")
		return err
	})
	return conn, err
}

// echoRequest is an ICMP echo (RFC 792) whose identifier and sequence number
// are the two halves of n.
func echoRequest(n uint32) []byte {
	msg := binary.BigEndian.AppendUint32([]byte{8, 0, 0, 0}, n)
	msg = append(msg, "arpcheck lab"...)
	var sum uint32
	for i := 0; i < len(msg); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(msg[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(msg[2:], ^uint16(sum+sum>>16))
	return msg
}

// ListenTCP opens a TCP service on the host, which greets everyone who
// connects with the host's name and a line feed, until the lab is closed. The
// address 0.0.0.0 stands for all; port 0 has the kernel choose one. It returns
// what it listens on.
func (h *Host) ListenTCP(addr netip.AddrPort) (netip.AddrPort, error) {
	l, err := h.serveTCP(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := h.lab.keep(l); err != nil {
		return netip.AddrPort{}, fmt.Errorf("host %s: %w", h, err)
	}
	return l.Addr().(*net.TCPAddr).AddrPort(), nil
}

// serveTCP does it until the listener is closed.
func (h *Host) serveTCP(addr netip.AddrPort) (l net.Listener, err error) {
	err = h.Do(func() (err error) {
		l, err = net.Listen("tcp4", addr.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", h, err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			conn.SetDeadline(time.Now().Add(time.Second)) // a peer that is gone must not hold us
			fmt.Fprintln(conn, h.Name)
			conn.Close()
		}
	}()
	return l, nil
}

// DialTCP connects from the host.
func (h *Host) DialTCP(ctx context.Context, to netip.AddrPort) (conn net.Conn, err error) {
	err = h.Do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp4", to.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", h, err)
	}
	return conn, nil
}
