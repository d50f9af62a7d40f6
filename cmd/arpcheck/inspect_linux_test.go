package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// inspection runs arpcheck inspect on a host of a lab, whose files for the next
// boot are below root.
func inspection(t *testing.T, h *scenarios.Host, root string, args ...string) (report.Document, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("arpcheck", append([]string{"inspect", "--netns", h.NetNS(), "--root", root, "-o", "json"}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	code := exitCode(cmd.Run())
	doc, err := report.Read(&stdout)
	if err != nil {
		t.Fatalf("exit code %d, %v; standard error: %s", code, err, &stderr)
	}
	if code != doc.ExitCode() {
		t.Errorf("exit code %d with verdict %s", code, doc.Verdict)
	}
	return doc, code
}

func codes(r diagnose.Result) (all []diagnose.Code) {
	for _, f := range r.Findings {
		all = append(all, f.Code)
	}
	return all
}

// kept are the boot-time files of a host that is set right for good.
const kept = "net.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.conf.all.arp_announce = 2\n"

// Each mistake that people make is caught on a real host, with its one cause;
// the script cures it, now and for the next boot; and the check from the client
// agrees before and after.
func TestInspectCatches(t *testing.T) {
	vip32 := scenarios.AddressSpec{Prefix: netip.PrefixFrom(scenarios.ClassicVIP, 32)}
	vip24 := scenarios.AddressSpec{Prefix: netip.PrefixFrom(scenarios.ClassicVIP, 24)}
	right := scenarios.Server{Ignore: 1, Announce: 2}
	with := func(s scenarios.Server, sysctls ...string) scenarios.Server {
		s.Sysctls = map[string]string{}
		for i := 0; i < len(sysctls); i += 2 {
			s.Sysctls[sysctls[i]] = sysctls[i+1]
		}
		return s
	}
	second := func(t *scenarios.Topology) {
		r1 := &t.Hosts[len(t.Hosts)-1]
		r1.Interfaces = append(r1.Interfaces, scenarios.InterfaceSpec{Name: "eth2", Segment: "back",
			Addresses: []scenarios.AddressSpec{{Prefix: netip.MustParsePrefix("10.0.0.41/24")}}})
	}
	tests := []struct {
		name   string
		server scenarios.Server
		edit   func(*scenarios.Topology)
		files  map[string]string // nil: kept
		args   []string
		want   []diagnose.Code
		cause  string // in the causes of the first finding
		remote diagnose.Code
		exit   int
	}{
		{name: "as it should be", server: right, exit: 0},
		{name: "nothing set", server: scenarios.Server{}, files: map[string]string{}, exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak}, cause: "not set", remote: diagnose.ReplyLeak},
		{name: "set on lo only", server: with(scenarios.Server{}, "net.ipv4.conf.lo.arp_ignore", "1", "net.ipv4.conf.lo.arp_announce", "2"), exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak}, cause: "set on lo alone (1)", remote: diagnose.ReplyLeak},
		{name: "set on the other interface", edit: second, exit: 1,
			server: with(scenarios.Server{}, "net.ipv4.conf.eth2.arp_ignore", "1", "net.ipv4.conf.eth2.arp_announce", "2"),
			want:   []diagnose.Code{diagnose.ReplyLeak, diagnose.AnnounceLeak}, cause: "set on eth2 (1), but on eth1"},
		{name: "arp_announce 1 in the subnet", server: scenarios.Server{Ignore: 1, Announce: 1}, exit: 1,
			want: []diagnose.Code{diagnose.AnnounceLeak}, cause: "arp_announce is 1 (all), which lets 192.168.1.99 through"},
		{name: "arp_ignore 3, scope global", server: scenarios.Server{Ignore: 3, Announce: 2}, exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak}, cause: "arp_ignore is 3 (all), which hides addresses of scope host alone", remote: diagnose.ReplyLeak},
		{name: "a wide netmask on lo", server: scenarios.Server{Ignore: 0, Announce: 2, VIP: vip24}, exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak, diagnose.SubnetAnswered}, cause: "not set"},
		{name: "a wide netmask on lo, arp_ignore 1", server: scenarios.Server{Ignore: 1, Announce: 2, VIP: vip24}, exit: 1,
			want: []diagnose.Code{diagnose.WideMask}},
		{name: "the VIP on the NIC", server: scenarios.Server{Ignore: 1, Announce: 2, VIP: vip32, OnNIC: true}, args: []string{"--role", "real-server"}, exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak, diagnose.OnNIC}, cause: "is on eth1 itself", remote: diagnose.ReplyLeak},
		{name: "the VIP on the NIC, arp_notify", server: with(scenarios.Server{Ignore: 1, Announce: 2, VIP: vip32, OnNIC: true}, "net.ipv4.conf.all.arp_notify", "1"),
			args: []string{"--role", "real-server"}, exit: 1,
			want: []diagnose.Code{diagnose.ReplyLeak, diagnose.GratuitousLeak, diagnose.OnNIC}, cause: "is on eth1 itself"},
		{name: "arp_ignore 8", server: scenarios.Server{Ignore: 8, Announce: 2}, exit: 1,
			want: []diagnose.Code{diagnose.ARPSilent}, cause: "arp_ignore is 8 (all)"},
		{name: "NOARP", server: right, edit: func(t *scenarios.Topology) { t.Hosts[len(t.Hosts)-1].Interfaces[0].NoARP = true }, exit: 1,
			want: []diagnose.Code{diagnose.ARPSilent}, cause: "NOARP"},
		{name: "proxy_arp", edit: second, exit: 3,
			server: with(right, "net.ipv4.ip_forward", "1", "net.ipv4.conf.eth1.proxy_arp", "1"),
			want:   []diagnose.Code{diagnose.ProxyARP}, cause: "proxy_arp is 1 on eth1"},
		{name: "rp_filter", exit: 3, server: with(right, "net.ipv4.conf.eth1.rp_filter", "1"),
			edit: func(t *scenarios.Topology) {
				second(t)
				r1 := &t.Hosts[len(t.Hosts)-1]
				r1.Routes = []scenarios.RouteSpec{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.0.1")}}
			},
			want: []diagnose.Code{diagnose.RPFilterDrop}, cause: "rp_filter is 1 (eth1)"},
		{name: "lost at the next boot", server: right, files: map[string]string{}, exit: 3,
			want: []diagnose.Code{diagnose.NotPersistent, diagnose.NotPersistent}},
		{name: "overridden by a later file", server: right, exit: 3,
			files: map[string]string{"etc/sysctl.d/10-lvs.conf": kept, "usr/lib/sysctl.d/99-vendor.conf": "net.ipv4.conf.all.arp_ignore = 0\n"},
			want:  []diagnose.Code{diagnose.Overridden}, cause: "/etc/sysctl.d/10-lvs.conf:1 sets net.ipv4.conf.all.arp_ignore to 1, but /usr/lib/sysctl.d/99-vendor.conf:1 comes later"},
		{name: "the director", server: right, args: []string{"--role", "real-server"}, exit: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			top := scenarios.Classic(tt.server)
			if tt.edit != nil {
				tt.edit(&top)
			}
			lab := scenarios.Start(t, top)
			r1 := lab.Host("r1")
			root := t.TempDir()
			if tt.files == nil {
				tt.files = map[string]string{"etc/sysctl.d/50-lvs.conf": kept}
			}
			for name, text := range tt.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			remote := func() (code int, doc report.Document) {
				out, err := exec.Command("arpcheck", "--netns", lab.Host("client").NetNS(), "-i", "eth1", "--vip", "192.168.1.99",
					"-w", "300ms", "--director", "192.168.1.10", "--rs", "192.168.1.41=02:00:00:00:00:03", "-o", "json").Output()
				if err := json.Unmarshal(out, &doc); err != nil {
					t.Fatal(err)
				}
				return exitCode(err), doc
			}
			if tt.remote != "" {
				if _, doc := remote(); !slices.Contains(codes(doc.Results[0]), tt.remote) {
					t.Errorf("the check does not find %s: %v", tt.remote, codes(doc.Results[0]))
				}
			}

			args := append([]string{"--vip", "192.168.1.99"}, tt.args...)
			doc, code := inspection(t, r1, root, args...)
			r := doc.Results[0]
			if code != tt.exit || !slices.Equal(codes(r), tt.want) {
				t.Errorf("exit code %d, %v; want %d, %v: %s", code, codes(r), tt.exit, tt.want, r.Summary)
			}
			if tt.cause != "" && (len(r.Findings) == 0 || len(r.Findings[0].Causes) != 1 || !strings.Contains(r.Findings[0].Causes[0], tt.cause)) {
				t.Errorf("findings %+v; want the one cause %q", r.Findings, tt.cause)
			}

			script, err := exec.Command("arpcheck", append([]string{"inspect", "--netns", r1.NetNS(), "--root", root, "--script"}, args...)...).Output()
			if exitCode(err) != tt.exit {
				t.Errorf("--script exits %d, want %d", exitCode(err), tt.exit)
			}
			err = r1.Do(func() error {
				sh := exec.Command("sh")
				sh.Stdin = bytes.NewReader(script)
				out, err := sh.CombinedOutput()
				if err != nil {
					t.Logf("%s\n%s", script, out)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if doc, code := inspection(t, r1, root, args...); code != 0 || len(doc.Results[0].Findings) > 0 {
				t.Errorf("after the script: exit code %d, %+v\n%s", code, doc.Results[0].Findings, script)
			}
			if tt.exit == 1 {
				if code, doc := remote(); code != 0 {
					t.Errorf("after the script the check says %s: %s\n%s", doc.Verdict, doc.Results[0].Summary, script)
				}
			}
		})
	}
}

// A director is not told off, whether its role is named or guessed.
func TestInspectDirector(t *testing.T) {
	lab := scenarios.Start(t, labs["clean"])
	d, root := lab.Host("director"), t.TempDir()
	for _, args := range [][]string{{"--vip", "192.168.1.99"}, {"--vip", "192.168.1.99", "--role", "director"}, nil} {
		doc, code := inspection(t, d, root, args...)
		if r := doc.Results[0]; code != 0 || r.Hosts[0].Role != diagnose.Director || r.Hosts[0].AnswersARP != diagnose.Yes {
			t.Errorf("%v: exit code %d, %s: %s", args, code, r.Hosts[0].Role, r.Summary)
		}
	}
	if err := d.Sysctl("net.ipv4.conf.all.arp_ignore", "8"); err != nil {
		t.Fatal(err)
	}
	doc, code := inspection(t, d, root, "--vip", "192.168.1.99")
	if got := codes(doc.Results[0]); code != 1 || !slices.Contains(got, diagnose.Unanswered) {
		t.Errorf("with arp_ignore 8: exit code %d, %v", code, got)
	}
	// With the settings of a real server it may be one that has the VIP in the wrong place.
	for name, value := range map[string]string{"arp_ignore": "1", "arp_announce": "2"} {
		if err := d.Sysctl("net.ipv4.conf.all."+name, value); err != nil {
			t.Fatal(err)
		}
	}
	for role, want := range map[string]int{"": 3, "director": 0, "real-server": 1} {
		args := []string{"--vip", "192.168.1.99"}
		if role != "" {
			args = append(args, "--role", role)
		}
		if doc, code := inspection(t, d, root, args...); code != want || role == "" && !strings.Contains(doc.Results[0].Summary, "--role director or --role real-server") {
			t.Errorf("with a real server's settings, as %q: exit code %d: %s", role, code, doc.Results[0].Summary)
		}
	}
	// A host without the VIP decides nothing, unless it should have it.
	client := lab.Host("client")
	if doc, code := inspection(t, client, root, "--vip", "192.168.1.99"); code != 3 {
		t.Errorf("the client: exit code %d: %s", code, doc.Results[0].Summary)
	}
	if _, code := inspection(t, client, root, "--vip", "192.168.1.99", "--role", "real-server"); code != 1 {
		t.Errorf("the client as a real server: exit code %d", code)
	}
	if doc, code := inspection(t, client, root); code != 3 || len(doc.Results) != 0 {
		t.Errorf("the client without --vip: exit code %d, %d results", code, len(doc.Results))
	}
}

// An inspection takes no privilege at all.
func TestInspectUnprivileged(t *testing.T) {
	lab := scenarios.Start(t, labs["leak"])
	var out []byte
	err := lab.Host("r1").Do(func() (err error) {
		dropCapabilities(t) // of this thread, which ends
		out, err = exec.Command("arpcheck", "inspect", "--root", t.TempDir(), "--vip", "192.168.1.99").Output()
		return err
	})
	if exitCode(err) != 1 || !bytes.Contains(out, []byte("vip-reply-leak")) {
		t.Errorf("exit code %d:\n%s", exitCode(err), out)
	}
	_, loaded := os.Stat("/sys/module/nf_tables")
	_, modules := os.Stat("/proc/modules")
	if (loaded == nil || modules != nil) && !bytes.Contains(out, []byte("Whether nftables drops ARP")) {
		t.Errorf("nothing is said of the filters that it cannot read:\n%s", out)
	}
}
