package capture

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

var (
	vrrpDst     = evidence.MAC{0x01, 0, 0x5e, 0, 0, 0x12}
	vrrpSrc     = evidence.MAC{0, 0, 0x5e, 0, 1, 51}
	hsrp1IP     = netip.MustParseAddr("224.0.0.2")
	hsrp2IP     = netip.MustParseAddr("224.0.0.102")
	vrrpGroupIP = netip.MustParseAddr("224.0.0.18")

	echoReply = ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 0x1234, 7)))
	synAck    = ether(clientMAC, serverMAC, 0x0800, ipv4(6, vip, clientIP, tcp(443, 40000, 0x12)))
	advert2   = ether(vrrpDst, vrrpSrc, 0x0800, ipv4(112, serverIP, vrrpGroupIP, vrrp(2, 51, 100, vip, unused)))
	advert3   = ether(vrrpDst, vrrpSrc, 0x0800, ipv4(112, serverIP, vrrpGroupIP, vrrp(3, 51, 0, vip)))
	request   = whoHas(vip, clientIP, clientMAC, evidence.Broadcast)
	reply     = isAt(vip, serverMAC, clientIP, clientMAC)
)

// good are frames that are evidence, with their records.
var good = []struct {
	name  string
	frame []byte
	want  evidence.Record
}{
	{"who-has", request, evidence.Record{
		Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast,
		SenderMAC: clientMAC, SenderIP: clientIP, TargetIP: vip,
	}},
	{"is-at", reply, evidence.Record{
		Kind: evidence.ARPReply, Src: serverMAC, Dst: clientMAC,
		SenderMAC: serverMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"ARP probe", whoHas(vip, netip.IPv4Unspecified(), clientMAC, evidence.Broadcast), evidence.Record{
		Kind: evidence.ARPRequest, Src: clientMAC, Dst: evidence.Broadcast,
		SenderMAC: clientMAC, SenderIP: netip.IPv4Unspecified(), TargetIP: vip,
	}},
	{"is-at in a frame from another MAC", with(reply, 11, 0x42), evidence.Record{
		Kind: evidence.ARPReply, Src: evidence.MAC{0x02, 0, 0, 0, 0, 0x42}, Dst: clientMAC,
		SenderMAC: serverMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"is-at a group's MAC", isAt(vip, evidence.MAC{3, 0xbf, 0, 0, 0, 1}, clientIP, clientMAC), evidence.Record{
		Kind: evidence.ARPReply, Src: evidence.MAC{3, 0xbf, 0, 0, 0, 1}, Dst: clientMAC,
		SenderMAC: evidence.MAC{3, 0xbf, 0, 0, 0, 1}, SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"is-at nobody's MAC", isAt(vip, evidence.MAC{}, clientIP, clientMAC), evidence.Record{
		Kind: evidence.ARPReply, Dst: clientMAC,
		SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"is-at with a priority tag", tagged(reply, 0x8100, 0xa000), evidence.Record{
		Kind: evidence.ARPReply, Src: serverMAC, Dst: clientMAC,
		SenderMAC: serverMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"broadcast echo request", ether(evidence.Broadcast, clientMAC, 0x0800, ipv4(1, clientIP, vip, echo(8, 0x1234, 7, 'x', 'y'))), evidence.Record{
		Kind: evidence.EchoRequest, Src: clientMAC, Dst: evidence.Broadcast,
		SenderIP: clientIP, TargetIP: vip, ID: 0x1234, Seq: 7,
	}},
	{"echo reply", echoReply, evidence.Record{
		Kind: evidence.EchoReply, Src: serverMAC, Dst: clientMAC,
		SenderIP: vip, TargetIP: clientIP, ID: 0x1234, Seq: 7,
	}},
	{"echo reply behind options", ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 0x1234, 7), 1, 1, 1, 0)), evidence.Record{
		Kind: evidence.EchoReply, Src: serverMAC, Dst: clientMAC,
		SenderIP: vip, TargetIP: clientIP, ID: 0x1234, Seq: 7,
	}},
	{"first fragment of an echo reply", with(echoReply, 20, 0x20), evidence.Record{
		Kind: evidence.EchoReply, Src: serverMAC, Dst: clientMAC,
		SenderIP: vip, TargetIP: clientIP, ID: 0x1234, Seq: 7,
	}},
	{"VRRP version 2", advert2, evidence.Record{
		Kind: evidence.VRRPAdvert, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: vrrpGroupIP,
		VRID: 51, Priority: 100, Virtual: []netip.Addr{vip, unused},
	}},
	{"VRRP version 3", advert3, evidence.Record{
		Kind: evidence.VRRPAdvert, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: vrrpGroupIP,
		VRID: 51, Virtual: []netip.Addr{vip},
	}},
	{"CARP", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(112, serverIP, vrrpGroupIP,
		slices.Concat([]byte{0x21, 3, 100, 7, 0, 1, 0, 0}, make([]byte, 28)))), evidence.Record{
		Kind: evidence.CARPAdvert, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: vrrpGroupIP,
		VRID: 3, Priority: 100,
	}},
	{"HSRP version 1", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp1IP, udp(1985,
		slices.Concat([]byte{0, 0, 16, 3, 10, 110, 5, 0}, []byte("cisco\x00\x00\x00"), vip.AsSlice())))), evidence.Record{
		Kind: evidence.HSRPHello, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: hsrp1IP,
		VRID: 5, Priority: 110, Virtual: []netip.Addr{vip},
	}},
	{"HSRP version 2", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp2IP, udp(1985,
		slices.Concat([]byte{1, 40, 2, 0, 6, 4}, be16(7), make([]byte, 6), []byte{0, 0, 0, 120}, make([]byte, 8),
			vip.AsSlice(), make([]byte, 12))))), evidence.Record{
		Kind: evidence.HSRPHello, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: hsrp2IP,
		VRID: 7, Priority: 120, Virtual: []netip.Addr{vip},
	}},
	{"GLBP", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp2IP, udp(3222,
		slices.Concat([]byte{1, 0}, be16(9), be16(0), make([]byte, 6), []byte{1, 28, 0, 32, 0, 130, 0, 0}, make([]byte, 14),
			[]byte{1, 4}, vip.AsSlice())))), evidence.Record{
		Kind: evidence.GLBPHello, Src: vrrpSrc, Dst: vrrpDst, SenderIP: serverIP, TargetIP: hsrp2IP,
		VRID: 9, Priority: 130, Virtual: []netip.Addr{vip},
	}},
	{"is-at of IEEE 802 hardware", with(reply, 15, 6), evidence.Record{
		Kind: evidence.ARPReply, Src: serverMAC, Dst: clientMAC,
		SenderMAC: serverMAC, SenderIP: vip, TargetMAC: clientMAC, TargetIP: clientIP,
	}},
	{"SYN", ether(serverMAC, clientMAC, 0x0800, ipv4(6, clientIP, vip, tcp(40000, 443, 0x02))), evidence.Record{
		Kind: evidence.TCPSyn, Src: clientMAC, Dst: serverMAC,
		SenderIP: clientIP, TargetIP: vip, SenderPort: 40000, TargetPort: 443,
	}},
	{"SYN-ACK", synAck, evidence.Record{
		Kind: evidence.TCPSynAck, Src: serverMAC, Dst: clientMAC,
		SenderIP: vip, TargetIP: clientIP, SenderPort: 443, TargetPort: 40000,
	}},
}

// ignored are frames that are no evidence, by the reason.
var ignored = map[evidence.Reason][]struct {
	name  string
	frame []byte
}{
	evidence.NotInteresting: {
		{"UDP", ether(clientMAC, serverMAC, 0x0800, ipv4(17, vip, clientIP, make([]byte, 8)))},
		{"fragment of UDP", with(ether(clientMAC, serverMAC, 0x0800, ipv4(17, vip, clientIP, make([]byte, 8))), 21, 9)},
		{"ICMP unreachable", with(echoReply, 34, 3)},
		{"TCP without SYN", with(synAck, 47, 0x10)},
		{"TCP SYN and RST", with(synAck, 47, 0x06)},
		{"TCP with a data offset of 4", with(synAck, 46, 4<<4)},
		{"HSRP version 1, standing by", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp1IP, udp(1985,
			slices.Concat([]byte{0, 0, 8, 3, 10, 110, 5, 0}, []byte("cisco\x00\x00\x00"), vip.AsSlice()))))},
		{"HSRP version 1, resigning", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp1IP, udp(1985,
			slices.Concat([]byte{0, 2, 16, 3, 10, 110, 5, 0}, []byte("cisco\x00\x00\x00"), vip.AsSlice()))))},
		{"HSRP version 2, standing by", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp2IP, udp(1985,
			slices.Concat([]byte{1, 40, 2, 0, 5, 4}, be16(7), make([]byte, 6), []byte{0, 0, 0, 120}, make([]byte, 8), vip.AsSlice(), make([]byte, 12)))))},
		{"IPv6", ether(clientMAC, serverMAC, 0x86dd, make([]byte, 40))},
		{"802.3 length", ether(clientMAC, serverMAC, 38, make([]byte, 46))},
		{"VLAN", tagged(reply, 0x8100, 7)},
		{"service VLAN", tagged(reply, 0x88a8, 0xa007)},
		{"VLAN inside a priority tag", tagged(tagged(reply, 0x8100, 7), 0x8100, 0)},
	},
	evidence.Truncated: {
		{"nothing", nil},
		{"Ethernet header", reply[:13]},
		{"VLAN tag", tagged(reply, 0x8100, 0)[:17]},
		{"ARP header", reply[:21]},
		{"ARP addresses", reply[:41]},
		{"IPv4 header", echoReply[:33]},
		{"IPv4 options", with(echoReply, 14, 0x47)[:38]},
		{"ICMP header", echoReply[:41]},
		{"TCP header", synAck[:53]},
		{"TCP options", synAck[:57]},
		{"VRRP header", advert2[:41]},
		{"VRRP addresses", advert2[:49]},
	},
	evidence.BadARPType: {
		{"hardware frame relay", with(reply, 15, 15)},
		{"protocol IPv6", with(with(reply, 16, 0x86), 17, 0xdd)},
	},
	evidence.BadARPLength: {
		{"hardware", with(reply, 18, 8)},
		{"protocol", with(reply, 19, 16)},
		{"longest", with(with(reply, 18, 255), 19, 255)},
		{"zero", with(with(reply, 18, 0), 19, 0)},
	},
	evidence.BadARPOperation: {
		{"zero", with(reply, 21, 0)},
		{"RARP request", with(reply, 21, 3)},
		{"InARP reply", with(reply, 21, 9)},
		{"reply in the wrong byte order", with(with(reply, 20, 2), 21, 0)},
	},
	evidence.GroupSender: {
		{"multicast source of an echo reply", with(echoReply, 6, 0x03)},
	},
	evidence.ZeroSender: {
		{"source of an echo reply", ether(clientMAC, evidence.MAC{}, 0x0800, ipv4(1, vip, clientIP, echo(0, 1, 1)))},
	},
	evidence.BadIPv4: {
		{"version 6", with(echoReply, 14, 0x65)},
		{"header of 16 octets", with(echoReply, 14, 0x44)},
		{"total length below header length", with(echoReply, 17, 19)},
		{"total length zero", with(echoReply, 17, 0)},
		{"option of length zero", ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 1, 1), 7, 0, 0, 0))},
		{"no room for ICMP", with(echoReply, 17, 27)},
		{"no room for TCP", with(synAck, 17, 39)},
		{"no room for TCP options", with(synAck, 17, 43)},
	},
	evidence.Fragment: {
		{"later fragment", with(echoReply, 21, 185)},
	},
	evidence.RARP: {
		{"RARP", with(with(reply, 12, 0x80), 13, 0x35)},
	},
	evidence.BadAdvert: {
		{"short HSRP", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp1IP, udp(1985, make([]byte, 19))))},
		{"HSRP of no known version", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp2IP, udp(1985, []byte{3, 40}, make([]byte, 40))))},
		{"GLBP with an endless field", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(17, serverIP, hsrp2IP, udp(3222, make([]byte, 12), []byte{1, 0})))},
	},
	evidence.BadVRRP: {
		{"type 2", with(advert3, 34, 0x32)},
		{"version 1", with(advert2, 34, 0x11)},
		{"version 4", with(advert3, 34, 0x41)},
		{"no address", with(advert3, 37, 0)},
		{"no room for the header", with(advert3, 17, 27)},
		{"shorter than its address count", with(advert3, 37, 2)},
		{"almost CARP", ether(vrrpDst, vrrpSrc, 0x0800, ipv4(112, serverIP, vrrpGroupIP,
			slices.Concat([]byte{0x21, 1, 0, 6, 0, 1, 0, 0}, make([]byte, 28))))},
	},
}

func TestDecode(t *testing.T) {
	for _, tc := range good {
		for _, frame := range [][]byte{tc.frame, padded(tc.frame), append(slices.Clone(tc.frame), 1, 2, 3)} {
			t.Run(fmt.Sprintf("%s/%d", tc.name, len(frame)), func(t *testing.T) {
				got, reason := Decode(frame)
				if reason != "" {
					t.Fatalf("ignored as %s", reason)
				}
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("got  %+v\nwant %+v", got, tc.want)
				}
			})
		}
	}
}

func TestDecodeReasons(t *testing.T) {
	// OwnMAC is not for Decode to tell: it knows nobody's address.
	for _, reason := range []evidence.Reason{
		evidence.NotInteresting, evidence.Truncated, evidence.BadARPLength, evidence.BadARPType,
		evidence.BadARPOperation, evidence.GroupSender, evidence.ZeroSender, evidence.BadIPv4,
		evidence.Fragment, evidence.BadVRRP, evidence.RARP, evidence.BadAdvert,
	} {
		if len(ignored[reason]) == 0 {
			t.Errorf("no frame for %s", reason)
		}
		for _, tc := range ignored[reason] {
			t.Run(string(reason)+"/"+tc.name, func(t *testing.T) {
				rec, got := Decode(tc.frame)
				if got != reason {
					t.Errorf("reason is %q", got)
				}
				if !reflect.DeepEqual(rec, evidence.Record{}) {
					t.Errorf("ignored, but with a record: %+v", rec)
				}
			})
		}
	}
}

// A frame cut anywhere is either truncated, or cut behind all that its record
// is made of.
func TestDecodeCut(t *testing.T) {
	for _, tc := range good {
		t.Run(tc.name, func(t *testing.T) {
			for n := range tc.frame {
				got, reason := Decode(tc.frame[:n:n])
				switch {
				case reason == evidence.Truncated:
				case reason == "" && reflect.DeepEqual(got, tc.want):
				default:
					t.Errorf("%d of %d octets: reason %q, record %+v", n, len(tc.frame), reason, got)
				}
			}
		})
	}
	for reason, cases := range ignored {
		for _, tc := range cases {
			for n := range tc.frame {
				if _, got := Decode(tc.frame[:n:n]); got == "" {
					t.Errorf("%s/%s: %d octets of it are evidence", reason, tc.name, n)
				}
			}
		}
	}
}

func TestDecodeKeepsNothing(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, tc := range good {
				frame := slices.Clone(tc.frame)
				got, _ := Decode(frame)
				clear(frame)
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("%s: the record changed with the frame: %+v", tc.name, got)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzDecode(f *testing.F) {
	for _, tc := range good {
		f.Add(tc.frame)
	}
	for _, cases := range ignored {
		for _, tc := range cases {
			f.Add(tc.frame)
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := slices.Clone(frame)
		rec, reason := Decode(frame)
		if !slices.Equal(frame, before) {
			t.Fatal("the frame was changed")
		}
		if (reason == "") != (rec.Kind != 0) {
			t.Fatalf("reason %q, record %+v", reason, rec)
		}
		if reason != "" {
			return
		}
		if !rec.SenderIP.Is4() || !rec.TargetIP.Is4() {
			t.Errorf("addresses are missing: %+v", rec)
		}
		if !rec.IsARP() && (rec.Src.IsZero() || rec.Src.IsGroup()) {
			t.Errorf("nobody's source: %+v", rec)
		}
		if rec.Kind == evidence.VRRPAdvert && len(rec.Virtual) == 0 || len(rec.Virtual) > 0 && !rec.IsAdvert() {
			t.Errorf("addresses of a virtual router: %+v", rec)
		}
		_ = rec.String()

		got, reason := Decode(append(before, 0, 0, 0, 0))
		if reason != "" || !reflect.DeepEqual(got, rec) {
			t.Errorf("with padding: reason %q, record %+v, without %+v", reason, got, rec)
		}
		clear(frame)
		if !reflect.DeepEqual(got, rec) {
			t.Errorf("the record changed with the frame: %+v", rec)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	foreign := ether(clientMAC, serverMAC, 0x0800, ipv4(17, vip, clientIP, make([]byte, 100)))
	for _, bc := range []struct {
		name  string
		frame []byte
	}{{"foreign", foreign}, {"is-at", reply}, {"echo", echoReply}, {"syn-ack", synAck}, {"vrrp", advert3}} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decode(bc.frame)
			}
		})
	}
}
