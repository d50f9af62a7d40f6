package capture

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"golang.org/x/net/bpf"
)

// testVM runs the filter in the emulator of x/net/bpf, which knows no
// metadata: there every frame arrived, untagged. The namespace tests run the
// filter in the kernel.
func testVM(t testing.TB, f Filter) *bpf.VM {
	t.Helper()
	ins, err := f.instructions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range ins {
		if _, ok := ins[i].(bpf.LoadExtension); ok {
			ins[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: 0}
		}
	}
	vm, err := bpf.NewVM(ins)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// addrs returns n addresses of which no two are neighbours, so that they do
// not merge into spans.
func addrs(base string, n int) []netip.Addr {
	first := netip.MustParseAddr(base).As4()
	list := make([]netip.Addr, n)
	for i := range list {
		var octets [4]byte
		binary.BigEndian.PutUint32(octets[:], binary.BigEndian.Uint32(first[:])+uint32(3*i))
		list[i] = netip.AddrFrom4(octets)
	}
	rand.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// wants says in Go what Filter says in its documentation.
func (f Filter) wants(rec evidence.Record) bool {
	isVIP := func(a netip.Addr) bool { return slices.Contains(f.VIPs, a) }
	isTemporary := func(a netip.Addr) bool { return slices.Contains(f.Temporary, a) }
	switch rec.Kind {
	case evidence.ARPRequest, evidence.ARPReply:
		return rec.Dst == f.MAC || isVIP(rec.SenderIP) || isTemporary(rec.SenderIP) ||
			rec.TargetIP == f.Own || isTemporary(rec.TargetIP)
	case evidence.EchoReply:
		return isVIP(rec.SenderIP) || rec.TargetIP == f.Own || isTemporary(rec.TargetIP)
	case evidence.VRRPAdvert:
		return true
	case evidence.TCPSynAck:
		return f.Port != 0 && rec.SenderPort == f.Port && isVIP(rec.SenderIP)
	}
	return false
}

func TestFilterEmulated(t *testing.T) {
	for _, sizes := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {5, 9}, {64, 64}, {256, 1024}} {
		t.Run(fmt.Sprintf("%d VIPs, %d temporary", sizes[0], sizes[1]), func(t *testing.T) {
			f := Filter{
				MAC: clientMAC, Own: clientIP, Port: 443,
				VIPs: addrs("10.1.0.0", sizes[0]), Temporary: addrs("10.2.0.0", sizes[1]),
			}
			if sizes[0] == 0 {
				f.Own, f.Port = netip.Addr{}, 0
			}
			vm := testVM(t, f)
			pick := func(i int) netip.Addr {
				near := slices.Concat(f.VIPs, f.Temporary, []netip.Addr{clientIP, serverIP})
				addr := near[i%len(near)]
				for range rand.IntN(3) {
					addr = addr.Next()
				}
				return addr
			}
			passed := 0
			for i := range 4000 {
				a, b := pick(i), pick(rand.Int())
				dst := []evidence.MAC{clientMAC, evidence.Broadcast, directorMAC}[i%3]
				options := make([]byte, 4*rand.IntN(11))
				for _, frame := range [][]byte{
					whoHas(a, b, serverMAC, dst), isAt(a, serverMAC, b, dst),
					ether(dst, serverMAC, 0x0800, ipv4(1, a, b, echo(0, 1, 1), options...)),
					ether(dst, serverMAC, 0x0800, ipv4(1, a, b, echo(8, 1, 1), options...)),
					ether(dst, serverMAC, 0x0800, ipv4(6, a, b, tcp(442+uint16(i%2), 1, 0x12), options...)),
					ether(dst, serverMAC, 0x0800, ipv4(6, a, b, tcp(443, 1, byte(i)&0x17), options...)),
					ether(dst, serverMAC, 0x0800, ipv4(17, a, b, make([]byte, 8), options...)),
					ether(dst, serverMAC, 0x0800, ipv4(112, a, b, vrrp(3, 1, 1, vip), options...)),
					ether(dst, serverMAC, 0x86dd, make([]byte, 60)),
				} {
					n, err := vm.Run(frame)
					if err != nil {
						t.Fatal(err)
					}
					rec, _ := Decode(frame)
					if got, want := n > 0, f.wants(rec); got != want {
						t.Fatalf("accepted is %v, want %v: %v", got, want, rec)
					}
					if n > 0 {
						passed++
					}
				}
			}
			t.Logf("%d of %d frames passed", passed, 9*4000)
		})
	}
}

// Every frame cut anywhere is dropped or passed without an access outside it.
func TestFilterCut(t *testing.T) {
	vm := testVM(t, Filter{MAC: clientMAC, VIPs: []netip.Addr{vip}, Own: clientIP, Port: 443})
	for _, tc := range good {
		for n := range tc.frame {
			if _, err := vm.Run(tc.frame[:n]); err != nil {
				t.Errorf("%s, %d octets: %v", tc.name, n, err)
			}
		}
	}
	if n, _ := vm.Run(with(echoReply, 21, 9)); n != 0 {
		t.Error("a later fragment passed")
	}
}

func TestFilterSize(t *testing.T) {
	for _, tc := range []struct {
		vips, temporary int
		exact           bool
	}{{1, 1, true}, {256, 1024, true}, {256, 5000, false}, {5000, 5000, false}} {
		f := Filter{
			MAC: clientMAC, Own: clientIP, Port: 443,
			VIPs: addrs("10.1.0.1", tc.vips), Temporary: addrs("10.2.0.1", tc.temporary),
		}
		ins, err := f.Assemble()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d VIPs, %d temporary: %d instructions", tc.vips, tc.temporary, len(ins))
		if len(ins) > maxInstructions {
			t.Errorf("%d VIPs, %d temporary: %d instructions are too many", tc.vips, tc.temporary, len(ins))
		}
		vm := testVM(t, f)
		passes := func(addr netip.Addr) bool {
			n, _ := vm.Run(isAt(addr, serverMAC, serverIP, directorMAC))
			return n > 0
		}
		for _, addr := range slices.Concat(f.VIPs, f.Temporary) {
			if !passes(addr) {
				t.Fatalf("is-at %s is dropped", addr)
			}
		}
		if between := netip.MustParseAddr("10.2.0.2"); passes(between) == tc.exact {
			t.Errorf("%d VIPs, %d temporary: exact is %v, want %v", tc.vips, tc.temporary, !tc.exact, tc.exact)
		}
		if passes(netip.MustParseAddr("10.4.0.1")) {
			t.Error("an address outside the prefixes passes")
		}
	}
}

func TestFilterRefusesIPv6(t *testing.T) {
	six := netip.MustParseAddr("fe80::1")
	for _, f := range []Filter{{VIPs: []netip.Addr{six}}, {Own: six}, {Temporary: []netip.Addr{{}}}} {
		if _, err := f.Assemble(); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}

func TestSet(t *testing.T) {
	at := netip.MustParseAddr
	for _, tc := range []struct {
		name         string
		in           []netip.Addr
		want, prefix set
	}{
		{"none", nil, nil, nil},
		{"one", []netip.Addr{at("0.0.0.9")}, set{{9, 9}}, set{{9, 9}}},
		{"neighbours in any order, one twice", []netip.Addr{at("0.0.0.6"), at("0.0.0.4"), at("0.0.0.5"), at("0.0.0.4")}, set{{4, 6}}, set{{4, 7}}},
		{"both ends", []netip.Addr{at("255.255.255.255"), at("0.0.0.0")}, set{{0, 0}, {1<<32 - 1, 1<<32 - 1}}, set{{0, 1<<32 - 1}}},
		{"the last two", []netip.Addr{at("255.255.255.255"), at("255.255.255.254")}, set{{1<<32 - 2, 1<<32 - 1}}, set{{1<<32 - 2, 1<<32 - 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := setOf(tc.in...)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if prefix := got.prefix(); !slices.Equal(prefix, tc.prefix) {
				t.Errorf("prefix is %v, want %v", prefix, tc.prefix)
			}
		})
	}
}
