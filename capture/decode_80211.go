package capture

import (
	"encoding/binary"

	"github.com/arpcheck/arpcheck/evidence"
)

// decodeRadiotap strips the radiotap header (radiotap.org): version, a pad
// octet, its whole length and words of present bits, little-endian; then the
// fields, each aligned to its own size. Of these only the second, the flags,
// matters: it says whether the 802.11 header is padded and the frame damaged.
func decodeRadiotap(frame []byte, rec *evidence.Record) evidence.Reason {
	const (
		fixedLen           = 8
		hasTime, hasFlags  = 1 << 0, 1 << 1
		more               = 1 << 31
		flagPad, flagWrong = 0x20, 0x40 // padded to 32 bits; failed its check sequence
	)
	if len(frame) < fixedLen {
		return evidence.Truncated
	}
	length := int(binary.LittleEndian.Uint16(frame[2:]))
	if frame[0] != 0 || length < fixedLen {
		return evidence.NotInteresting
	}
	if length > len(frame) {
		return evidence.Truncated
	}
	header := frame[:length]
	present := binary.LittleEndian.Uint32(header[4:])
	at := fixedLen
	for word := present; word&more != 0; at += 4 {
		if at+4 > len(header) {
			return evidence.Truncated
		}
		word = binary.LittleEndian.Uint32(header[at:])
	}
	var flags byte
	if present&hasFlags != 0 {
		if present&hasTime != 0 {
			at = (at+7)&^7 + 8
		}
		if at >= len(header) {
			return evidence.Truncated
		}
		flags = header[at]
	}
	if flags&flagWrong != 0 {
		return evidence.BadFCS
	}
	return decodeWiFi(frame[length:], flags&flagPad != 0, rec)
}

// decode80211 decodes a frame that begins with its IEEE 802.11 header.
func decode80211(frame []byte, rec *evidence.Record) evidence.Reason {
	return decodeWiFi(frame, false, rec)
}

// decodeWiFi decodes a data frame (IEEE 802.11, 9.3.2). Which of its three or
// four addresses are the sender and the receiver depends on whether it goes
// to or comes from the distribution system (table 9-30).
func decodeWiFi(frame []byte, padded bool, rec *evidence.Record) evidence.Reason {
	const (
		headerLen                        = 24
		typeMask, typeData               = 0x0c, 0x08
		subtypeNull, subtypeQoS          = 0x40, 0x80
		toDS, fromDS, protected, htOrder = 0x01, 0x02, 0x40, 0x80
		amsduPresent                     = 0x80
	)
	if len(frame) < 2 {
		return evidence.Truncated
	}
	control, flags := frame[0], frame[1]
	if control&typeMask != typeData || control&subtypeNull != 0 || control&3 != 0 {
		return evidence.NotInteresting
	}
	if len(frame) < headerLen {
		return evidence.Truncated
	}
	a1, a2, a3 := evidence.MAC(frame[4:10]), evidence.MAC(frame[10:16]), evidence.MAC(frame[16:22])
	length := headerLen
	switch flags & (toDS | fromDS) {
	case 0:
		rec.Dst, rec.Src = a1, a2
	case toDS:
		rec.Dst, rec.Src = a3, a2
	case fromDS:
		rec.Dst, rec.Src = a1, a3
	default:
		if len(frame) < headerLen+6 {
			return evidence.Truncated
		}
		rec.Dst, rec.Src = a3, evidence.MAC(frame[headerLen:headerLen+6])
		length += 6
	}
	if flags&protected != 0 {
		return evidence.Encrypted
	}
	if frame[22]&0x0f != 0 {
		return evidence.Fragment
	}
	if control&subtypeQoS != 0 {
		if len(frame) < length+2 {
			return evidence.Truncated
		}
		if frame[length]&amsduPresent != 0 {
			return evidence.Aggregate
		}
		length += 2
		if flags&htOrder != 0 {
			length += 4
		}
	}
	if padded {
		length = (length + 3) &^ 3
	}
	if len(frame) < length {
		return evidence.Truncated
	}
	reason := decodeLLC(frame[length:], rec)
	if reason == "" && !rec.IsARP() {
		return nobodys(rec.Src)
	}
	return reason
}
