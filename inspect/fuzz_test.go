package inspect

import (
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzBoot reads what may be the files of sysctl(8): whatever is in them, they
// are read to their end, and no value comes from nowhere.
func FuzzBoot(f *testing.F) {
	f.Add("net.ipv4.conf.all.arp_ignore = 1\n# remark\n-net.ipv4.conf.*.arp_announce\n", "net/ipv4/conf/eth1.100/arp_ignore=2", true)
	f.Add("net.ipv4.conf.[!e]th?.arp_ignore=1;", "net.ipv4.conf.[", false)
	f.Fuzz(func(t *testing.T, one, two string, systemd bool) {
		root := fstest.MapFS{
			"etc/sysctl.d/10-one.conf":     {Data: []byte(one)},
			"usr/lib/sysctl.d/20-two.conf": {Data: []byte(two)},
			"usr/lib/sysctl.d/10-one.conf": {Data: []byte(two)},
			"etc/sysctl.conf":              {Data: []byte(one + two)},
		}
		if systemd {
			root["run/systemd/system/x"] = &fstest.MapFile{}
		}
		b, err := ReadBoot(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, dev := range []string{"all", "eth1", "eth1.100"} {
			for _, name := range []string{"arp_ignore", "arp_announce"} {
				s := b.Setting(dev, name)
				if s.Where != "" && !strings.Contains(one+two, s.Value) {
					t.Errorf("%s of %s is %q, which is in no file", name, dev, s.Value)
				}
			}
		}
	})
}
