package capture

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// Who is in the test frames.
var (
	clientMAC   = evidence.MAC{0x02, 0, 0, 0, 0, 0xc1}
	directorMAC = evidence.MAC{0x02, 0, 0, 0, 0, 0xd1}
	serverMAC   = evidence.MAC{0x02, 0, 0, 0, 0, 0x41}

	vip      = netip.MustParseAddr("192.168.1.99")
	clientIP = netip.MustParseAddr("192.168.1.182")
	serverIP = netip.MustParseAddr("192.168.1.41")
	unused   = netip.MustParseAddr("192.168.1.250")
)

// ether puts an Ethernet header in front of a packet.
func ether(dst, src evidence.MAC, etherType uint16, packet []byte) []byte {
	return slices.Concat(dst[:], src[:], be16(etherType), packet)
}

// tagged puts an 802.1Q tag, or with tpid 0x88a8 an 802.1ad tag, into a frame.
func tagged(frame []byte, tpid, tci uint16) []byte {
	return slices.Concat(frame[:12], be16(tpid), be16(tci), frame[12:])
}

// padded adds octets of zero up to the shortest Ethernet frame, of 60.
func padded(frame []byte) []byte {
	return append(slices.Clone(frame), make([]byte, max(0, 60-len(frame)))...)
}

// arp is an ARP packet (RFC 826).
func arp(op uint16, sha evidence.MAC, spa netip.Addr, tha evidence.MAC, tpa netip.Addr) []byte {
	return slices.Concat(be16(1), be16(0x0800), []byte{6, 4}, be16(op),
		sha[:], spa.AsSlice(), tha[:], tpa.AsSlice())
}

func whoHas(tpa, spa netip.Addr, src, dst evidence.MAC) []byte {
	return ether(dst, src, 0x0806, arp(1, src, spa, evidence.MAC{}, tpa))
}

func isAt(spa netip.Addr, src evidence.MAC, tpa netip.Addr, dst evidence.MAC) []byte {
	return ether(dst, src, 0x0806, arp(2, src, spa, dst, tpa))
}

// ipv4 is an IPv4 packet; options must be a multiple of four octets.
func ipv4(protocol byte, src, dst netip.Addr, payload []byte, options ...byte) []byte {
	headerLen := 20 + len(options)
	header := slices.Concat([]byte{0x40 | byte(headerLen/4), 0}, be16(uint16(headerLen+len(payload))),
		be16(7), be16(0), []byte{64, protocol}, be16(0), src.AsSlice(), dst.AsSlice(), options)
	binary.BigEndian.PutUint16(header[10:], internetChecksum(header))
	return append(header, payload...)
}

// echo is an ICMP echo request (type 8) or reply (type 0), of RFC 792.
func echo(icmpType byte, id, seq uint16, data ...byte) []byte {
	message := slices.Concat([]byte{icmpType, 0}, be16(0), be16(id), be16(seq), data)
	binary.BigEndian.PutUint16(message[2:], internetChecksum(message))
	return message
}

// tcp is a TCP segment (RFC 9293) with the option "maximum segment size 1460".
func tcp(srcPort, dstPort uint16, flags byte) []byte {
	return slices.Concat(be16(srcPort), be16(dstPort), make([]byte, 8), []byte{6 << 4, flags},
		be16(64240), be16(0), be16(0), []byte{2, 4}, be16(1460))
}

// udp is a datagram (RFC 768) to a port; checksum zero is none.
func udp(port uint16, data ...[]byte) []byte {
	payload := slices.Concat(data...)
	return slices.Concat(be16(port), be16(port), be16(uint16(8+len(payload))), be16(0), payload)
}

// vrrp is an advertisement for vips. Version 2 ends with authentication data.
func vrrp(version, vrid, priority byte, vips ...netip.Addr) []byte {
	message := []byte{version<<4 | 1, vrid, priority, byte(len(vips)), 0, 1, 0, 0}
	for _, addr := range vips {
		message = append(message, addr.AsSlice()...)
	}
	if version == 2 {
		message = append(message, make([]byte, 8)...)
	}
	return message
}

// with returns a copy of the frame with one octet changed.
func with(frame []byte, offset int, octet byte) []byte {
	frame = slices.Clone(frame)
	frame[offset] = octet
	return frame
}

func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// internetChecksum is that of RFC 1071.
func internetChecksum(octets []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(octets); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(octets[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
