package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
)

const (
	udpHeaderLen = 8
	portHSRP     = 1985 // RFC 2281
	portGLBP     = 3222

	allRouters  = 0xe0000002 // 224.0.0.2: HSRP version 1
	ciscoHellos = 0xe0000066 // 224.0.0.102: HSRP version 2 and GLBP
)

// toRouters reports whether an IPv4 header is that of a packet to one of the
// groups that HSRP and GLBP send to: no other UDP is worth a look.
func toRouters(packet []byte) bool {
	to := binary.BigEndian.Uint32(packet[16:])
	return to == allRouters || to == ciscoHellos
}

// decodeHello reads an HSRP or GLBP hello, of which gopacket knows neither.
func decodeHello(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	if reason := missing(payload, declared, udpHeaderLen, evidence.BadIPv4); reason != "" {
		return reason
	}
	port := binary.BigEndian.Uint16(payload[2:])
	payload, declared = payload[udpHeaderLen:], declared-udpHeaderLen
	switch {
	case port == portGLBP:
		return decodeGLBP(payload, declared, rec)
	case port != portHSRP:
		return evidence.NotInteresting
	case len(payload) == 0:
		return missing(payload, declared, 1, evidence.BadAdvert)
	case payload[0] == 0:
		return decodeHSRP1(payload, declared, rec)
	}
	return decodeHSRP2(payload, declared, rec)
}

// decodeHSRP1 reads the hello of an active router (RFC 2281, section 5.1). One that
// stands by says nothing about who has the address.
func decodeHSRP1(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	const length, hello, active = 20, 0, 16
	if reason := missing(payload, declared, length, evidence.BadAdvert); reason != "" {
		return reason
	}
	if payload[1] != hello || payload[2] != active {
		return evidence.NotInteresting // one that stands by, a coup, a resignation, an advertisement
	}
	rec.Kind = evidence.HSRPHello
	rec.Priority, rec.VRID = payload[5], payload[6]
	rec.Virtual = virtual(payload[16:20])
	return ""
}

// decodeHSRP2 reads the group state TLV, type 1, with which a version 2 hello
// begins: version, operation, state and IP version in an octet each, group in
// two, identifier in six, priority and two timers in four each, address. Again the
// active router's alone counts.
func decodeHSRP2(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	const length, hello, active = 2 + 28, 0, 6 // up to and including an IPv4 address
	if reason := missing(payload, declared, length, evidence.BadAdvert); reason != "" {
		return reason
	}
	switch {
	case payload[0] != 1 || payload[2] != 2:
		return evidence.BadAdvert
	case payload[3] != hello || payload[4] != active:
		return evidence.NotInteresting
	case payload[5] != 4:
		return evidence.NotInteresting // for IPv6
	}
	rec.Kind = evidence.HSRPHello
	rec.VRID = payload[7]
	rec.Priority = uint8(min(binary.BigEndian.Uint32(payload[14:]), 255))
	rec.Virtual = virtual(payload[26:30])
	return ""
}

// decodeGLBP reads the hello TLV, type 1, behind a GLBP header of 12 octets.
// In it stand, counted from its type: the priority at 5, the kind of address
// at 22, its length, and the address. Cisco never published the format; this
// is how Wireshark reads it (packet-glbp.c).
func decodeGLBP(payload []byte, declared int, rec *evidence.Record) evidence.Reason {
	const headerLen, hello, addressAt = 12, 1, 24
	if reason := missing(payload, declared, headerLen, evidence.BadAdvert); reason != "" {
		return reason
	}
	group, cut := payload[3], len(payload) < declared
	for rest := payload[headerLen:]; len(rest) >= 2; {
		length := int(rest[1])
		switch {
		case length >= 2 && length <= len(rest):
		case length > len(rest) && cut:
			return evidence.Truncated
		default:
			return evidence.BadAdvert
		}
		tlv := rest[:length]
		rest = rest[length:]
		if tlv[0] != hello {
			continue
		}
		if length < addressAt+4 || tlv[22] != 1 || tlv[23] != 4 {
			return evidence.NotInteresting // no IPv4 address
		}
		rec.Kind = evidence.GLBPHello
		rec.VRID, rec.Priority = group, tlv[5]
		rec.Virtual = virtual(tlv[addressAt : addressAt+4])
		return ""
	}
	if cut {
		return evidence.Truncated
	}
	return evidence.NotInteresting
}

// virtual is a list of one address, or none if that is not known yet: 0.0.0.0.
func virtual(octets []byte) []netip.Addr {
	if addr := addrFrom(octets); !addr.IsUnspecified() {
		return []netip.Addr{addr}
	}
	return nil
}
