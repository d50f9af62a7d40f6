package inspect

import (
	"strings"
	"testing"
	"testing/fstest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

// The precedence of sysctl.d(5), and what procps does otherwise.
func TestBoot(t *testing.T) {
	const all, eth1 = "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.eth1.arp_ignore"
	systemd := &fstest.MapFile{Mode: 0o755 | 1<<31}
	for name, tt := range map[string]struct {
		files      map[string]string
		procps     bool
		dev        string // empty: all
		want       string // the value
		where      string
		lost       string // where the first one that does not count is
		unreadable int
	}{
		"nothing": {},
		"one file": {files: map[string]string{"etc/sysctl.d/50-a.conf": all + " = 1\n"},
			want: "1", where: "/etc/sysctl.d/50-a.conf:1"},
		"comments, blanks and the leading minus": {files: map[string]string{"etc/sysctl.d/50-a.conf": "# " + all + "=8\n; " + all + "=8\n\n \t-" + all + "\t=  1  \n"},
			want: "1", where: "/etc/sysctl.d/50-a.conf:4"},
		"a long line ends nothing": {files: map[string]string{"etc/sysctl.d/50-a.conf": "# " + strings.Repeat("x", 70_000) + "\n" + all + "=1\n"},
			want: "1", where: "/etc/sysctl.d/50-a.conf:2"},
		"slashes": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net/ipv4/conf/all/arp_ignore=2"},
			want: "2", where: "/etc/sysctl.d/50-a.conf:1"},
		"a VLAN, in dots": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net.ipv4.conf.eth1/100.arp_ignore=2"}, dev: "eth1.100",
			want: "2", where: "/etc/sysctl.d/50-a.conf:1"},
		"a VLAN, in slashes": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net/ipv4/conf/eth1.100/arp_ignore=2"}, dev: "eth1.100",
			want: "2", where: "/etc/sysctl.d/50-a.conf:1"},
		"the later name wins, whatever the folder": {files: map[string]string{"etc/sysctl.d/10-a.conf": all + "=1", "usr/lib/sysctl.d/90-b.conf": all + "=0"},
			want: "0", where: "/usr/lib/sysctl.d/90-b.conf:1", lost: "/etc/sysctl.d/10-a.conf:1"},
		"the later line wins": {files: map[string]string{"etc/sysctl.d/10-a.conf": all + "=1\n" + all + "=0\n"},
			want: "0", where: "/etc/sysctl.d/10-a.conf:2", lost: "/etc/sysctl.d/10-a.conf:1"},
		"a namesake in /etc hides": {files: map[string]string{"etc/sysctl.d/50-a.conf": "", "usr/lib/sysctl.d/50-a.conf": all + "=1"},
			lost: "/usr/lib/sysctl.d/50-a.conf:1"},
		"a namesake in /run hides what is below": {files: map[string]string{"run/sysctl.d/50-a.conf": all + "=2", "usr/local/lib/sysctl.d/50-a.conf": all + "=1"},
			want: "2", where: "/run/sysctl.d/50-a.conf:1", lost: "/usr/local/lib/sysctl.d/50-a.conf:1"},
		"/lib is /usr/lib": {files: map[string]string{"usr/lib/sysctl.d/50-a.conf": all + "=1", "lib/sysctl.d/50-a.conf": all + "=1"},
			want: "1", where: "/usr/lib/sysctl.d/50-a.conf:1"},
		"not a .conf": {files: map[string]string{"etc/sysctl.d/50-a.conf.bak": all + "=1", "etc/sysctl.d/README": "of = 1"},
			lost: "/etc/sysctl.d/50-a.conf.bak:1"},
		"sysctl.conf without a link is not systemd's": {files: map[string]string{"etc/sysctl.conf": all + "=1"},
			lost: "/etc/sysctl.conf:1"},
		"sysctl.conf by its link": {files: map[string]string{"etc/sysctl.conf": all + "=1", "etc/sysctl.d/99-sysctl.conf": all + "=1"},
			want: "1", where: "/etc/sysctl.d/99-sysctl.conf:1"},
		"sysctl.conf by its link comes before zz": {files: map[string]string{"etc/sysctl.conf": all + "=1", "etc/sysctl.d/99-sysctl.conf": all + "=1", "etc/sysctl.d/zz.conf": all + "=2"},
			want: "2", where: "/etc/sysctl.d/zz.conf:1", lost: "/etc/sysctl.d/99-sysctl.conf:1"},
		"sysctl.conf is procps' last": {procps: true, files: map[string]string{"etc/sysctl.conf": all + "=1", "etc/sysctl.d/zz.conf": all + "=2"},
			want: "1", where: "/etc/sysctl.conf:1", lost: "/etc/sysctl.d/zz.conf:1"},
		"a pattern": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net.ipv4.conf.*.arp_ignore=1"}, dev: "eth1",
			want: "1", where: "/etc/sysctl.d/50-a.conf:1"},
		"a pattern does not cross a separator": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net.ipv4.*.arp_ignore=1"}, dev: "eth1"},
		"a class": {files: map[string]string{"etc/sysctl.d/50-a.conf": "net.ipv4.conf.eth[!0].arp_ignore=1"}, dev: "eth1",
			want: "1", where: "/etc/sysctl.d/50-a.conf:1"},
		"a pattern loses against a key that is named, even earlier": {files: map[string]string{"etc/sysctl.d/10-a.conf": eth1 + "=2", "etc/sysctl.d/50-a.conf": "net.ipv4.conf.*.arp_ignore=1"}, dev: "eth1",
			want: "2", where: "/etc/sysctl.d/10-a.conf:1", lost: "/etc/sysctl.d/50-a.conf:1"},
		"an exclusion": {files: map[string]string{"etc/sysctl.d/10-a.conf": "-" + eth1, "etc/sysctl.d/50-a.conf": "net.ipv4.conf.*.arp_ignore=1"}, dev: "eth1",
			lost: "/etc/sysctl.d/50-a.conf:1"},
		"an exclusion takes an earlier line back": {files: map[string]string{"etc/sysctl.d/10-a.conf": eth1 + "=2\n-" + eth1}, dev: "eth1"},
		"not with procps": {procps: true, files: map[string]string{"etc/sysctl.d/10-a.conf": eth1 + "=2\n-" + eth1}, dev: "eth1",
			want: "2", where: "/etc/sysctl.d/10-a.conf:1"},
		"of two patterns the later": {files: map[string]string{"etc/sysctl.d/10-a.conf": "net.ipv4.conf.*.arp_ignore=1", "etc/sysctl.d/50-a.conf": "net.ipv4.conf.eth?.arp_ignore=2"}, dev: "eth1",
			want: "2", where: "/etc/sysctl.d/50-a.conf:1", lost: "/etc/sysctl.d/10-a.conf:1"},
		"systemd: a pattern that is repeated stays where it was": {files: map[string]string{"etc/sysctl.d/10-a.conf": "net.ipv4.conf.*.arp_ignore=1", "etc/sysctl.d/50-a.conf": "net.ipv4.conf.eth?.arp_ignore=2", "etc/sysctl.d/60-a.conf": "net.ipv4.conf.*.arp_ignore=1"}, dev: "eth1",
			want: "2", where: "/etc/sysctl.d/50-a.conf:1", lost: "/etc/sysctl.d/10-a.conf:1"},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range tt.files {
				root[name] = file(text)
			}
			if !tt.procps {
				root["run/systemd/system"] = systemd
			}
			b, err := ReadBoot(root)
			if err != nil {
				t.Fatal(err)
			}
			dev := tt.dev
			if dev == "" {
				dev = "all"
			}
			s := b.Setting(dev, "arp_ignore")
			if s.Value != tt.want || s.Where != tt.where {
				t.Errorf("%q by %q, want %q by %q", s.Value, s.Where, tt.want, tt.where)
			}
			lost := ""
			if len(s.Lost) > 0 {
				lost = s.Lost[0].Where
				if s.Lost[0].Why == "" {
					t.Error("it does not say why a line does not count")
				}
			}
			if lost != tt.lost {
				t.Errorf("lost %q, want %q", lost, tt.lost)
			}
		})
	}
}

// What the kernel refuses sets nothing; what looks like a mistake is named.
func TestNearMisses(t *testing.T) {
	files := fstest.MapFS{
		"etc/sysctl.d/10.conf": {Data: []byte("net.ipv4.conf.all.arp_ignore = 1 # VIP\nnet.ipv4.conf.all.arp_announce = 0x2\nnet.ipv4.conf.all.rp_filter = 2\n")},
		"etc/sysctl.d/20.conf": {Data: []byte("net.ipv4.conf.all.rp_filter = \"1\"\n- net.ipv4.conf.all.arp_filter = 1\nnet.ipv4.conf.all.arp_ingore = 1\n" +
			"net.ipv4.conf.lo.arp_ignore = 1\nnet.ipv4.conf.e1.arp_ignore = 1\nnet.ipv4.conf.eth1.arp_ignore = 1\narp_ignore = 1\nnet.ipv4.conf.all.arp_notify = 1\n")},
		"etc/sysctl.d/.30.conf": {Data: []byte("net.ipv4.conf.all.proxy_arp = 1\n")},
	}
	for _, systemd := range []bool{false, true} {
		want := map[string]string{"arp_ignore": "1 # VIP", "arp_announce": "0x2", "rp_filter": "2", "arp_filter": "", "proxy_arp": "1"}
		if systemd {
			files["run/systemd/system/x"] = &fstest.MapFile{}
			want["rp_filter"], want["arp_filter"], want["proxy_arp"] = "", "1", "" // the refused line took its place
		}
		b, err := ReadBoot(files)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got := b.Setting("all", name).Value; got != value {
				t.Errorf("systemd %t: %s is %q, want %q", systemd, name, got, value)
			}
		}
		var why []string
		for _, a := range b.Near("arp_ignore", []string{"eth1"}) {
			why = append(why, a.Where+" "+a.Why)
		}
		if got, want := strings.Join(why, "\n"), `/etc/sysctl.d/20.conf:3 there is no setting arp_ingore: arp_ignore is meant
/etc/sysctl.d/20.conf:4 on lo it changes nothing: what counts is the interface that is asked, and all
/etc/sysctl.d/20.conf:5 there is no interface e1
/etc/sysctl.d/20.conf:7 there is no such setting: it is net.ipv4.conf.all.arp_ignore`; got != want {
			t.Errorf("near misses:\n%s\nwant\n%s", got, want)
		}
	}
}
