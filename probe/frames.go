package probe

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"

	"github.com/arpcheck/arpcheck/evidence"
)

// A frame is what is sent, and the record of it that the log keeps.
type frame struct {
	bytes []byte
	rec   evidence.Record

	// moot tells, when its turn comes, that the frame need not be sent any
	// more; nil: it is always sent.
	moot func() bool
}

// nobody is the sender of an ARP probe (RFC 5227, section 2.1.1).
var nobody = netip.IPv4Unspecified()

// whoHas asks for target, as sender, everyone (evidence.Broadcast) or one host.
func (r *Run) whoHas(target, sender netip.Addr, to evidence.MAC) frame {
	return r.arp(evidence.ARPRequest, r.cfg.MAC, sender, evidence.MAC{}, target, to)
}

// isAt answers a who-has for addr: it is at mac.
func (r *Run) isAt(addr netip.Addr, mac evidence.MAC, asker evidence.Record) frame {
	return r.arp(evidence.ARPReply, mac, addr, asker.SenderMAC, asker.SenderIP, asker.SenderMAC)
}

func (r *Run) arp(kind evidence.Kind, sha evidence.MAC, spa netip.Addr, tha evidence.MAC, tpa netip.Addr, to evidence.MAC) frame {
	op := arp.OperationRequest
	if kind == evidence.ARPReply {
		op = arp.OperationReply
	}
	// NewPacket can only fail on addresses that are not IPv4, which Config
	// does not let in.
	packet, err := arp.NewPacket(op, sha[:], spa, tha[:], tpa)
	if err != nil {
		panic("probe: " + err.Error())
	}
	payload, _ := packet.MarshalBinary() // never fails
	bytes, err := (&ethernet.Frame{
		Destination: net.HardwareAddr(to[:]),
		Source:      net.HardwareAddr(r.cfg.MAC[:]),
		EtherType:   ethernet.EtherTypeARP,
		Payload:     payload,
	}).MarshalBinary()
	if err != nil {
		panic("probe: " + err.Error())
	}
	return frame{bytes: bytes, rec: evidence.Record{
		Kind: kind, Sent: true, Src: r.cfg.MAC, Dst: to,
		SenderMAC: sha, SenderIP: spa, TargetMAC: tha, TargetIP: tpa,
	}}
}

// echo asks for an echo reply from dst to src, of everyone or of one host.
//
// Its time to live is 1: whoever holds dst need not forward it, and a router
// that got it in a unicast frame must not pass it on to the real owner.
func (r *Run) echo(dst, src netip.Addr, to evidence.MAC) frame {
	r.seq++
	rec := evidence.Record{
		Kind: evidence.EchoRequest, Sent: true, Src: r.cfg.MAC, Dst: to,
		SenderIP: src, TargetIP: dst, ID: r.id, Seq: r.seq,
	}
	icmp := layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: rec.ID, Seq: rec.Seq}
	return frame{bytes: r.ipv4(rec, 1, layers.IPProtocolICMPv4, &icmp, gopacket.Payload("arpcheck: who holds this address?")), rec: rec}
}

// syn opens a TCP connection to dst by way of one host. The kernel of this
// host knows nothing of it and resets what comes back, which ends it.
func (r *Run) syn(dst netip.Addr, sourcePort uint16, to evidence.MAC) frame {
	rec := evidence.Record{
		Kind: evidence.TCPSyn, Sent: true, Src: r.cfg.MAC, Dst: to,
		SenderIP: r.cfg.Addr, TargetIP: dst, SenderPort: sourcePort, TargetPort: r.cfg.Port,
	}
	tcp := layers.TCP{
		SrcPort: layers.TCPPort(rec.SenderPort), DstPort: layers.TCPPort(rec.TargetPort),
		Seq: r.cfg.Rand.Uint32(), SYN: true, Window: 64240,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0x05, 0xb4}}},
	}
	return frame{bytes: r.ipv4(rec, 64, layers.IPProtocolTCP, &tcp), rec: rec}
}

// ipv4 puts the layers into an IPv4 packet and an Ethernet frame.
func (r *Run) ipv4(rec evidence.Record, ttl uint8, proto layers.IPProtocol, above ...gopacket.SerializableLayer) []byte {
	ip := layers.IPv4{
		Version: 4, TTL: ttl, Protocol: proto, Id: uint16(r.cfg.Rand.Uint32()),
		SrcIP: rec.SenderIP.AsSlice(), DstIP: rec.TargetIP.AsSlice(),
	}
	if tcp, ok := above[0].(*layers.TCP); ok {
		_ = tcp.SetNetworkLayerForChecksum(&ip) // never fails for IPv4
	}
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		append([]gopacket.SerializableLayer{
			&layers.Ethernet{SrcMAC: rec.Src[:], DstMAC: rec.Dst[:], EthernetType: layers.EthernetTypeIPv4},
			&ip,
		}, above...)...)
	if err != nil {
		panic("probe: " + err.Error()) // only options that do not fit can fail
	}
	return buf.Bytes()
}
