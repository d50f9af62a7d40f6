package probe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// Candidates are addresses of the subnet that nobody is known to have, each
// once, whatever the dice say.
func TestCandidates(t *testing.T) {
	for _, prefix := range []string{"192.168.1.0/24", "192.168.1.160/27", "192.168.1.180/30", "192.168.0.0/16", "192.0.0.0/8"} {
		for seed := range uint64(50) {
			cfg := config()
			cfg.Prefix = netip.MustParsePrefix(prefix)
			cfg.Rand = rand.New(rand.NewPCG(seed, 0))
			cfg.Avoid = []netip.Addr{netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("192.168.1.161")}
			cfg.Neighbours = map[netip.Addr]evidence.MAC{netip.MustParseAddr("192.168.1.162"): r1}
			avoid := append([]netip.Addr{vip, client, dirIP, r1IP, cfg.Prefix.Addr(), lastAddr(cfg.Prefix), netip.MustParseAddr("192.168.1.162")}, cfg.Avoid...)

			u := findCandidates(cfg)
			if len(u.candidates) == 0 {
				t.Fatalf("%s: no candidates: %s", prefix, u.why)
			}
			for i, a := range u.candidates {
				if slices.Contains(avoid, a) || !cfg.Prefix.Contains(a) || slices.Contains(u.candidates[:i], a) {
					t.Errorf("%s, seed %d: %s is a candidate, of %v", prefix, seed, a, u.candidates)
				}
			}
		}
	}
}

// Where there can be none, it is said why.
func TestNoCandidates(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		why    string
	}{
		{"no address", func(c *Config) { c.Addr, c.Prefix = netip.Addr{}, netip.Prefix{} }, "no IPv4 address"},
		{"a host's own subnet", func(c *Config) { c.Prefix = netip.PrefixFrom(client, 32) }, "no address to spare"},
		{"a point-to-point subnet", func(c *Config) { c.Prefix = netip.PrefixFrom(client, 31) }, "no address to spare"},
		{"all in use", func(c *Config) {
			c.Prefix = netip.MustParsePrefix("192.168.1.180/30")
			c.Avoid = []netip.Addr{netip.MustParseAddr("192.168.1.181")}
		}, "known to be in use"},
	} {
		cfg := config()
		tc.change(&cfg)
		u := findCandidates(cfg)
		if _, ok := u.take(); ok || !strings.Contains(u.shortage(), tc.why) {
			t.Errorf("%s: %v, and the reason is %q; want none, and %q", tc.name, u.candidates, u.shortage(), tc.why)
		}
	}
}

// An address for which somebody answers, or which somebody is about to take,
// is not handed out; and none is handed out twice.
func TestTake(t *testing.T) {
	var all []netip.Addr
	for i := range 4 {
		all = append(all, netip.MustParseAddr(fmt.Sprintf("192.168.1.%d", 200+i)))
	}
	u := unused{candidates: all, taken: map[netip.Addr]evidence.MAC{}, claimed: map[evidence.MAC][]netip.Addr{}}
	u.seen(evidence.Record{Kind: evidence.ARPReply, SenderMAC: r1, SenderIP: all[0]})
	u.seen(evidence.Record{Kind: evidence.ARPRequest, SenderMAC: r1, SenderIP: netip.IPv4Unspecified(), TargetIP: all[2]})
	u.seen(evidence.Record{Kind: evidence.ARPRequest, Sent: true, SenderMAC: selfMAC, SenderIP: netip.IPv4Unspecified(), TargetIP: all[1]})
	for _, want := range []netip.Addr{all[1], all[3]} {
		if got, ok := u.take(); !ok || got != want {
			t.Errorf("got %s, %t; want %s", got, ok, want)
		}
	}
	if got, ok := u.take(); ok || !strings.Contains(u.shortage(), "used up") {
		t.Errorf("got %s, want none; the reason is %q", got, u.shortage())
	}
}

// The sender that is off the subnet is so for every subnet.
func TestFarSender(t *testing.T) {
	for _, prefix := range []string{"192.168.1.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "198.0.0.0/7"} {
		cfg := Config{Prefix: netip.MustParsePrefix(prefix)}
		if a := cfg.farSender(); cfg.Prefix.Contains(a) {
			t.Errorf("%s is in %s", a, prefix)
		}
	}
}

// What is wrong is said before any socket opens.
func TestConfigErrors(t *testing.T) {
	for _, vips := range [][]netip.Addr{nil, {netip.MustParseAddr("fe80::1")}, {{}}} {
		if _, err := New(Config{VIPs: vips}); err == nil {
			t.Errorf("VIPs %v: no error", vips)
		}
	}
}

// Hosts have addresses in a row: of six candidates never all may be in one of
// twenty, however the dice fall.
func TestCandidatesAreNoRow(t *testing.T) {
	for seed := range uint64(2000) {
		cfg := config()
		cfg.Rand = rand.New(rand.NewPCG(seed, 1))
		all := findCandidates(cfg).candidates
		if len(all) != candidatesPerVIP+candidatesSpare {
			t.Fatalf("seed %d: %v", seed, all)
		}
		lowest, highest := uint32(math.MaxUint32), uint32(0)
		for _, a := range all {
			lowest, highest = min(lowest, toUint32(a)), max(highest, toUint32(a))
		}
		if highest-lowest < 20 {
			t.Errorf("seed %d: %v", seed, all)
		}
	}
}
