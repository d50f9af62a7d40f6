package main

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A wire is a packet socket of its own on the eth1 of a host. It sees all that
// arrives there and, as tcpdump does, what the host and its programs send.
type wire struct {
	t    *testing.T
	conn *packet.Conn

	mu     sync.Mutex
	frames []seen
	on     []func(seen)
}

// seen is one frame, with what it is if it is evidence.
type seen struct {
	at    time.Time
	bytes []byte
	rec   evidence.Record
}

// watch opens the socket, and closes it with the test.
func watch(t *testing.T, h *scenarios.Host) *wire {
	t.Helper()
	w := &wire{t: t}
	if err := h.Do(func() error {
		ifi, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		w.conn, err = packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.read()
	}()
	t.Cleanup(func() {
		w.conn.Close()
		<-ended
	})
	return w
}

func (w *wire) read() {
	buf := make([]byte, 2048)
	for {
		n, _, err := w.conn.ReadFrom(buf)
		if err != nil {
			return // closed, or the interface is down
		}
		f := seen{at: time.Now(), bytes: slices.Clone(buf[:n])}
		f.rec, _ = capture.Decode(f.bytes)
		f.rec.Time = f.at
		w.mu.Lock()
		w.frames = append(w.frames, f)
		on := w.on
		w.mu.Unlock()
		for _, do := range on {
			do(f)
		}
	}
}

// each calls do for every record from now on, on one goroutine.
func (w *wire) each(do func(evidence.Record)) {
	w.eachFrame(func(f seen) { do(f.rec) })
}

func (w *wire) eachFrame(do func(seen)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = append(w.on, do)
}

// all is what was seen so far.
func (w *wire) all() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.frames)
}

func (w *wire) send(frame []byte) {
	if _, err := w.conn.WriteTo(frame, &packet.Addr{HardwareAddr: frame[:6]}); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		w.t.Error("send:", err)
	}
}

// asks puts a who-has on the wire and reports whether somebody replies. A
// second one, for an address that is certainly answered, ends the wait.
func (w *wire) asks(target, sender netip.Addr, from evidence.MAC, fence netip.Addr) bool {
	w.t.Helper()
	begin := len(w.all())
	w.send(arpFrame(1, from, evidence.Broadcast, sender, target))
	w.send(arpFrame(1, from, evidence.Broadcast, sender, fence))
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		replied := false
		for _, f := range w.all()[begin:] {
			if f.rec.Kind != evidence.ARPReply {
				continue
			}
			replied = replied || f.rec.SenderIP == target
			if f.rec.SenderIP == fence {
				return replied
			}
		}
	}
	w.t.Fatalf("nobody answers for %s", fence)
	return false
}

// arpFrame is an ARP request (1) or reply (2) of RFC 826.
func arpFrame(op uint16, from, to evidence.MAC, spa, tpa netip.Addr) []byte {
	tha := to
	if op == 1 {
		tha = evidence.MAC{}
	}
	return slices.Concat(to[:], from[:], []byte{8, 6, 0, 1, 8, 0, 6, 4}, be16(op), from[:], spa.AsSlice(), tha[:], tpa.AsSlice())
}

// vrrpFrame is an advert of VRRP version 2 (RFC 3768) without authentication.
func vrrpFrame(from evidence.MAC, src netip.Addr, vrid, priority byte, vip netip.Addr) []byte {
	advert := slices.Concat([]byte{2<<4 | 1, vrid, priority, 1, 0, 1, 0, 0}, vip.AsSlice(), make([]byte, 8))
	binary.BigEndian.PutUint16(advert[6:], checksum(advert))
	ip := slices.Concat([]byte{0x45, 0}, be16(uint16(20+len(advert))), []byte{0, 0, 0, 0, 255, 112, 0, 0}, src.AsSlice(), []byte{224, 0, 0, 18})
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	return slices.Concat([]byte{1, 0, 0x5e, 0, 0, 0x12}, from[:], []byte{8, 0}, ip, advert)
}

func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// checksum is that of RFC 1071, over an even number of octets.
func checksum(octets []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(octets); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(octets[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
