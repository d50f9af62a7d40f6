package capture

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

var (
	arpReply  = reply[14:]
	pingReply = echoReply[14:]
	snap      = []byte{0xaa, 0xaa, 3, 0, 0, 0}
)

// sll is a Linux cooked header, of version 1.
func sll(packetType, hardware, addressLen uint16, protocol uint16, packet []byte) []byte {
	return slices.Concat(be16(packetType), be16(hardware), be16(addressLen), serverMAC[:], []byte{0, 0}, be16(protocol), packet)
}

// sll2 is a Linux cooked header, of version 2.
func sll2(iface byte, hardware uint16, protocol uint16, packet []byte) []byte {
	return slices.Concat(be16(protocol), be16(0), []byte{0, 0, 0, iface}, be16(hardware), []byte{1, 6}, serverMAC[:], []byte{0, 0}, packet)
}

// wifi is an 802.11 data frame from an access point, with an LLC header.
func wifi(control, flags byte, extra int, etherType uint16, packet []byte) []byte {
	return slices.Concat([]byte{control, flags, 0, 0}, clientMAC[:], directorMAC[:], serverMAC[:], []byte{0, 0},
		make([]byte, extra), snap, be16(etherType), packet)
}

// radiotap is a header with a time and flags.
func radiotap(flags byte, frame []byte) []byte {
	return slices.Concat([]byte{0, 0, 17, 0, 3, 0, 0, 0}, make([]byte, 8), []byte{flags}, frame)
}

var linkCases = []struct {
	name   string
	link   linkType
	frame  []byte
	reason evidence.Reason
	kind   evidence.Kind
	src    evidence.MAC
	vlans  string
}{
	{"Ethernet", linkEthernet, reply, "", evidence.ARPReply, serverMAC, ""},
	{"a tag", linkEthernet, tagged(reply, 0x8100, 7), "", evidence.ARPReply, serverMAC, "7"},
	{"two tags", linkEthernet, tagged(tagged(reply, 0x8100, 7), 0x88a8, 0xa00a), "", evidence.ARPReply, serverMAC, "10.7"},
	{"tag inside a priority tag", linkEthernet, tagged(tagged(reply, 0x8100, 7), 0x8100, 0xe000), "", evidence.ARPReply, serverMAC, "7"},
	{"old service tag", linkEthernet, tagged(reply, 0x9100, 7), "", evidence.ARPReply, serverMAC, "7"},
	{"LLC", linkEthernet, ether(clientMAC, serverMAC, 36, slices.Concat(snap, be16(0x0806), arpReply)), "", evidence.ARPReply, serverMAC, ""},
	{"LLC in a tag", linkEthernet, tagged(ether(clientMAC, serverMAC, 36, slices.Concat(snap, be16(0x0806), arpReply)), 0x8100, 5), "", evidence.ARPReply, serverMAC, "5"},
	{"spanning tree", linkEthernet, ether(clientMAC, serverMAC, 38, slices.Concat([]byte{0x42, 0x42, 3}, make([]byte, 43))), evidence.NotInteresting, 0, evidence.MAC{}, ""},
	{"six tags", linkEthernet, tagged(tagged(tagged(tagged(tagged(tagged(reply, 0x8100, 6), 0x8100, 5), 0x8100, 4), 0x8100, 3), 0x8100, 2), 0x8100, 1), evidence.ManyTags, 0, evidence.MAC{}, "1.2.3.4.5"},

	{"SLL ARP", linkSLL, sll(1, 1, 6, 0x0806, arpReply), "", evidence.ARPReply, serverMAC, ""},
	{"SLL tag", linkSLL, sll(0, 1, 6, 0x8100, slices.Concat(be16(9), be16(0x0806), arpReply)), "", evidence.ARPReply, serverMAC, "9"},
	{"SLL LLC", linkSLL, sll(0, 1, 6, 4, slices.Concat(snap, be16(0x0806), arpReply)), "", evidence.ARPReply, serverMAC, ""},
	{"SLL of a tunnel", linkSLL, sll(0, 778, 4, 0x0800, pingReply), "", evidence.EchoReply, evidence.MAC{}, ""},
	{"SLL SYN-ACK of a tunnel", linkSLL, sll(0, 778, 4, 0x0800, synAck[14:]), evidence.NoMACs, 0, evidence.MAC{}, ""},
	{"SLL SYN-ACK", linkSLL, sll(0, 1, 6, 0x0800, synAck[14:]), "", evidence.TCPSynAck, serverMAC, ""},
	{"SLL2 ARP", linkSLL2, sll2(3, 1, 0x0806, arpReply), "", evidence.ARPReply, serverMAC, ""},

	{"802.11 from an access point", link80211, wifi(0x08, 2, 0, 0x0806, arpReply), "", evidence.ARPReply, serverMAC, ""},
	{"802.11 with quality of service", link80211, wifi(0x88, 2, 2, 0x0806, arpReply), "", evidence.ARPReply, serverMAC, ""},
	{"802.11 with HT control", link80211, wifi(0x88, 0x82, 6, 0x0806, arpReply), "", evidence.ARPReply, serverMAC, ""},
	{"802.11 to an access point", link80211, wifi(0x08, 1, 0, 0x0800, pingReply), "", evidence.EchoReply, directorMAC, ""},
	{"802.11 between stations", link80211, wifi(0x08, 0, 0, 0x0806, arpReply), "", evidence.ARPReply, directorMAC, ""},
	{"802.11 mesh", link80211, slices.Concat(wifi(0x08, 3, 0, 0, nil)[:24], serverMAC[:], snap, be16(0x0806), arpReply), "", evidence.ARPReply, serverMAC, ""},
	{"802.11 encrypted", link80211, wifi(0x08, 0x42, 0, 0x0806, arpReply), evidence.Encrypted, 0, evidence.MAC{}, ""},
	{"802.11 fragment", link80211, with(wifi(0x08, 2, 0, 0x0806, arpReply), 22, 1), evidence.Fragment, 0, evidence.MAC{}, ""},
	{"802.11 aggregate", link80211, with(wifi(0x88, 2, 2, 0x0806, arpReply), 24, 0x80), evidence.Aggregate, 0, evidence.MAC{}, ""},
	{"802.11 beacon", link80211, wifi(0x80, 0, 0, 0, nil), evidence.NotInteresting, 0, evidence.MAC{}, ""},
	{"802.11 without data", link80211, wifi(0x48, 1, 0, 0, nil), evidence.NotInteresting, 0, evidence.MAC{}, ""},
	{"radiotap", linkRadiotap, radiotap(0, wifi(0x08, 2, 0, 0x0806, arpReply)), "", evidence.ARPReply, serverMAC, ""},
	{"radiotap with padding", linkRadiotap, radiotap(0x20, wifi(0x88, 2, 4, 0x0806, arpReply)), "", evidence.ARPReply, serverMAC, ""},
	{"radiotap of a damaged frame", linkRadiotap, radiotap(0x40, wifi(0x08, 2, 0, 0x0806, arpReply)), evidence.BadFCS, 0, evidence.MAC{}, ""},

	{"raw", linkRaw, pingReply, "", evidence.EchoReply, evidence.MAC{}, ""},
	{"raw SYN-ACK", linkIPv4, synAck[14:], evidence.NoMACs, 0, evidence.MAC{}, ""},
	{"raw IPv6", linkRaw, []byte{0x60, 0}, evidence.NotInteresting, 0, evidence.MAC{}, ""},
	{"loopback", linkNull, slices.Concat([]byte{2, 0, 0, 0}, pingReply), "", evidence.EchoReply, evidence.MAC{}, ""},
	{"loopback of the other order", linkNull, slices.Concat([]byte{0, 0, 0, 2}, pingReply), "", evidence.EchoReply, evidence.MAC{}, ""},
	{"OpenBSD loopback", linkLoop, slices.Concat([]byte{0, 0, 0, 2}, pingReply), "", evidence.EchoReply, evidence.MAC{}, ""},
	{"loopback IPv6", linkNull, slices.Concat([]byte{30, 0, 0, 0}, pingReply), evidence.NotInteresting, 0, evidence.MAC{}, ""},
	{"Bluetooth", 187, reply, evidence.OtherLink, 0, evidence.MAC{}, ""},
}

func TestDecodeLink(t *testing.T) {
	for _, tc := range linkCases {
		t.Run(tc.name, func(t *testing.T) {
			rec, reason := decodeLink(tc.link, tc.frame)
			if reason != tc.reason || rec.Kind != tc.kind || rec.Src != tc.src || rec.VLANs.String() != tc.vlans {
				t.Errorf("reason %q, record %+v", reason, rec)
			}
			for n := range tc.frame {
				decodeLink(tc.link, tc.frame[:n:n]) // must not panic
			}
			log := replayed(t, pcapFile(binary.LittleEndian, false, tc.link, []captured{{ns: start, data: tc.frame}}), ReplayConfig{})
			if log.Received != 1 || tc.reason != "" && log.Ignored[tc.reason] != 1 || (tc.kind == evidence.ARPReply) != (len(log.Claims) == 1) {
				t.Errorf("%d frames, ignored %v, claims %v", log.Received, log.Ignored, log.Claims)
			}
			if tc.reason == evidence.OtherLink && log.Files[0].OtherLinks["LINKTYPE_BLUETOOTH_HCI_H4"] != 1 {
				t.Errorf("other links: %v", log.Files[0].OtherLinks)
			}
		})
	}
}

func FuzzDecodeLink(f *testing.F) {
	for _, tc := range linkCases {
		f.Add(uint32(tc.link), tc.frame)
	}
	f.Fuzz(func(t *testing.T, link uint32, frame []byte) {
		rec, reason := decodeLink(linkType(link), frame)
		if (reason == "") != (rec.Kind != 0) {
			t.Fatalf("reason %q, record %+v", reason, rec)
		}
		if !linkType(link).hasMACs() && (!rec.Src.IsZero() || rec.IsARP()) {
			t.Errorf("a host on a link without MAC addresses: %+v", rec)
		}
		_ = rec.String()
	})
}

// FuzzPlain compares what is seen of an Ethernet frame at first sight with
// what the decoders see.
func FuzzPlain(f *testing.F) {
	for _, tc := range good {
		f.Add(tc.frame)
		f.Add(padded(tc.frame))
	}
	for _, cases := range ignored {
		for _, tc := range cases {
			f.Add(tc.frame)
			f.Add(padded(tc.frame))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		cfg := &settings{watched: watchOf(addrs("192.168.1.99", 1)), asked: watchOf(nil), trails: 1}
		limits := claimLimits{total: 4, perAddress: 2, perAsked: 2, asked: 3}
		quick, slow := newTally(cfg, limits, true), newTally(cfg, limits, true)
		slow.stats.frames = 1
		quick.frame(linkEthernet, frame, uint32(len(frame)), start, -1)
		slow.decode(linkEthernet, frame, uint32(len(frame)), start, -1)
		if diff := differ(slow.stats.reasons(), quick.stats.reasons()); diff != "" {
			t.Fatal(diff)
		}
		if diff := differ(fmt.Sprint(slow.claims.entries), fmt.Sprint(quick.claims.entries)); diff != "" {
			t.Fatal(diff)
		}
		if quick.asks.n != slow.asks.n || quick.asks.whoHas != slow.asks.whoHas {
			t.Fatalf("asks %+v and %+v", quick.asks.n, slow.asks.n)
		}
		if diff := differ(recordsOf(slow.trails), recordsOf(quick.trails)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func recordsOf(trails map[uint32]*trail) (all []evidence.Record) {
	for _, tr := range trails {
		all = append(all, tr.head...)
	}
	slices.SortFunc(all, byNumber)
	return all
}
