package scenarios_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A driver puts stimuli to a real host and reads its reactions off the wire.
//
// It proves silence by a fence: behind each stimulus goes an echo request by a
// second cable, to an address and from an address that no setting of the first
// touches, with a permanent neighbour entry for the way back. Its reply comes
// last, because all of it happens in order: frames wait in the backlog of one
// processor (enqueue_to_backlog), for the driver stays on one.
type driver struct {
	fd         int
	eth1, eth2 *net.Interface // of the driver's host
	fences     uint16
}

// The driver's host and the target, by the addresses of topology.
var (
	driverMAC   = evidence.MAC{2, 0, 0, 0, 0, 1}
	targetMAC   = evidence.MAC{2, 0, 0, 0, 0, 2}
	fenceMAC    = evidence.MAC{2, 0, 0, 1, 0, 2} // of the target's eth2
	fenceAsker  = netip.MustParseAddr("172.31.0.1")
	fenceTarget = netip.MustParseAddr("172.31.0.2")
)

// The identifiers of the driver's echo requests.
const (
	fenceID    = 1
	stimulusID = 2
)

// openDriver opens one packet socket for all interfaces of the calling
// thread's namespace, so that frames of both cables are read in their order.
func openDriver() (*driver, error) {
	d := &driver{}
	var err error
	if d.eth1, err = net.InterfaceByName("eth1"); err != nil {
		return nil, err
	}
	if d.eth2, err = net.InterfaceByName("eth2"); err != nil {
		return nil, err
	}
	all := int(unix.ETH_P_ALL&0xff<<8 | unix.ETH_P_ALL>>8) // network byte order
	if d.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.SetsockoptInt(d.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt PACKET_IGNORE_OUTGOING", err)
	}
	timeout := unix.Timeval{Sec: 5}
	return d, os.NewSyscallError("setsockopt SO_RCVTIMEO", unix.SetsockoptTimeval(d.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
}

func (d *driver) close() { _ = unix.Close(d.fd) }

// stayOnOneProcessor pins the calling thread, which must be locked.
func stayOnOneProcessor() error {
	var may, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	for cpu := range 1024 {
		if may.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &one))
}

// A sight is what was seen of a reaction.
type sight struct {
	Replied   bool
	Announces netip.Addr // sender of the who-has for the way back
}

func (s sight) String() string {
	text := "is silent"
	if s.Replied {
		text = "replies"
	}
	if s.Announces.IsValid() {
		text += ", announces " + s.Announces.String()
	}
	return text
}

// put sends a stimulus, lets the host find the way back, and returns what it
// did until the fence.
func (d *driver) put(s kernel.Stimulus) (got sight, err error) {
	to := targetMAC
	if s.Broadcast {
		to = evidence.Broadcast
	}
	if s.Kind == kernel.WhoHas {
		err = d.send(d.eth1, arpFrame(layers.ARPRequest, to, s.Sender, evidence.MAC{}, s.Target))
	} else {
		err = d.send(d.eth1, echoFrame(driverMAC, to, s.Sender, s.Target, stimulusID, 0))
	}
	if err != nil {
		return got, err
	}
	if err := d.fence(); err != nil {
		return got, err
	}
	for {
		rec, err := d.next()
		if err != nil {
			return got, err
		}
		switch {
		case rec.Kind == evidence.EchoReply && rec.ID == fenceID:
			if rec.Seq == d.fences {
				return got, nil
			}
		case rec.Kind == evidence.ARPReply && s.Kind == kernel.WhoHas && rec.SenderIP == s.Target && rec.TargetIP == s.Sender,
			rec.Kind == evidence.EchoReply && s.Kind == kernel.Echo && rec.SenderIP == s.Target && rec.TargetIP == s.Sender:
			got.Replied = true
		case rec.Kind == evidence.ARPRequest && s.Kind == kernel.Echo && (rec.TargetIP == s.Sender || rec.TargetIP == truthGateway):
			got.Announces = rec.SenderIP
			// Its echo reply waits for this, so the fence has to move behind.
			if err := d.send(d.eth1, arpFrame(layers.ARPReply, targetMAC, rec.TargetIP, rec.SenderMAC, rec.SenderIP)); err != nil {
				return got, err
			}
			if err := d.fence(); err != nil {
				return got, err
			}
		}
	}
}

func (d *driver) fence() error {
	d.fences++
	return d.send(d.eth2, echoFrame(evidence.MAC(d.eth2.HardwareAddr), fenceMAC, fenceAsker, fenceTarget, fenceID, d.fences))
}

func (d *driver) send(out *net.Interface, frame []byte) error {
	err := unix.Sendto(d.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: out.Index, Halen: 6, Addr: [8]byte(frame[:8])})
	return os.NewSyscallError("sendto", err)
}

// next reads the next frame that is evidence.
func (d *driver) next() (evidence.Record, error) {
	var buf [2048]byte
	for {
		n, _, err := unix.Recvfrom(d.fd, buf[:], 0)
		switch err {
		case nil:
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return evidence.Record{}, fmt.Errorf("no reply to the fence %d", d.fences)
		default:
			return evidence.Record{}, os.NewSyscallError("recvfrom", err)
		}
		if rec, reason := capture.Decode(buf[:n]); reason == "" {
			return rec, nil
		}
	}
}

func arpFrame(op uint16, to evidence.MAC, spa netip.Addr, tha evidence.MAC, tpa netip.Addr) []byte {
	return serialize(driverMAC, to, layers.EthernetTypeARP, &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
		Operation:         op,
		SourceHwAddress:   driverMAC[:],
		SourceProtAddress: spa.AsSlice(), DstHwAddress: tha[:], DstProtAddress: tpa.AsSlice(),
	})
}

func echoFrame(from, to evidence.MAC, src, dst netip.Addr, id, seq uint16) []byte {
	return serialize(from, to, layers.EthernetTypeIPv4,
		&layers.IPv4{Version: 4, TTL: 1, Protocol: layers.IPProtocolICMPv4, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()},
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: id, Seq: seq})
}

func serialize(from, to evidence.MAC, kind layers.EthernetType, above ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		append([]gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: from[:], DstMAC: to[:], EthernetType: kind}}, above...)...)
	if err != nil {
		panic(err) // addresses that are not IPv4
	}
	return buf.Bytes()
}

// seed is printed with every failure; TRUTH_SEED repeats a run.
func seed(t *testing.T, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv("TRUTH_SEED")
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal("TRUTH_SEED:", err)
	}
	return n
}
