package diagnose

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/kernel"
)

// The lines that the script adds go where they count: where no later file takes
// them back, whatever those are called.
func TestDropIn(t *testing.T) {
	for where, want := range map[string]string{
		"":                                  sysctlFile,
		"/etc/sysctl.d/50-lvs.conf":         sysctlFile,
		"/usr/lib/sysctl.d/50-a.conf":       sysctlFile,
		sysctlFile:                          sysctlFile,
		"/usr/lib/sysctl.d/90-vip-arp.conf": lateFile,
		"/etc/sysctl.d/99-sysctl.conf":      lateFile,
		"/etc/sysctl.d/z.conf":              lateFile,
		lateFile:                            lateFile,
		"/etc/sysctl.d/zzz.conf":            "/etc/sysctl.d/zzz.conf",
		"/etc/sysctl.d/~local.conf":         "/etc/sysctl.d/~local.conf",
		"/etc/sysctl.d/{x}.conf":            "/etc/sysctl.d/{x}.conf",
		"/etc/sysctl.d/\u00fcber.conf":      "/etc/sysctl.d/\u00fcber.conf",
		"/etc/sysctl.conf":                  "/etc/sysctl.conf",
		"/etc/sysctl.d/a:b.conf":            lateFile,
	} {
		in := realServer(nil)
		in.Boot = &Boot{Setting: func(dev, name string) BootSetting {
			if dev == "all" && name == "arp_ignore" && where != "" {
				return BootSetting{Value: "0", Where: where + ":1"}
			}
			return BootSetting{}
		}}
		if got := in.dropIn([]change{{command: "ip"}, sysctl("all", "arp_announce", 2), sysctl("all", "arp_ignore", 1)}); got != want {
			t.Errorf("set by %q: %q, want %q", where, got, want)
		}
		if got := Script(in, []netip.Addr{testVIP}, ""); !strings.Contains(got, "cat >> "+quote(want)) {
			t.Errorf("set by %q:\n%s", where, got)
		}
	}
}

// What is inspected in a namespace is changed there, and leaves the files of
// the machine alone.
func TestScriptNetNS(t *testing.T) {
	for ns, want := range map[string]string{
		"lvs":               "\nip netns exec lvs sysctl -w net.ipv4.conf.all.arp_ignore=1\n",
		"it's":              "\nip netns exec 'it'\\''s' sysctl -w net.ipv4.conf.all.arp_ignore=1\n",
		"4711":              "\nnsenter -t 4711 -n sysctl -w net.ipv4.conf.all.arp_ignore=1\n",
		"/proc/4711/ns/net": "\nnsenter --net=/proc/4711/ns/net sysctl -w net.ipv4.conf.all.arp_ignore=1\n",
		"":                  "\nsysctl -w net.ipv4.conf.all.arp_ignore=1\n",
	} {
		in := realServer(nil)
		in.NetNS = ns
		script := Script(in, []netip.Addr{testVIP}, "")
		if !strings.Contains(script, want) || strings.Contains(script, "/etc/sysctl.d") == (ns != "") {
			t.Errorf("%q: want %q in\n%s", ns, want, script)
		}
		for _, f := range Inspect(in, []netip.Addr{testVIP})[0].Findings {
			if fix := "\n" + strings.Join(f.Fix, "\n") + "\n"; f.Code == ReplyLeak && !strings.Contains(fix, want) {
				t.Errorf("%q: want %q in the fix\n%s", ns, want, fix)
			}
		}
	}
}

// The kernel takes all but white space, "/" and ":" for the name of an
// interface (dev_valid_name).
func TestScriptQuotes(t *testing.T) {
	const evil = "e;$(id)'"
	in := realServer(func(in *Inspection) {
		eth1 := in.Interface("eth1")
		eth1.Name, eth1.ARPIgnore, eth1.NoARP = evil, 8, true
		eth1.Proxied = []netip.Addr{netip.MustParseAddr("192.168.1.7")}
		eth1.Addresses = append([]kernel.Address{{Prefix: netip.PrefixFrom(testVIP, 24)}}, eth1.Addresses...)
		eth1.Addresses[1].Secondary = true
		eth1.ProxyARP, eth1.Forwarding = true, true
		in.Links[evil], in.Role = in.Links["eth1"], RealServer
	})
	in.Boot = files(map[string]string{evil + ".arp_ignore": "8"})
	script, _, _ := strings.Cut(Script(in, []netip.Addr{testVIP}, ""), "\n# And after") // a here-document needs no quotes
	for _, f := range Inspect(in, []netip.Addr{testVIP})[0].Findings {
		script += strings.Join(f.Fix, "\n") + "\n"
	}
	found := 0
	for line := range strings.Lines(script) {
		if !strings.Contains(line, "e;") || strings.HasPrefix(line, "#") {
			continue
		}
		found++
		_, word, quoted := strings.Cut(line, "'")
		if !quoted || !strings.Contains(word, `e;$(id)'\''`) {
			t.Errorf("not quoted: %s", line)
		}
	}
	if found < 5 {
		t.Errorf("only %d lines name the interface:\n%s", found, script)
	}
}

// A line that does not count is found on each of many interfaces.
func TestLostOnMany(t *testing.T) {
	for _, n := range []int{3, 4, 5, 9} {
		in := realServer(func(in *Inspection) {
			in.Interfaces = in.Interfaces[:1]
			for i := range n {
				name := fmt.Sprintf("eth%d", i)
				in.Interfaces = append(in.Interfaces, kernel.Interface{Name: name,
					Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), 41}), 24)}}})
				in.Links[name] = Link{Segment: true}
			}
			in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2
		})
		in.Boot = &Boot{Setting: func(dev, name string) (s BootSetting) {
			switch {
			case dev == "all" && name == "arp_announce":
				s = BootSetting{Value: "2", Where: "/a:1"}
			case strings.HasPrefix(dev, "eth") && name == "arp_ignore":
				s = BootSetting{Value: "0", Where: "/b:1", Lost: []Lost{{"1", "/c:" + dev, "of a namesake"}}}
			}
			return s
		}}
		f := Inspect(in, []netip.Addr{testVIP})[0].Findings
		if len(f) != 1 || f[0].Code != Overridden || len(f[0].Causes) != n {
			t.Errorf("%d interfaces: %+v", n, f)
		}
	}
}

// A line for default that does not count is told as what it is, once.
func TestLostDefault(t *testing.T) {
	in := realServer(func(in *Inspection) { in.All.ARPIgnore, in.All.ARPAnnounce = 1, 2 })
	in.Boot = &Boot{Setting: func(dev, name string) (s BootSetting) {
		switch {
		case dev == "all" && name == "arp_announce":
			s = BootSetting{Value: "2", Where: "/a:1"}
		case dev == "default" && name == "arp_ignore":
			s = BootSetting{Value: "0", Where: "/b:1", Lost: []Lost{{"1", "/c:1", "/b:1 comes later"}}}
		}
		return s
	}}
	f := Inspect(in, []netip.Addr{testVIP})[0].Findings
	want := "/c:1 sets net.ipv4.conf.default.arp_ignore to 1, but /b:1 comes later"
	if len(f) != 1 || f[0].Code != Overridden || len(f[0].Causes) != 1 || f[0].Causes[0] != want {
		t.Errorf("%+v", f)
	}
}
