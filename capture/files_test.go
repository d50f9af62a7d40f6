package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// A captured is a frame of a test file.
type captured struct {
	ns    int64
	data  []byte
	cut   int // octets that the capture left out
	iface uint32
}

const second = int64(1e9)

// start is the time of the first frame of a test file.
const start = 1_700_000_000 * second

// pcapFile writes a file in the given byte order, with microseconds or
// nanoseconds.
func pcapFile(order binary.AppendByteOrder, nano bool, link linkType, frames []captured) []byte {
	magic, unit := uint32(0xa1b2c3d4), int64(1000)
	if nano {
		magic, unit = 0xa1b23c4d, 1
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 262144)
	b = order.AppendUint32(b, uint32(link))
	for _, f := range frames {
		b = order.AppendUint32(b, uint32(f.ns/second))
		b = order.AppendUint32(b, uint32(f.ns%second/unit))
		b = order.AppendUint32(b, uint32(len(f.data)))
		b = order.AppendUint32(b, uint32(len(f.data)+f.cut))
		b = append(b, f.data...)
	}
	return b
}

// block is a pcapng block.
func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return order.AppendUint32(b, uint32(len(body)+12))
}

func sectionBlock(order binary.AppendByteOrder) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	return block(order, blockSection, append(b, bytes.Repeat([]byte{0xff}, 8)...))
}

// interfaceBlock describes an interface; resol is if_tsresol.
func interfaceBlock(order binary.AppendByteOrder, link linkType, resol byte) []byte {
	b := order.AppendUint16(nil, uint16(link))
	b = append(b, 0, 0)
	b = order.AppendUint32(b, 262144)
	b = order.AppendUint16(b, 9)
	b = order.AppendUint16(b, 1)
	b = append(b, resol, 0, 0, 0)
	return block(order, blockInterface, append(b, 0, 0, 0, 0))
}

// packetBlock is an enhanced packet block; ts is in the interface's unit.
func packetBlock(order binary.AppendByteOrder, f captured, ts uint64) []byte {
	b := order.AppendUint32(nil, f.iface)
	b = order.AppendUint32(b, uint32(ts>>32))
	b = order.AppendUint32(b, uint32(ts))
	b = order.AppendUint32(b, uint32(len(f.data)))
	b = order.AppendUint32(b, uint32(len(f.data)+f.cut))
	return block(order, blockEnhanced, append(b, f.data...))
}

// ngFile writes a section with two Ethernet interfaces, one of microseconds
// and one of nanoseconds.
func ngFile(order binary.AppendByteOrder, frames []captured) []byte {
	b := slices.Concat(sectionBlock(order), interfaceBlock(order, linkEthernet, 6), interfaceBlock(order, linkEthernet, 9))
	for _, f := range frames {
		ts := uint64(f.ns)
		if f.iface == 0 {
			ts /= 1000
		}
		b = append(b, packetBlock(order, f, ts)...)
	}
	return b
}

// replayed runs Replay on what a file holds.
func replayed(t testing.TB, data []byte, cfg ReplayConfig) evidence.Log {
	t.Helper()
	log, err := Replay(context.Background(), []Source{{Name: "test", Stream: bytes.NewReader(data)}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// traffic is a mixture of everything, from a seed: few hosts, so that they
// collide, with pings and what those draw, adverts, malformed ARP, VLANs,
// dull frames, and time that goes back now and then.
func traffic(seed uint64, n int) []captured {
	rng := rand.New(rand.NewPCG(seed, 1))
	mac := func() evidence.MAC { return evidence.MAC{2, 0, 0, 0, 0, byte(rng.IntN(6))} }
	ip := func() netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 1, byte(95 + rng.IntN(6))}) }
	var frames []captured
	at := start
	for range n {
		at += rng.Int64N(second / 20)
		if rng.IntN(50) == 0 {
			at -= rng.Int64N(second)
		}
		var data []byte
		src, dst := mac(), mac()
		switch rng.IntN(12) {
		case 0, 1:
			data = whoHas(ip(), ip(), src, evidence.Broadcast)
		case 2:
			data = isAt(ip(), src, ip(), dst)
		case 3:
			data = ether(dst, src, 0x0800, ipv4(1, ip(), ip(), echo(byte(rng.IntN(2)*8), 1, uint16(rng.IntN(9)))))
		case 4:
			data = ether(dst, src, 0x0800, ipv4(6, ip(), ip(), tcp(80, 443, []byte{0x02, 0x12, 0x10, 0x18}[rng.IntN(4)])))
		case 5:
			data = tagged(whoHas(ip(), ip(), src, evidence.Broadcast), 0x8100, uint16(rng.IntN(3)))
		case 6:
			data = whoHas(ip(), netip.IPv4Unspecified(), src, evidence.Broadcast)
		case 7:
			data = with(isAt(ip(), src, ip(), dst), 14+rng.IntN(8), byte(rng.IntN(4)))
		case 8:
			data = good[rng.IntN(len(good))].frame
		case 9:
			data = ether(dst, src, 0x0800, ipv4(17, ip(), ip(), make([]byte, 8+rng.IntN(1400))))
		case 10:
			data = make([]byte, rng.IntN(100))
			for i := range data {
				data[i] = byte(rng.Uint32())
			}
		default:
			data = ether(dst, src, 0x86dd, make([]byte, 40+rng.IntN(100)))
		}
		if rng.IntN(3) == 0 {
			data = padded(data)
		}
		f := captured{ns: at / 1000 * 1000, data: data, iface: uint32(rng.IntN(2))}
		if rng.IntN(9) == 0 {
			f.cut = 1 + rng.IntN(100)
		}
		frames = append(frames, f)
	}
	return frames
}
