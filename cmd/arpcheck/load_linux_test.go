package main

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A load is traffic that is nobody's business: ARP, ICMP and TCP of other hosts,
// as many frames a second as were wanted or as the machine can do.
type load struct {
	stop atomic.Bool
	done sync.WaitGroup
	sent atomic.Uint64
}

// foreign are the frames of the load. The unicast ones are to a MAC address that
// the bridge has never seen, so it floods them as it does broadcasts.
func foreign(from evidence.MAC) (frames [][]byte) {
	nobody := evidence.MAC{0x0e, 0, 0, 0, 0, 1}
	ip := func(protocol byte, payload []byte) []byte {
		header := slices.Concat([]byte{0x45, 0}, be16(uint16(20+len(payload))), []byte{0, 7, 0, 0, 64, protocol, 0, 0},
			[]byte{10, 1, 1, 1}, []byte{10, 1, 1, 2})
		copy(header[10:], be16(checksum(header)))
		return slices.Concat(nobody[:], from[:], []byte{8, 0}, header, payload)
	}
	for i := range 256 {
		a, b := netip.AddrFrom4([4]byte{10, 1, 2, byte(i)}), netip.AddrFrom4([4]byte{10, 1, 3, byte(i)})
		switch i % 3 {
		case 0:
			frames = append(frames, arpFrame(1, from, evidence.Broadcast, a, b))
		case 1:
			frames = append(frames, ip(1, make([]byte, 64)))
		case 2:
			frames = append(frames, ip(6, slices.Concat(be16(uint16(1024+i)), be16(80), make([]byte, 8), []byte{0x50, 0x12}, make([]byte, 6))))
		}
	}
	return frames
}

// burden sends from a host, until the test ends, at most so many frames a second.
func burden(t *testing.T, h *scenarios.Host, perSecond int, frames [][]byte) {
	t.Helper()
	var fd int
	if err := h.Do(func() error {
		ifi, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index})
	}); err != nil {
		t.Fatal(err)
	}
	l := new(load)
	l.done.Go(func() { l.run(fd, perSecond, frames) })
	t.Cleanup(func() {
		l.stop.Store(true)
		l.done.Wait()
		unix.Close(fd)
	})
}

// run sends with sendmmsg(2), a batch at a time.
func (l *load) run(fd, perSecond int, frames [][]byte) {
	type mmsghdr struct {
		hdr unix.Msghdr
		len uint32
	}
	iovs, msgs := make([]unix.Iovec, len(frames)), make([]mmsghdr, len(frames))
	for i, f := range frames {
		iovs[i].Base = &f[0]
		iovs[i].SetLen(len(f))
		msgs[i].hdr.Iov = &iovs[i]
		msgs[i].hdr.SetIovlen(1)
	}
	start := time.Now()
	for !l.stop.Load() {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&msgs[0])), uintptr(len(msgs)), 0, 0, 0)
		if errno == 0 {
			l.sent.Add(uint64(n))
		}
		ahead := time.Duration(l.sent.Load())*time.Second/time.Duration(perSecond) - time.Since(start)
		if ahead > time.Millisecond || errno != 0 {
			time.Sleep(max(ahead, time.Millisecond))
		}
	}
	runtime.KeepAlive(frames)
}

// arrived is how many frames an interface has received.
func arrived(t *testing.T, h *scenarios.Host) (n uint64) {
	t.Helper()
	if err := h.Do(func() error {
		link, err := netlink.LinkByName("eth1")
		if err == nil {
			n = link.Attrs().Statistics.RxPackets
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// answersOnce answers the n-th who-has for the VIP that the client sends, and no
// other, past the kernel. Only such requests come to its socket.
func answersOnce(t *testing.T, h *scenarios.Host, nth int) {
	t.Helper()
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0x0806, SkipTrue: 5},
		bpf.LoadAbsolute{Off: 20, Size: 2}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 1, SkipTrue: 3},
		bpf.LoadAbsolute{Off: 38, Size: 4}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0xc0a80163, SkipTrue: 1},
		bpf.RetConstant{Val: 200}, bpf.RetConstant{Val: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	var conn *packet.Conn
	if err := h.Do(func() error {
		ifi, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		conn, err = packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, &packet.Config{Filter: program})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	mac, err := h.MAC("eth1")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		buf := make([]byte, 200)
		for seen := 0; ; {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			rec, _ := capture.Decode(buf[:n])
			if rec.Kind != evidence.ARPRequest || rec.Src == mac || rec.IsProbe() || rec.Dst != evidence.Broadcast {
				continue
			}
			if seen++; seen == nth {
				frame := arpFrame(2, mac, rec.SenderMAC, scenarios.ClassicVIP, rec.SenderIP)
				if _, err := conn.WriteTo(frame, &packet.Addr{HardwareAddr: frame[:6]}); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
}

// perSecond is a rate for people.
func perSecond(n uint64, took time.Duration) string {
	return fmt.Sprintf("%.0f frames/s", float64(n)/took.Seconds())
}
