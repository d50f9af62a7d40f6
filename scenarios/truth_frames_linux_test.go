package scenarios_test

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// Operations of ARP (RFC 826).
const (
	arpRequest = 1
	arpReply   = 2
)

func whoHasFrame(to evidence.MAC, sender, target netip.Addr) []byte {
	return arpFrame(arpRequest, to, sender, evidence.MAC{}, target)
}

func arpFrame(op byte, to evidence.MAC, spa netip.Addr, tha evidence.MAC, tpa netip.Addr) []byte {
	return slices.Concat(to[:], driverMAC[:], []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, op},
		driverMAC[:], spa.AsSlice(), tha[:], tpa.AsSlice())
}

// stimulusID is the identifier of the driver's echo requests.
const stimulusID = 2

func echoFrame(to evidence.MAC, src, dst netip.Addr) []byte {
	return icmpFrame(driverMAC, to, src, dst, []byte{8, 0, 0, 0, 0, stimulusID, 0, 0})
}

// Types of ICMP messages (RFC 792).
const (
	timestamp      = 13
	timestampReply = 14
)

// fenceFrame asks what time it is, which every host answers: no setting is
// about that, and no limit of ICMP messages (icmp_ratemask).
func fenceFrame(from, to evidence.MAC, src, dst netip.Addr, number uint16) []byte {
	ask := make([]byte, 20)
	ask[0] = timestamp
	binary.BigEndian.PutUint16(ask[6:], number)
	return icmpFrame(from, to, src, dst, ask)
}

// fenceReply returns the number of the fence to which the frame is the reply.
func fenceReply(frame []byte) (number uint16, ok bool) {
	if len(frame) < 54 || frame[12] != 8 || frame[13] != 0 || frame[23] != 1 || frame[34] != timestampReply {
		return 0, false
	}
	return binary.BigEndian.Uint16(frame[40:]), true
}

// icmpFrame is an ICMP message with a time to live of 1.
func icmpFrame(from, to evidence.MAC, src, dst netip.Addr, icmp []byte) []byte {
	ip := slices.Concat([]byte{0x45, 0, 0, byte(20 + len(icmp)), 0, 0, 0, 0, 1, 1, 0, 0}, src.AsSlice(), dst.AsSlice())
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp))
	return slices.Concat(to[:], from[:], []byte{8, 0}, ip, icmp)
}

// checksum is that of RFC 1071, for an even number of bytes.
func checksum(of []byte) uint16 {
	var sum uint32
	for i := 0; i < len(of); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(of[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
