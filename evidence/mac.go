package evidence

import (
	"encoding/hex"
	"fmt"
	"net"
)

// A MAC is an IEEE 802 MAC-48 address in the order of its octets on the wire.
// It is comparable, so it can be a map key; the zero value stands for "none".
type MAC [6]byte

// Broadcast is the address that every host on the segment listens to.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ParseMAC reads an address in any form that net.ParseMAC takes, of six octets.
func ParseMAC(s string) (MAC, error) {
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 {
		return MAC{}, fmt.Errorf("%q is not a MAC address such as 02:00:5e:10:00:01", s)
	}
	return MAC(hw), nil
}

// String prints the address as 02:00:5e:10:00:01.
func (m MAC) String() string {
	buf := make([]byte, 0, 17)
	for i := range m {
		if i > 0 {
			buf = append(buf, ':')
		}
		buf = hex.AppendEncode(buf, m[i:i+1])
	}
	return string(buf)
}

// MarshalText makes JSON carry the printed form, and nothing for the zero value.
func (m MAC) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (m *MAC) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = MAC{}
		return nil
	}
	parsed, err := ParseMAC(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// IsZero reports whether no address was set.
func (m MAC) IsZero() bool { return m == MAC{} }

// IsGroup reports whether the address is multicast or broadcast: no host can
// be its owner (IEEE 802, the I/G bit).
func (m MAC) IsGroup() bool { return m[0]&1 == 1 }

// VirtualRouter returns the VRRP virtual router id when the address is a
// virtual router's, 00-00-5E-00-01-{VRID} (RFC 5798, section 7.3).
func (m MAC) VirtualRouter() (vrid uint8, ok bool) {
	return m[5], [5]byte(m[:5]) == [5]byte{0x00, 0x00, 0x5e, 0x00, 0x01}
}

// A Gateway names a protocol in which several routers share a MAC address.
type Gateway string

// The protocols of virtual routers that have MAC addresses of their own.
const (
	VRRP Gateway = "VRRP" // or CARP, which has taken the same addresses
	HSRP Gateway = "HSRP"
	GLBP Gateway = "GLBP"
)

// Virtual returns the protocol and the group when the address is one that
// routers share: VRRP (RFC 5798, section 7.3), HSRP version 1 (RFC 2281,
// section 5.1) and 2, GLBP, of which a group has several.
func (m MAC) Virtual() (by Gateway, group int, ok bool) {
	if vrid, is := m.VirtualRouter(); is {
		return VRRP, int(vrid), true
	}
	switch {
	case [5]byte(m[:5]) == [5]byte{0x00, 0x00, 0x0c, 0x07, 0xac}:
		return HSRP, int(m[5]), true
	case [4]byte(m[:4]) == [4]byte{0x00, 0x00, 0x0c, 0x9f} && m[4]>>4 == 0xf:
		return HSRP, int(m[4]&0x0f)<<8 | int(m[5]), true
	case [3]byte(m[:3]) == [3]byte{0x00, 0x07, 0xb4}:
		return GLBP, int(m[3]&0x03)<<8 | int(m[4]), true
	}
	return "", 0, false
}
