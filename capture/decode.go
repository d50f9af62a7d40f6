package capture

import (
	"encoding/binary"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Lengths in octets.
const (
	etherHeaderLen = 14
	vlanTagLen     = 4
	arpFixedLen    = 8                       // up to and including the operation
	arpLen         = arpFixedLen + 2*6 + 2*4 // Ethernet and IPv4
)

// Decode reduces one Ethernet frame, header first and without frame check
// sequence, to a record. The record has all fields but Number, Time and Sent,
// and shares no memory with the frame. The reason is empty exactly when the
// frame is evidence; otherwise it says why not, and the record is zero.
//
// Octets behind the packet are padding and ignored (RFC 894 pads to 46). A
// frame that was cut short in its payload, but not in a header, is evidence
// like any other. Frames of a VLAN are not-interesting; those with a priority
// tag, of VLAN id 0, belong to the untagged network (IEEE 802.1Q, the null VLAN id) and
// are decoded.
//
// Decode keeps no state: it may be called from several goroutines.
func Decode(frame []byte) (evidence.Record, evidence.Reason) {
	// Almost every frame of a capture ends at its EtherType: look at that
	// before any layer is set up.
	if len(frame) < etherHeaderLen {
		return evidence.Record{}, evidence.Truncated
	}
	etherType, packet := layers.EthernetType(binary.BigEndian.Uint16(frame[12:])), frame[etherHeaderLen:]
	for etherType == layers.EthernetTypeDot1Q || etherType == layers.EthernetTypeQinQ {
		if len(packet) < vlanTagLen {
			return evidence.Record{}, evidence.Truncated
		}
		if vid := binary.BigEndian.Uint16(packet) & 0x0fff; vid != 0 {
			return evidence.Record{}, evidence.NotInteresting
		}
		etherType, packet = layers.EthernetType(binary.BigEndian.Uint16(packet[2:])), packet[vlanTagLen:]
	}

	rec := evidence.Record{Dst: evidence.MAC(frame[0:6]), Src: evidence.MAC(frame[6:12])}
	reason := evidence.NotInteresting
	switch etherType {
	case layers.EthernetTypeARP:
		reason = decodeARP(packet, &rec)
	case layers.EthernetTypeIPv4:
		reason = decodeIPv4(packet, &rec)
	}
	if reason != "" {
		return evidence.Record{}, reason
	}
	return rec, ""
}

// decodeARP checks what arp_rcv and arp_process check before they look at an
// address: hardware and protocol type, both lengths, the operation.
func decodeARP(packet []byte, rec *evidence.Record) evidence.Reason {
	if len(packet) < arpFixedLen {
		return evidence.Truncated
	}
	// The lengths say where the addresses lie, so they are checked here and
	// not by the layer, which would follow them.
	switch {
	case layers.LinkType(binary.BigEndian.Uint16(packet[0:])) != layers.LinkTypeEthernet,
		layers.EthernetType(binary.BigEndian.Uint16(packet[2:])) != layers.EthernetTypeIPv4:
		return evidence.BadARPType
	case packet[4] != 6 || packet[5] != 4:
		return evidence.BadARPLength
	}
	switch binary.BigEndian.Uint16(packet[6:]) {
	case layers.ARPRequest:
		rec.Kind = evidence.ARPRequest
	case layers.ARPReply:
		rec.Kind = evidence.ARPReply
	default:
		return evidence.BadARPOperation
	}
	if len(packet) < arpLen {
		return evidence.Truncated
	}

	var arp layers.ARP
	if err := arp.DecodeFromBytes(packet, gopacket.NilDecodeFeedback); err != nil {
		return evidence.Truncated // its only error
	}
	rec.SenderMAC = evidence.MAC(arp.SourceHwAddress)
	rec.SenderIP = addrFrom(arp.SourceProtAddress)
	rec.TargetMAC = evidence.MAC(arp.DstHwAddress)
	rec.TargetIP = addrFrom(arp.DstProtAddress)
	return nobodys(rec.SenderMAC)
}

// nobodys gives the reason why a sender's address names no host, if it does not.
func nobodys(sender evidence.MAC) evidence.Reason {
	switch {
	case sender.IsZero():
		return evidence.ZeroSender
	case sender.IsGroup():
		return evidence.GroupSender
	}
	return ""
}
