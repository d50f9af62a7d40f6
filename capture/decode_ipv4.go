package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Lengths in octets.
const (
	ipv4HeaderLen = 20
	icmpEchoLen   = 8
	tcpHeaderLen  = 20
	vrrpHeaderLen = 8
	vrrpAuthLen   = 8 // version 2 only, always there (RFC 3768, section 5.3.10)

	carpFirst   = 0x21 // version 2, type advertisement (struct carp_header of OpenBSD)
	carpAuthLen = 7    // its authentication, in words of four octets
)

// decodeIPv4 keeps ICMP echo, VRRP and the first two segments of a TCP
// handshake. Checksums are not looked at: hosts with checksum offload leave
// them wrong in captures of what they send.
func decodeIPv4(packet []byte, rec *evidence.Record) evidence.Reason {
	if len(packet) < ipv4HeaderLen {
		return evidence.Truncated
	}
	// The same checks as in ip_rcv_core, before the layer: that takes any
	// version, and a total length of zero for "all there is".
	headerLen, totalLen := int(packet[0]&0x0f)*4, int(binary.BigEndian.Uint16(packet[2:]))
	switch {
	case packet[0]>>4 != 4, headerLen < ipv4HeaderLen, totalLen < headerLen:
		return evidence.BadIPv4
	case len(packet) < headerLen:
		return evidence.Truncated
	}
	protocol := layers.IPProtocol(packet[9])
	switch protocol {
	case layers.IPProtocolICMPv4, layers.IPProtocolTCP, layers.IPProtocolVRRP:
	case layers.IPProtocolUDP:
		if !toRouters(packet) {
			return evidence.NotInteresting
		}
	default:
		return evidence.NotInteresting
	}

	var ip layers.IPv4
	if err := ip.DecodeFromBytes(packet, gopacket.NilDecodeFeedback); err != nil {
		return evidence.BadIPv4 // broken options; ip_options_compile drops them too
	}
	if ip.FragOffset != 0 {
		return evidence.Fragment
	}
	rec.SenderIP, rec.TargetIP = addrFrom(ip.SrcIP), addrFrom(ip.DstIP)

	reason := evidence.NotInteresting
	declared := totalLen - headerLen
	switch protocol {
	case layers.IPProtocolICMPv4:
		reason = decodeEcho(ip.Payload, declared, rec)
	case layers.IPProtocolTCP:
		reason = decodeHandshake(ip.Payload, declared, rec)
	case layers.IPProtocolVRRP:
		reason = decodeVRRP(ip.Payload, declared, rec)
	case layers.IPProtocolUDP:
		reason = decodeHello(ip.Payload, declared, rec)
	}
	return reason
}

// missing gives the reason why a payload has fewer than need octets: the
// frame was cut (truncated), or the packet itself declares fewer (bad).
func missing(payload []byte, declared, need int, bad evidence.Reason) evidence.Reason {
	switch {
	case len(payload) >= need:
		return ""
	case declared < need:
		return bad
	}
	return evidence.Truncated
}

// decodeEcho reads ICMP echo (RFC 792). The code is ignored, as in icmp_echo.
func decodeEcho(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	if reason := missing(payload, declared, icmpEchoLen, evidence.BadIPv4); reason != "" {
		return reason
	}
	var icmp layers.ICMPv4
	if err := icmp.DecodeFromBytes(payload, gopacket.NilDecodeFeedback); err != nil {
		return evidence.Truncated // its only error
	}
	switch icmp.TypeCode.Type() {
	case layers.ICMPv4TypeEchoRequest:
		rec.Kind = evidence.EchoRequest
	case layers.ICMPv4TypeEchoReply:
		rec.Kind = evidence.EchoReply
	default:
		return evidence.NotInteresting
	}
	rec.ID, rec.Seq = icmp.Id, icmp.Seq
	return ""
}

// decodeHandshake reads a TCP SYN or SYN-ACK (RFC 9293, section 3.5). It does
// without the layer for TCP, which takes memory for the options each time: a
// capture of a busy service has a SYN in every tenth frame.
func decodeHandshake(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	if reason := missing(payload, declared, tcpHeaderLen, evidence.BadIPv4); reason != "" {
		return reason
	}
	const fin, syn, rst, ack = 0x01, 0x02, 0x04, 0x10
	headerLen, flags := int(payload[12]>>4)*4, payload[13]
	if flags&(fin|syn|rst) != syn || headerLen < tcpHeaderLen {
		return evidence.NotInteresting // it opens no connection (tcp_v4_rcv)
	}
	if reason := missing(payload, declared, headerLen, evidence.BadIPv4); reason != "" {
		return reason
	}
	rec.Kind = evidence.TCPSyn
	if flags&ack != 0 {
		rec.Kind = evidence.TCPSynAck
	}
	rec.SenderPort, rec.TargetPort = binary.BigEndian.Uint16(payload[0:]), binary.BigEndian.Uint16(payload[2:])
	return ""
}

// decodeVRRP reads an advertisement of version 2 (RFC 3768) or 3 (RFC 5798):
// over IPv4 both have the type, the router, the priority and the addresses in
// the same places, so that the layer for version 2 reads both.
func decodeVRRP(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	if reason := missing(payload, declared, vrrpHeaderLen, evidence.BadVRRP); reason != "" {
		return reason
	}
	need := vrrpHeaderLen + 4*int(payload[3])
	switch payload[0] >> 4 {
	case 2:
		// CARP shares protocol 112 and the first octet with version 2. Where
		// VRRP counts addresses CARP has 7, and it ends where those would:
		// what lacks the authentication data is not VRRP (RFC 3768, 7.1).
		if payload[0] == carpFirst && payload[3] == carpAuthLen && declared == need {
			if len(payload) < need {
				return evidence.Truncated
			}
			rec.Kind = evidence.CARPAdvert
			rec.VRID, rec.Priority = payload[1], payload[2]
			return ""
		}
		need += vrrpAuthLen
	case 3:
	default:
		return evidence.BadVRRP
	}
	if reason := missing(payload, declared, need, evidence.BadVRRP); reason != "" {
		return reason
	}
	var vrrp layers.VRRPv2
	if err := vrrp.DecodeFromBytes(payload, gopacket.NilDecodeFeedback); err != nil {
		return evidence.BadVRRP // not an advertisement, or of no address
	}
	rec.Kind = evidence.VRRPAdvert
	rec.VRID, rec.Priority = vrrp.VirtualRtrID, vrrp.Priority
	rec.Virtual = make([]netip.Addr, len(vrrp.IPAddress))
	for i, addr := range vrrp.IPAddress {
		rec.Virtual[i] = addrFrom(addr)
	}
	return ""
}

// addrFrom copies four octets in network byte order; the caller has checked
// that there are four.
func addrFrom(octets []byte) netip.Addr { return netip.AddrFrom4([4]byte(octets)) }
