package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/net/bpf"
)

// A Filter says which frames one run wants to see. It lets through:
//   - ARP in frames to MAC; ARP whose sender is one of VIPs or Temporary;
//     ARP whose target is Own or one of Temporary
//   - ICMP echo replies from one of VIPs, or to Own or one of Temporary
//   - VRRP adverts
//   - TCP SYN-ACKs from one of VIPs and from Port
//
// and of these only what arrived, untagged or with a priority tag.
type Filter struct {
	MAC       evidence.MAC // of the interface
	VIPs      []netip.Addr // IPv4
	Own       netip.Addr   // IPv4 address of the interface; invalid: it has none
	Temporary []netip.Addr // IPv4 addresses that the run sends from and nobody should own
	Port      uint16       // TCP service port of the VIPs, host byte order; 0: no TCP
}

const (
	// snapLen is how many octets of a frame are kept: more than the longest
	// headers, those of a VRRP advert of 255 addresses behind IPv4 options,
	// 1110. A jumbo frame is cut to it by the kernel.
	snapLen = 2048

	// maxInstructions is BPF_MAXINSNS of the kernel.
	maxInstructions = 4096
)

// Offsets in an Ethernet frame, in octets. Those behind the IPv4 header are
// relative to its length.
const (
	offEtherType = 12
	offPacket    = etherHeaderLen

	offARPSender = offPacket + 14
	offARPTarget = offPacket + 24

	offFragment = offPacket + 6
	offProtocol = offPacket + 9
	offIPSource = offPacket + 12
	offIPTarget = offPacket + 16

	offICMPType      = offPacket
	offTCPSourcePort = offPacket
	offTCPFlags      = offPacket + 13
)

// Assemble returns the filter for SO_ATTACH_FILTER. It is exact for up to 256
// VIPs and 1024 temporary addresses. If longer lists do not fit what the
// kernel takes, first Temporary and then VIPs is replaced by the smallest
// prefix that covers it: then more is let through, never less. An address
// that is not IPv4 is an error.
func (f Filter) Assemble() ([]bpf.RawInstruction, error) {
	ins, err := f.instructions()
	if err != nil {
		return nil, err
	}
	return bpf.Assemble(ins)
}

func (f Filter) instructions() ([]bpf.Instruction, error) {
	for _, addr := range slices.Concat(f.VIPs, f.Temporary) {
		if !addr.Is4() {
			return nil, fmt.Errorf("%s is not an IPv4 address", addr)
		}
	}
	if f.Own.IsValid() && !f.Own.Is4() {
		return nil, fmt.Errorf("%s is not an IPv4 address", f.Own)
	}

	vips, temporary := setOf(f.VIPs...), setOf(f.Temporary...)
	ins := f.program(vips, temporary)
	if len(ins) > maxInstructions {
		temporary = temporary.prefix()
		ins = f.program(vips, temporary)
	}
	if len(ins) > maxInstructions {
		vips = vips.prefix()
		ins = f.program(vips, temporary)
	}
	return ins, nil
}

// program writes the filter from its end to its start. In the order of
// execution the checks that end most frames come first: the EtherType, the
// protocol, the flags; the long lists after them; and last, for the few frames
// that are wanted, the loads from the socket buffer's metadata.
func (f Filter) program(vips, temporary set) []bpf.Instruction {
	var p program
	drop := p.prepend(bpf.RetConstant{Val: 0})
	arrived := p.arrived(p.prepend(bpf.RetConstant{Val: snapLen}), drop)

	// The last question to ARP and to echo replies alike, so it is there
	// only once: is the address in A one that the run sends from?
	toUs := p.in(union(setOf(f.Own), temporary), arrived, drop)

	ipv4 := f.ipv4(&p, vips, toUs, arrived, drop)
	arp := f.arp(&p, union(vips, temporary), toUs, arrived)

	isIPv4 := p.test(bpf.JumpEqual, uint32(layers.EthernetTypeIPv4), ipv4, drop)
	isARP := p.test(bpf.JumpEqual, uint32(layers.EthernetTypeARP), arp, isIPv4)
	p.do(bpf.LoadAbsolute{Off: offEtherType, Size: 2}, isARP)
	return p.instructions()
}

// arrived asks what no octet of the frame shows. The kernel takes the VLAN tag
// out of the frame before packet sockets see it (skb_vlan_untag), so what is
// at the EtherType's place is always what the tag encloses.
func (p *program) arrived(yes, no label) label {
	const outgoing = 4 // PACKET_OUTGOING, packet(7): sent by this host
	anyVLAN := p.test(bpf.JumpBitsSet, 0x0fff, no, yes)
	tag := p.do(bpf.LoadExtension{Num: bpf.ExtVLANTag}, anyVLAN)
	isTagged := p.test(bpf.JumpEqual, 0, yes, tag)
	tagged := p.do(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent}, isTagged)
	direction := p.test(bpf.JumpEqual, outgoing, no, tagged)
	return p.do(bpf.LoadExtension{Num: bpf.ExtType}, direction)
}

// arp: to our MAC, or from an address of interest, or to one of ours.
func (f Filter) arp(p *program, senders set, toUs, yes label) label {
	target := p.do(bpf.LoadAbsolute{Off: offARPTarget, Size: 4}, toUs)
	isSender := p.in(senders, yes, target)
	sender := p.do(bpf.LoadAbsolute{Off: offARPSender, Size: 4}, isSender)

	// The last four octets first: they differ where the vendor is the same.
	isHigh := p.test(bpf.JumpEqual, uint32(binary.BigEndian.Uint16(f.MAC[:2])), yes, sender)
	high := p.do(bpf.LoadAbsolute{Off: 0, Size: 2}, isHigh)
	isLow := p.test(bpf.JumpEqual, binary.BigEndian.Uint32(f.MAC[2:]), high, sender)
	return p.do(bpf.LoadAbsolute{Off: 2, Size: 4}, isLow)
}

// ipv4: VRRP, echo replies, and SYN-ACKs if there is a port.
func (f Filter) ipv4(p *program, vips set, toUs, yes, no label) label {
	protocol := p.test(bpf.JumpEqual, uint32(layers.IPProtocolVRRP), yes, no)
	if f.Port != 0 {
		protocol = p.test(bpf.JumpEqual, uint32(layers.IPProtocolTCP), f.synAck(p, vips, yes, no), protocol)
	}
	protocol = p.test(bpf.JumpEqual, uint32(layers.IPProtocolICMPv4), f.echoReply(p, vips, toUs, yes, no), protocol)
	return p.do(bpf.LoadAbsolute{Off: offProtocol, Size: 1}, protocol)
}

func (f Filter) echoReply(p *program, vips set, toUs, yes, no label) label {
	target := p.do(bpf.LoadAbsolute{Off: offIPTarget, Size: 4}, toUs)
	isVIP := p.in(vips, yes, target)
	source := p.do(bpf.LoadAbsolute{Off: offIPSource, Size: 4}, isVIP)
	isReply := p.test(bpf.JumpEqual, layers.ICMPv4TypeEchoReply, source, no)
	return p.transport(p.do(bpf.LoadIndirect{Off: offICMPType, Size: 1}, isReply), no)
}

func (f Filter) synAck(p *program, vips set, yes, no label) label {
	const synAndAck, finAndRst = 0x12, 0x05
	isVIP := p.in(vips, yes, no)
	source := p.do(bpf.LoadAbsolute{Off: offIPSource, Size: 4}, isVIP)
	isPort := p.test(bpf.JumpEqual, uint32(f.Port), source, no)
	port := p.do(bpf.LoadIndirect{Off: offTCPSourcePort, Size: 2}, isPort)
	isBoth := p.test(bpf.JumpEqual, synAndAck, port, no)
	both := p.do(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: synAndAck | finAndRst}, isBoth)
	return p.transport(p.do(bpf.LoadIndirect{Off: offTCPFlags, Size: 1}, both), no)
}

// transport goes on only in a first fragment, with the length of the IPv4
// header in register X, so that LoadIndirect reaches the header behind it.
func (p *program) transport(next, no label) label {
	length := p.do(bpf.LoadMemShift{Off: offPacket}, next)
	isLater := p.test(bpf.JumpBitsSet, 0x1fff, no, length)
	return p.do(bpf.LoadAbsolute{Off: offFragment, Size: 2}, isLater)
}
