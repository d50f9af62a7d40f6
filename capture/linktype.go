package capture

import (
	"encoding/binary"
	"fmt"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/gopacket/gopacket/layers"
)

// A linkType is a LINKTYPE_ value of the tcpdump.org registry: what the first
// header of a frame in a file is.
type linkType uint32

// The link types that are decoded.
const (
	linkNull     linkType = 0 // BSD loopback, family in the byte order of the capturing host
	linkEthernet linkType = 1
	linkRaw12    linkType = 12 // DLT_RAW of most systems, written by old programs
	linkRaw14    linkType = 14 // DLT_RAW of OpenBSD
	linkRaw      linkType = 101
	link80211    linkType = 105
	linkLoop     linkType = 108 // OpenBSD loopback, family in network byte order
	linkSLL      linkType = 113
	linkRadiotap linkType = 127
	linkIPv4     linkType = 228
	linkIPv6     linkType = 229
	linkSLL2     linkType = 276
)

// linkNames are the names, without LINKTYPE_, of those that people meet.
var linkNames = map[linkType]string{
	linkNull: "NULL", linkEthernet: "ETHERNET", linkRaw12: "RAW", linkRaw14: "RAW", linkRaw: "RAW",
	link80211: "IEEE802_11", linkLoop: "LOOP", linkSLL: "LINUX_SLL", linkRadiotap: "IEEE802_11_RADIOTAP",
	linkIPv4: "IPV4", linkIPv6: "IPV6", linkSLL2: "LINUX_SLL2",
	6: "IEEE802_5", 7: "ARCNET_BSD", 8: "SLIP", 9: "PPP", 10: "FDDI", 50: "PPP_HDLC", 51: "PPP_ETHER",
	104: "C_HDLC", 107: "FRELAY", 117: "PFLOG", 119: "IEEE802_11_PRISM", 122: "IP_OVER_FC",
	129: "ARCNET_LINUX", 138: "APPLE_IP_OVER_IEEE1394", 147: "USER0", 149: "USER2", 163: "IEEE802_11_AVS",
	187: "BLUETOOTH_HCI_H4", 189: "USB_LINUX", 192: "PPI", 195: "IEEE802_15_4_WITHFCS", 197: "ERF",
	201: "BLUETOOTH_HCI_H4_WITH_PHDR", 220: "USB_LINUX_MMAPPED", 227: "CAN_SOCKETCAN",
	230: "IEEE802_15_4_NOFCS", 239: "NFLOG", 240: "NETANALYZER", 247: "INFINIBAND", 249: "USBPCAP",
	251: "BLUETOOTH_LE_LL", 252: "WIRESHARK_UPPER_PDU", 253: "NETLINK", 258: "PKTAP", 274: "ETHERNET_MPACKET",
	280: "VSOCK",
}

func (l linkType) String() string {
	if name, ok := linkNames[l]; ok {
		return "LINKTYPE_" + name
	}
	return fmt.Sprintf("LINKTYPE_%d", uint32(l))
}

// hasMACs reports whether the link's header names hosts.
func (l linkType) hasMACs() bool {
	switch l {
	case linkNull, linkLoop, linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		return false
	}
	return true
}

// decodeLink is decodeEthernet for a frame of any link type. Other than that
// of Ethernet, a record of a link without MAC addresses has none, and is ICMP
// echo: what names no host tells something only about the address.
func decodeLink(link linkType, frame []byte) (evidence.Record, evidence.Reason) {
	if link == linkEthernet {
		return decodeEthernet(frame)
	}
	var rec evidence.Record
	var reason evidence.Reason
	switch link {
	case linkSLL:
		reason = decodeSLL(frame, &rec)
	case linkSLL2:
		reason = decodeSLL2(frame, &rec)
	case link80211:
		reason = decode80211(frame, &rec)
	case linkRadiotap:
		reason = decodeRadiotap(frame, &rec)
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		reason = decodeRaw(frame, &rec)
	case linkNull, linkLoop:
		reason = decodeLoopback(link, frame, &rec)
	default:
		reason = evidence.OtherLink
	}
	if reason != "" {
		return evidence.Record{VLANs: rec.VLANs}, reason
	}
	return rec, ""
}

// decodeRaw decodes a packet that begins with its IP header.
func decodeRaw(packet []byte, rec *evidence.Record) evidence.Reason {
	switch {
	case len(packet) == 0:
		return evidence.Truncated
	case packet[0]>>4 == 6:
		return evidence.NotInteresting
	}
	return withoutMACs(decodeIPv4(packet, rec), rec)
}

// decodeLoopback decodes a packet behind a protocol family, AF_INET being 2
// everywhere. The writer of LINKTYPE_NULL may have had either byte order.
func decodeLoopback(link linkType, frame []byte, rec *evidence.Record) evidence.Reason {
	const familyLen, inet = 4, 2
	if len(frame) < familyLen {
		return evidence.Truncated
	}
	family := binary.BigEndian.Uint32(frame)
	if family != inet && (link == linkLoop || binary.LittleEndian.Uint32(frame) != inet) {
		return evidence.NotInteresting
	}
	return withoutMACs(decodeIPv4(frame[familyLen:], rec), rec)
}

func withoutMACs(reason evidence.Reason, rec *evidence.Record) evidence.Reason {
	if reason == "" && rec.Kind != evidence.EchoRequest && rec.Kind != evidence.EchoReply {
		return evidence.NoMACs
	}
	return reason
}

// A cooked is what the two versions of the Linux cooked header have in common.
type cooked struct {
	protocol   uint16
	hardware   uint16 // ARPHRD_ type of the interface
	packetType uint16
	addressLen int
	address    []byte // 8 octets
	packet     []byte
}

// decodeSLL decodes LINKTYPE_LINUX_SLL: packet type, hardware type, address
// length in two octets each, address in eight, protocol.
func decodeSLL(frame []byte, rec *evidence.Record) evidence.Reason {
	const headerLen = 16
	if len(frame) < headerLen {
		return evidence.Truncated
	}
	return decodeCooked(cooked{
		packetType: binary.BigEndian.Uint16(frame[0:]), hardware: binary.BigEndian.Uint16(frame[2:]),
		addressLen: int(binary.BigEndian.Uint16(frame[4:])), address: frame[6:14],
		protocol: binary.BigEndian.Uint16(frame[14:]), packet: frame[headerLen:],
	}, rec)
}

// decodeSLL2 decodes LINKTYPE_LINUX_SLL2: protocol, two octets reserved,
// interface index in four, hardware type in two, packet type and address
// length in one each, address in eight.
func decodeSLL2(frame []byte, rec *evidence.Record) evidence.Reason {
	const headerLen = 20
	if len(frame) < headerLen {
		return evidence.Truncated
	}
	rec.Interface = int(binary.BigEndian.Uint32(frame[4:]))
	return decodeCooked(cooked{
		protocol: binary.BigEndian.Uint16(frame[0:]), hardware: binary.BigEndian.Uint16(frame[8:]),
		packetType: uint16(frame[10]), addressLen: int(frame[11]), address: frame[12:20],
		packet: frame[headerLen:],
	}, rec)
}

// decodeCooked decodes the packet; the header has only the sender's address,
// and says of the receiver whether it was everyone.
func decodeCooked(c cooked, rec *evidence.Record) evidence.Reason {
	const (
		ether       = 1 // ARPHRD_ETHER
		broadcast   = 1 // PACKET_BROADCAST
		protocolLLC = 4 // ETH_P_802_2: an LLC header follows
	)
	macs := c.hardware == ether && c.addressLen == 6
	if macs {
		rec.Src = evidence.MAC(c.address[:6])
	}
	if c.packetType == broadcast {
		rec.Dst = evidence.Broadcast
	}
	var reason evidence.Reason
	switch etherType := layers.EthernetType(c.protocol); {
	case etherType == protocolLLC:
		reason = decodeLLC(c.packet, rec)
	case etherType <= 1500:
		return evidence.NotInteresting
	default:
		reason = decodeTyped(etherType, c.packet, rec)
	}
	switch {
	case reason != "" || rec.IsARP():
		return reason
	case !macs:
		return withoutMACs("", rec)
	}
	return nobodys(rec.Src)
}
