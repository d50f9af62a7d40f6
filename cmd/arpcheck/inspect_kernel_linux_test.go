package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// What inspect says of a host is what its kernel does, above all where it says
// that nothing leaks. The hosts are those that are put together in unusual ways.
func TestInspectLikeTheKernel(t *testing.T) {
	const (
		right  = "all.arp_ignore=1 all.arp_announce=2"
		nic    = "addr add 192.168.1.41/24 dev eth1"
		nic2   = "addr add 10.0.2.41/24 dev eth2"
		onLo   = "addr add 192.168.1.99/32 dev lo"
		second = "all.arp_ignore=1 eth1.arp_announce=2" // eth2 was forgotten
	)
	tests := []struct {
		name    string
		ip      []string // in this order
		sysctls string
		vip     string // 192.168.1.99
		asker   string // a neighbour on eth1, 192.168.1.201 without
		to      []string
		leak    string // an interface that must be said to announce, though another way may be taken now
		exit    int
		codes   []diagnose.Code // besides what follows from the table
	}{
		{name: "right", ip: []string{nic, nic2, onLo}, sysctls: right},
		{name: "/31", ip: []string{"addr add 192.168.1.41/31 dev eth1", onLo}, sysctls: "all.arp_ignore=1", asker: "192.168.1.40", to: []string{"192.168.1.40"}, exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "/31, arp_ignore 8", ip: []string{"addr add 192.168.1.41/31 dev eth1", onLo}, sysctls: "all.arp_ignore=8 all.arp_announce=2", asker: "192.168.1.40", exit: 1,
			codes: []diagnose.Code{diagnose.ARPSilent}},
		{name: "/32, arp_ignore 8", ip: []string{"addr add 192.168.1.41/32 dev eth1", "route add 192.168.1.0/24 dev eth1", onLo}, sysctls: "all.arp_ignore=8 all.arp_announce=2", exit: 1,
			codes: []diagnose.Code{diagnose.ARPSilent}},
		{name: "/32", ip: []string{"addr add 192.168.1.41/32 dev eth1", "route add 192.168.1.1 dev eth1", "route add default via 192.168.1.1", onLo}, sysctls: "all.arp_ignore=1",
			asker: "192.168.1.1", to: []string{"192.168.1.1", "8.8.8.8"}, exit: 1, codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "peer/32", ip: []string{"addr add 192.168.1.41 peer 192.168.1.1/32 dev eth1", onLo}, sysctls: "all.arp_ignore=1", asker: "192.168.1.1", to: []string{"192.168.1.1"}, exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak, diagnose.ARPSilent}},
		{name: "peer/24", ip: []string{"addr add 10.5.5.41 peer 192.168.1.1/24 dev eth1", onLo}, sysctls: "all.arp_ignore=1 all.arp_announce=1", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak, diagnose.ARPSilent}},
		{name: "the VIP with a peer", ip: []string{nic, "addr add 192.168.7.99 peer 10.9.9.1/32 dev eth1"}, sysctls: right, vip: "192.168.7.99", to: []string{"10.9.9.1"}, exit: 1,
			codes: []diagnose.Code{diagnose.Unanswered}},
		{name: "two NICs, the forgotten one first", ip: []string{"addr add 192.168.1.42/24 dev eth2", nic, onLo}, sysctls: second, leak: "eth2", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "two NICs, the forgotten one preferred", ip: []string{nic + " metric 101", "addr add 192.168.1.42/24 dev eth2 metric 100", onLo}, sysctls: second, leak: "eth2", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "two NICs, the forgotten one second", ip: []string{nic, "addr add 192.168.1.42/24 dev eth2", onLo}, sysctls: second, leak: "eth2", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "two NICs as NetworkManager makes them", ip: []string{nic + " noprefixroute", "route add 192.168.1.0/24 dev eth1 proto kernel scope link src 192.168.1.41 metric 101",
			"addr add 192.168.1.42/24 dev eth2 noprefixroute", "route add 192.168.1.0/24 dev eth2 proto kernel scope link src 192.168.1.42 metric 100", onLo}, sysctls: second, leak: "eth2", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "two nexthops", ip: []string{nic, "addr add 10.0.2.41/32 dev eth2", onLo, "route add default nexthop via 192.168.1.1 dev eth1 nexthop via 10.0.2.1 dev eth2 onlink"}, sysctls: second,
			to: []string{"8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5", "8.8.8.6", "8.8.8.7", "8.8.8.8"}, leak: "eth2", exit: 1, codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "a rule, eth2 forgotten", ip: []string{nic, onLo, "addr add 10.0.2.41/32 dev eth2", "rule add from 192.168.1.99 table 2", "route add default via 10.0.2.1 dev eth2 onlink table 2"}, sysctls: second,
			to: []string{"8.8.8.8"}, leak: "eth2", exit: 1, codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "a rule, and rp_filter", ip: []string{nic, nic2, "addr add 10.0.2.99/32 dev lo", "route add default via 192.168.1.1", "rule add from 10.0.2.0/24 table 2", "route add default via 10.0.2.1 dev eth2 table 2"},
			sysctls: right + " all.rp_filter=1", vip: "10.0.2.99", exit: 3},
		{name: "route_localnet", ip: []string{nic, onLo + " scope host"}, sysctls: "all.arp_ignore=3 all.arp_announce=2 all.route_localnet=1", exit: 1, codes: []diagnose.Code{diagnose.ReplyLeak}},
		{name: "medium_id", ip: []string{nic, nic2}, sysctls: "all.forwarding=1 eth1.proxy_arp=1 eth1.medium_id=-1", vip: "10.0.2.99", exit: 3, codes: []diagnose.Code{diagnose.Missing}},
		{name: "a local route", ip: []string{nic, "route add local 192.168.1.99 dev lo"}, exit: 1, codes: []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak}},
		{name: "a local route, right", ip: []string{nic, "route add local 192.168.1.99 dev lo"}, sysctls: right},
		{name: "a wide mask on lo, a longer one on the NIC", ip: []string{"addr add 10.1.1.41/24 dev eth1", "addr add 10.1.1.99/8 dev lo"}, vip: "10.1.1.99", asker: "10.1.1.201", to: []string{"10.1.1.77"}, exit: 1,
			codes: []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak, diagnose.SubnetAnswered}},
		{name: "a longer mask on lo", ip: []string{"addr add 192.168.1.41/16 dev eth1", "addr add 192.168.0.99/24 dev lo"}, sysctls: "all.arp_ignore=1", vip: "192.168.0.99", exit: 1,
			codes: []diagnose.Code{diagnose.AnnounceLeak, diagnose.WideMask}},
		{name: "a wide mask without a route", ip: []string{nic, "addr add 192.168.1.99/24 dev lo noprefixroute"}, sysctls: right},
		{name: "no address on the NIC", ip: []string{"route add 192.168.1.0/24 dev eth1", onLo}, sysctls: right, exit: 1, codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "scope host on the NIC", ip: []string{nic + " scope host", onLo}, sysctls: right, exit: 1, codes: []diagnose.Code{diagnose.AnnounceLeak}},
		{name: "a broadcast address", ip: []string{nic, "addr add 192.168.1.255/32 dev lo"}, vip: "192.168.1.255"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			vip := netip.MustParseAddr(cmpOr(tt.vip, "192.168.1.99"))
			asker := netip.MustParseAddr(cmpOr(tt.asker, "192.168.1.201"))
			lab := scenarios.Start(t, scenarios.Topology{Hosts: []scenarios.HostSpec{
				{Name: "h", Interfaces: []scenarios.InterfaceSpec{{Name: "eth1", Segment: "a"}, {Name: "eth2", Segment: "b"}}},
				{Name: "c", Interfaces: []scenarios.InterfaceSpec{{Name: "eth1", Segment: "a"}, {Name: "eth2", Segment: "b"}}},
			}})
			h, c := lab.Host("h"), lab.Host("c")
			for _, words := range tt.ip {
				runIP(t, h, words)
			}
			for _, s := range strings.Fields(tt.sysctls) {
				key, value, _ := strings.Cut(s, "=")
				if err := h.Sysctl("net.ipv4.conf."+key, value); err != nil {
					t.Fatal(err)
				}
			}
			doc, code := inspectedNow(t, h, vip)
			r := doc.Results[0]
			if code != tt.exit || !slices.Equal(codes(r), tt.codes) {
				t.Errorf("exit code %d, %v; want %d, %v: %s", code, codes(r), tt.exit, tt.codes, r.Summary)
			}

			w := arpOf(t, c)
			for _, dev := range []string{"eth1", "eth2"} {
				said := saidOf(r, dev)
				for who, sender := range map[string]netip.Addr{"in-subnet": asker, "off-subnet": netip.MustParseAddr("198.51.100.7"), "arp-probe": netip.IPv4Unspecified()} {
					if dev == "eth2" && who == "in-subnet" || strings.HasPrefix(tt.name, "a rule") {
						continue // its neighbours differ; rules are not followed
					}
					answered := w.answers(t, dev, sender, vip)
					if answered != slices.Contains(said.AnswersTo, who) {
						t.Errorf("%s: a who-has of %s is answered: %t; said: %v", dev, who, answered, said.AnswersTo)
					}
				}
			}
			to := tt.to
			if to == nil {
				to = []string{netip.PrefixFrom(asker, 24).Masked().Addr().Next().Next().String()}
			}
			seen := map[string]bool{}
			for _, dst := range to {
				for dev, announced := range w.announcing(t, h, vip, netip.MustParseAddr(dst)) {
					seen[dev] = seen[dev] || announced
				}
			}
			for _, dev := range []string{"eth1", "eth2"} {
				said := saidOf(r, dev).AnnouncesVIP == diagnose.Yes
				if seen[dev] && !said || dev == "eth1" && tt.leak == "" && said != seen[dev] || dev == tt.leak && !said {
					t.Errorf("%s announces the VIP: %t; said: %t", dev, seen[dev], said)
				}
			}
		})
	}
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func saidOf(r diagnose.Result, dev string) diagnose.Interface {
	for _, v := range r.Interfaces {
		if v.Name == dev {
			return v
		}
	}
	return diagnose.Interface{}
}

// inspectedNow inspects a host whose files of the next boot do not matter.
func inspectedNow(t *testing.T, h *scenarios.Host, vip netip.Addr, args ...string) (report.Document, int) {
	t.Helper()
	args = append([]string{"inspect", "--netns", h.NetNS(), "--vip", vip.String(), "-o", "json"}, args...)
	out, err := exec.Command("arpcheck", args...).Output()
	doc, bad := report.Read(strings.NewReader(string(out)))
	if bad != nil {
		t.Fatalf("exit code %d, %v", exitCode(err), bad)
	}
	return doc, exitCode(err)
}

func runIP(t *testing.T, h *scenarios.Host, words string) {
	t.Helper()
	err := h.Do(func() error {
		if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", words, err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An arpWire is what a test sees of a host's ARP, by the name of the interface, from
// a host whose interfaces are called alike.
type arpWire map[string]int

func arpOf(t *testing.T, c *scenarios.Host) arpWire {
	t.Helper()
	w := arpWire{}
	err := c.Do(func() error {
		for _, dev := range []string{"eth1", "eth2"} {
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(arpType))
			if err != nil {
				return err
			}
			t.Cleanup(func() { unix.Close(fd) })
			ifi, err := unixIndex(dev)
			if err == nil {
				err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: arpType, Ifindex: ifi})
			}
			if err != nil {
				return err
			}
			w[dev] = fd
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// arpType is ETH_P_ARP in the order of the network, as sockets want it.
var arpType = func() uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], unix.ETH_P_ARP)
	return binary.NativeEndian.Uint16(b[:])
}()

func unixIndex(dev string) (int, error) {
	ifr, err := unix.NewIfreq(dev)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		return 0, err
	}
	return int(ifr.Uint32()), nil
}

// patience is how long a host is given to say what it has to say: all of it is
// said at once, but for proxy ARP, which no case here has.
const patience = 150 * time.Millisecond

// answers asks in a MAC address's name and waits for the reply to it.
func (w arpWire) answers(t *testing.T, dev string, sender, target netip.Addr) (found bool) {
	t.Helper()
	asker := [6]byte{2, 0, 0, 0, 0xaa, byte(len(sender.String()))}
	p := []byte{0, 1, 8, 0, 6, 4, 0, 1}
	p = append(append(p, asker[:]...), sender.AsSlice()...)
	p = append(append(p, make([]byte, 6)...), target.AsSlice()...)
	to := &unix.SockaddrLinklayer{Protocol: arpType, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	if name, err := unix.Getsockname(w[dev]); err == nil {
		to.Ifindex = name.(*unix.SockaddrLinklayer).Ifindex
	}
	if err := unix.Sendto(w[dev], p, 0, to); err != nil {
		t.Fatal(err)
	}
	w.until(dev, func(p []byte) bool {
		found = p[7] == 2 && netip.AddrFrom4([4]byte(p[14:18])) == target && [6]byte(p[18:24]) == asker
		return found
	})
	return found
}

// announcing lets the host send from the VIP and reports on which interfaces it
// asks for the way with the VIP as sender.
func (w arpWire) announcing(t *testing.T, h *scenarios.Host, vip, dst netip.Addr) map[string]bool {
	t.Helper()
	err := h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if unix.Bind(fd, &unix.SockaddrInet4{Addr: vip.As4()}) == nil {
			_ = unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrInet4{Port: 9, Addr: dst.As4()})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for dev := range w {
		w.until(dev, func(p []byte) bool {
			seen[dev] = seen[dev] || p[7] == 1 && netip.AddrFrom4([4]byte(p[14:18])) == vip
			return seen[dev]
		})
	}
	return seen
}

// until reads ARP from the host until done says so, or nothing more comes.
func (w arpWire) until(dev string, done func(p []byte) bool) {
	buf := make([]byte, 128)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		fds := []unix.PollFd{{Fd: int32(w[dev]), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(max(time.Until(end), time.Millisecond)/time.Millisecond)); n == 0 && err == nil {
			return
		}
		n, from, err := unix.Recvfrom(w[dev], buf, 0)
		if ll, ok := from.(*unix.SockaddrLinklayer); err == nil && n >= 28 && ok && ll.Pkttype != unix.PACKET_OUTGOING && done(buf[:n]) {
			return
		}
	}
}
