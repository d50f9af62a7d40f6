// Package evidence holds what was seen on the wire, as plain values: ARP, ICMP
// echo, VRRP and TCP records with their time, MAC addresses and frame number,
// and the named reasons why other frames were ignored.
//
// It is what the readers of frames and the diagnosis have in common, and it
// does not know whether a frame came from a socket or from a file.
package evidence

import (
	"fmt"
	"net/netip"
	"time"
)

// Kind says what a record is.
type Kind uint8

// The kinds of frame that tell something about who owns an address.
const (
	ARPRequest  Kind = iota + 1 // RFC 826, opcode 1: "who-has"
	ARPReply                    // RFC 826, opcode 2: "is-at"
	EchoRequest                 // RFC 792, ICMP type 8
	EchoReply                   // RFC 792, ICMP type 0
	VRRPAdvert                  // RFC 5798, IP protocol 112
	TCPSyn                      // RFC 9293: SYN without ACK
	TCPSynAck                   // RFC 9293: SYN and ACK
	CARPAdvert                  // carp(4), IP protocol 112 too; its addresses are hashed, not told
	HSRPHello                   // RFC 2281, and version 2; UDP port 1985
	GLBPHello                   // Cisco, UDP port 3222
)

// A Record is one frame, reduced to what the diagnosis needs.
//
// Sender and target are what ARP calls them; for IP they are the source and
// the destination. Fields that a kind does not have are zero.
type Record struct {
	Number int       // position in the run or file, from 1 (as Wireshark counts)
	Time   time.Time // when it was on the wire: the kernel's or the file's timestamp
	Kind   Kind
	Sent   bool // this program sent it

	Src, Dst MAC // the Ethernet header

	SenderMAC, TargetMAC   MAC        // ARP only: sha and tha
	SenderIP, TargetIP     netip.Addr // ARP: spa and tpa; else IP source and destination
	SenderPort, TargetPort uint16     // TCP only

	ID, Seq uint16 // ICMP echo only, host byte order

	// Adverts of virtual routers only. VRID is the VRRP or CARP virtual host
	// id, or the low octet of the HSRP or GLBP group; Priority is what the
	// protocol calls so, and CARP's advskew, where less is better.
	VRID, Priority uint8
	Virtual        []netip.Addr // the addresses that the router stands for

	// Files only.
	File      string // as it was named; empty: not from a file
	Interface int    // of a capture of several, from 0 (as Wireshark counts), or the Linux index
	VLANs     VLANs  // the tags, priority tags apart; zero: untagged
	Raw       *Raw   // the frame itself, if it was to be kept
}

// Raw is a frame as it was captured.
type Raw struct {
	LinkType uint32 // LINKTYPE_ number of the frame's first header
	Octets   []byte
	Len      int // on the wire; more than len(Octets) if it was cut
}

// IsAdvert reports whether the record is an advert of a virtual router.
func (r *Record) IsAdvert() bool {
	switch r.Kind {
	case VRRPAdvert, CARPAdvert, HSRPHello, GLBPHello:
		return true
	}
	return false
}

// IsARP reports whether the record is an ARP request or reply.
func (r *Record) IsARP() bool { return r.Kind == ARPRequest || r.Kind == ARPReply }

// IsProbe reports whether the record is an ARP probe: a who-has from nobody,
// which tests whether an address is free (RFC 5227, section 2.1.1).
func (r *Record) IsProbe() bool {
	return r.Kind == ARPRequest && r.SenderIP.IsUnspecified()
}

// IsGratuitous reports whether the record is an ARP announcement, in which
// sender and target are the same address (RFC 5227, section 2.3).
func (r *Record) IsGratuitous() bool {
	return r.IsARP() && r.SenderIP == r.TargetIP && !r.SenderIP.IsUnspecified()
}

// String prints the record on one line, in the words of tcpdump.
func (r Record) String() string {
	switch {
	case r.IsGratuitous():
		return fmt.Sprintf("gratuitous ARP: %s is-at %s", r.SenderIP, r.SenderMAC)
	case r.IsProbe():
		return fmt.Sprintf("who-has %s (ARP probe)%s", r.TargetIP, r.unicast())
	case r.Kind == ARPRequest:
		return fmt.Sprintf("who-has %s tell %s%s", r.TargetIP, r.SenderIP, r.unicast())
	case r.Kind == ARPReply:
		return fmt.Sprintf("%s is-at %s", r.SenderIP, r.SenderMAC)
	case r.Kind == EchoRequest:
		to := "in a broadcast frame"
		if r.Dst != Broadcast {
			to = "to " + r.Dst.String()
		}
		return fmt.Sprintf("echo request %s > %s %s", r.SenderIP, r.TargetIP, to)
	case r.Kind == EchoReply:
		return fmt.Sprintf("echo reply %s > %s from %s", r.SenderIP, r.TargetIP, r.Src)
	case r.Kind == VRRPAdvert:
		return fmt.Sprintf("VRRP advert from %s: vrid %d, priority %d, %v", r.SenderIP, r.VRID, r.Priority, r.Virtual)
	case r.Kind == CARPAdvert:
		return fmt.Sprintf("CARP advert from %s: vhid %d, advskew %d", r.SenderIP, r.VRID, r.Priority)
	case r.Kind == HSRPHello:
		return fmt.Sprintf("HSRP hello from %s: group %d, priority %d, %v", r.SenderIP, r.VRID, r.Priority, r.Virtual)
	case r.Kind == GLBPHello:
		return fmt.Sprintf("GLBP hello from %s: group %d, priority %d, %v", r.SenderIP, r.VRID, r.Priority, r.Virtual)
	case r.Kind == TCPSyn:
		return fmt.Sprintf("SYN %s:%d > %s:%d to %s", r.SenderIP, r.SenderPort, r.TargetIP, r.TargetPort, r.Dst)
	case r.Kind == TCPSynAck:
		return fmt.Sprintf("SYN-ACK %s:%d > %s:%d from %s", r.SenderIP, r.SenderPort, r.TargetIP, r.TargetPort, r.Src)
	}
	return fmt.Sprintf("frame of unknown kind %d", r.Kind)
}

// unicast says to which host a who-has went when it was not a broadcast.
func (r *Record) unicast() string {
	if r.Dst.IsGroup() {
		return ""
	}
	return " to " + r.Dst.String()
}
