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
// like any other. Frames of a VLAN are not-interesting, for a live run is about
// the untagged network; those with a priority tag belong to it and are decoded.
//
// Decode keeps no state: it may be called from several goroutines.
func Decode(frame []byte) (evidence.Record, evidence.Reason) {
	rec, reason := decodeEthernet(frame)
	if rec.VLANs != 0 {
		return evidence.Record{}, evidence.NotInteresting
	}
	return rec, reason
}

// decodeEthernet is Decode for frames of any VLAN. Where the reason is not
// empty the record holds nothing but the VLANs.
func decodeEthernet(frame []byte) (evidence.Record, evidence.Reason) {
	// Almost every frame of a capture ends at its EtherType: look at that
	// before any layer is set up.
	if len(frame) < etherHeaderLen {
		return evidence.Record{}, evidence.Truncated
	}
	rec := evidence.Record{Dst: evidence.MAC(frame[0:6]), Src: evidence.MAC(frame[6:12])}
	reason := decodeTyped(layers.EthernetType(binary.BigEndian.Uint16(frame[12:])), frame[etherHeaderLen:], &rec)
	if reason == "" && !rec.IsARP() {
		reason = nobodys(rec.Src)
	}
	if reason != "" {
		return evidence.Record{VLANs: rec.VLANs}, reason
	}
	return rec, ""
}

// decodeTyped decodes what follows an EtherType: any number of tags, an LLC
// header if the type is a length (IEEE 802.3, 3.2.6), and then the packet.
func decodeTyped(etherType layers.EthernetType, packet []byte, rec *evidence.Record) evidence.Reason {
	const (
		tagged9100 = 0x9100 // the service tag of switches from before 802.1ad
		maxLength  = 1500
	)
	for {
		switch etherType {
		case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, tagged9100:
			if len(packet) < vlanTagLen {
				return evidence.Truncated
			}
			inner, ok := rec.VLANs.Inside(binary.BigEndian.Uint16(packet))
			if rec.VLANs = inner; !ok {
				return evidence.ManyTags
			}
			etherType, packet = layers.EthernetType(binary.BigEndian.Uint16(packet[2:])), packet[vlanTagLen:]
			continue
		case layers.EthernetTypeARP:
			return decodeARP(packet, rec)
		case layers.EthernetTypeIPv4:
			return decodeIPv4(packet, rec)
		case etherTypeRARP:
			return evidence.RARP
		}
		if etherType > maxLength {
			return evidence.NotInteresting
		}
		return decodeLLC(packet, rec)
	}
}

// etherTypeRARP is not among the constants of gopacket (RFC 903).
const etherTypeRARP layers.EthernetType = 0x8035

// decodeLLC decodes what follows an IEEE 802.2 header if that is SNAP's, with
// the organisation code of RFC 1042 or of IEEE 802.1H.
func decodeLLC(packet []byte, rec *evidence.Record) evidence.Reason {
	const snapLen = 8
	if len(packet) < snapLen {
		return evidence.NotInteresting // the shortest LLC frames tell nothing either
	}
	switch binary.BigEndian.Uint64(packet) >> 16 {
	case 0xaaaa03_000000, 0xaaaa03_0000f8:
	default:
		return evidence.NotInteresting
	}
	etherType := layers.EthernetType(binary.BigEndian.Uint16(packet[6:]))
	if etherType <= 1500 {
		return evidence.NotInteresting // a length inside a length
	}
	return decodeTyped(etherType, packet[snapLen:], rec)
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
	case !etherHardware(binary.BigEndian.Uint16(packet[0:])),
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
	// Whatever MAC address it claims is evidence: arp_process puts even a
	// group's or zero into neighbour entries, and some clusters (Microsoft
	// NLB) live by a group's.
	return ""
}

// etherHardware reports whether an ARP hardware type is of MAC addresses:
// Ethernet, or IEEE 802 networks, which RFC 1042 wants behind LLC and which
// arp_process takes on Ethernet too.
func etherHardware(hardware uint16) bool {
	const ieee802 = 6
	return layers.LinkType(hardware) == layers.LinkTypeEthernet || hardware == ieee802
}

// nobodys gives the reason why the source of an IP packet names no host, if it
// does not.
func nobodys(sender evidence.MAC) evidence.Reason {
	switch {
	case sender.IsZero():
		return evidence.ZeroSender
	case sender.IsGroup():
		return evidence.GroupSender
	}
	return ""
}
