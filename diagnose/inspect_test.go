package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/kernel"
)

// Every constant of type Code is listed, once.
func TestCodes(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range Codes() {
		if listed[string(c)] {
			t.Errorf("%s is listed twice", c)
		}
		listed[string(c)] = true
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Code" {
					found++
					if code := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`); !listed[code] {
						t.Errorf("Codes does not list %s", code)
					}
				}
			}
			return true
		})
	}
	if found != len(listed) {
		t.Errorf("%d constants, %d listed", found, len(listed))
	}
}

var testVIP = netip.MustParseAddr("192.168.1.99")

// realServer is a host with the RIP 192.168.1.41 on eth1 and the VIP on lo.
func realServer(change func(*Inspection)) *Inspection {
	in := &Inspection{
		Host: kernel.Host{
			Interfaces: []kernel.Interface{
				{Name: "lo", Loopback: true, Addresses: []kernel.Address{
					{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Scope: kernel.ScopeHost}, {Prefix: netip.PrefixFrom(testVIP, 32)}}},
				{Name: "eth1", Addresses: []kernel.Address{{Prefix: netip.MustParsePrefix("192.168.1.41/24")}}},
				{Name: "eth2", Addresses: []kernel.Address{{Prefix: netip.MustParsePrefix("10.0.0.41/24")}}},
				{Name: "dummy0"},
			},
			Routes: []kernel.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: "eth1", Via: netip.MustParseAddr("192.168.1.1")}},
		},
		Links: map[string]Link{"lo": {Holder: true}, "eth1": {Segment: true}, "eth2": {Segment: true}, "dummy0": {Holder: true, Kind: "dummy"}},
	}
	if change != nil {
		change(in)
	}
	return in
}

// files is a Boot in which these settings, by "dev.name", are made.
func files(set map[string]string) *Boot {
	return &Boot{Program: "sysctl --system", Setting: func(dev, name string) BootSetting {
		if v, ok := set[dev+"."+name]; ok {
			return BootSetting{Value: v, Where: "/etc/sysctl.d/50-lvs.conf:1"}
		}
		return BootSetting{}
	}}
}

// What a cure changes makes any host pass, now and after the next boot, and
// then there is nothing left to change.
func TestCures(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	often := func() bool { return r.IntN(2) == 0 }
	seldom := func() bool { return r.IntN(6) == 0 }
	set := func(s *kernel.Settings) {
		if often() {
			s.ARPIgnore, s.ARPAnnounce, s.RPFilter = r.IntN(9), r.IntN(4), r.IntN(3)
		}
		s.ARPFilter, s.ProxyARP, s.ProxyPVLAN, s.ARPNotify = seldom(), seldom(), seldom(), seldom()
	}
	for range 3000 {
		in := realServer(func(in *Inspection) {
			set(&in.All)
			for i := range in.Interfaces {
				set(&in.Interfaces[i].Settings)
			}
			in.Interface("eth1").Forwarding, in.Interface("eth2").Forwarding = often(), often()
			in.Interface("eth1").NoARP = seldom()
			lo, eth1 := in.Interface("lo"), in.Interface("eth1")
			a := kernel.Address{Prefix: netip.PrefixFrom(testVIP, []int{32, 24}[r.IntN(2)]), Scope: kernel.Scope(r.IntN(3))}
			switch r.IntN(6) {
			case 5: // nowhere
				lo.Addresses = lo.Addresses[:1]
			case 0:
				lo.Addresses[1] = a
			case 1:
				lo.Addresses = lo.Addresses[:1]
				a.Secondary = a.Bits() == 24
				eth1.Addresses = append(eth1.Addresses, a)
			case 2: // the primary address of the subnet
				lo.Addresses = lo.Addresses[:1]
				eth1.Addresses[0].Secondary = a.Bits() == 24
				eth1.Addresses = append([]kernel.Address{a}, eth1.Addresses...)
			case 3:
				lo.Addresses = lo.Addresses[:1]
				in.Interface("dummy0").Addresses = []kernel.Address{a}
			}
			in.Role = RealServer
		})
		made := map[string]string{}
		if often() {
			for _, dev := range []string{"all", "eth1"} {
				made[dev+".arp_ignore"], made[dev+".arp_announce"] = string('0'+rune(r.IntN(9))), string('0'+rune(r.IntN(3)))
			}
		}
		in.Boot = files(made)
		now, boot, left := cures(in, []netip.Addr{testVIP})
		if len(left) > 0 {
			t.Fatalf("seed %d: not cured: %v\n%+v", seed, left, in.Host)
		}

		cured := *in
		cured.Host = *changed(&in.Host, func(h *kernel.Host) {
			for _, c := range now {
				c.apply(h)
			}
		})
		for _, c := range boot {
			made[c.dev+"."+c.name] = string('0' + rune(c.value))
		}
		res := Inspect(&cured, []netip.Addr{testVIP})[0]
		if res.Verdict != Pass {
			t.Fatalf("seed %d: %s: %s\n%+v\nbefore: %+v\nchanges: %+v, boot %+v", seed, res.Verdict, res.Summary, res.Findings, in.Host, now, boot)
		}
		if script := Script(&cured, []netip.Addr{testVIP}, ""); !strings.Contains(script, "Nothing is to be changed") {
			t.Fatalf("seed %d: it is cured, and yet:\n%s", seed, script)
		}
	}
}

// The words that tell the one cause, for each way to the same leak.
func TestCause(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Inspection)
		code   Code
		cause  string
	}{
		"nothing set": {nil, ReplyLeak, "arp_ignore is not set: it is 0 on eth1, eth2 and on all"},
		"lo alone": {func(in *Inspection) { in.Interface("lo").ARPIgnore = 1 }, ReplyLeak,
			"arp_ignore is set on lo alone (1), where it changes nothing: what counts is eth1, eth2 and all, and there it is 0"},
		"the other interface": {func(in *Inspection) { in.Interface("eth2").ARPIgnore = 1 }, ReplyLeak,
			"arp_ignore is set on eth2 (1), but on eth1 and on all it is 0"},
		"default": {func(in *Inspection) { in.Default.ARPIgnore = 1 }, ReplyLeak,
			"arp_ignore is set on default (1), which is only what new interfaces start with; on eth1, eth2 and on all it is 0"},
		"3, scope global": {func(in *Inspection) { in.All.ARPIgnore = 3 }, ReplyLeak,
			"arp_ignore is 3 (all), which hides addresses of scope host alone, and 192.168.1.99/32 on lo has scope global"},
		"reserved": {func(in *Inspection) { in.All.ARPIgnore = 5 }, ReplyLeak,
			"arp_ignore is 5 (all): 4 to 7 are reserved and behave as 0"},
		"on the NIC": {func(in *Inspection) {
			in.Role, in.All.ARPIgnore = RealServer, 1
			in.Interface("lo").Addresses = nil
			in.Interface("eth1").Addresses = append(in.Interface("eth1").Addresses, kernel.Address{Prefix: netip.PrefixFrom(testVIP, 32)})
		}, ReplyLeak, "192.168.1.99/32 is on eth1 itself, and no arp_ignore but 8 makes an interface silent for its own addresses (here it is 1 (all))"},
		"arp_announce 1": {func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 1, 1 }, AnnounceLeak,
			"arp_announce is 1 (all), which lets 192.168.1.99 through, for it is in a subnet of eth1"},
		"arp_announce 3": {func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 1, 3 }, AnnounceLeak,
			"arp_announce is 3 (all): what is greater than 2 behaves as 0"},
		"arp_ignore 8": {func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 8, 2 }, ARPSilent, "arp_ignore is 8 (all)"},
		"NOARP": {func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce, in.Interface("eth1").NoARP = 1, 2, true }, ARPSilent,
			"ARP is turned off on eth1 (NOARP)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Inspect(realServer(tt.change), []netip.Addr{testVIP})[0]
			for _, f := range r.Findings {
				if f.Code == tt.code {
					if len(f.Causes) != 1 || f.Causes[0] != tt.cause {
						t.Errorf("causes %q\nwant %q", f.Causes, tt.cause)
					}
					return
				}
			}
			t.Errorf("no %s in %+v", tt.code, r.Findings)
		})
	}
}
