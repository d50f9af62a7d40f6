package inspect_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/scenarios"
)

// The programs that read the files at boot are asked themselves: random files
// are put where they read them, in a mount namespace of their own, and what
// they write in a lab is compared with what ReadBoot foretells.
func TestBootPrograms(t *testing.T) {
	systemd := "/usr/lib/systemd/systemd-sysctl"
	if _, err := os.Stat(systemd); err != nil {
		systemd = "/lib/systemd/systemd-sysctl"
	}
	for name, program := range map[string][]string{
		"systemd-sysctl": {systemd, "--prefix=/net/ipv4/conf"},
		// The pattern keeps it from everything else, come what may.
		"sysctl --system": {"sysctl", "--system", "--pattern", "^-?net.ipv4.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			scenarios.Need(t)
			skip := t.Skip
			if os.Getenv(scenarios.NoSkip) != "" {
				skip = t.Fatal
			}
			for _, need := range []string{program[0], "unshare", "mount"} {
				if _, err := exec.LookPath(need); err != nil {
					skip("needs", need)
				}
			}
			if out, _ := exec.Command(program[0], "--version").Output(); strings.HasPrefix(string(out), "sysctl from procps-ng 3") {
				skip("patterns came with procps 4: this is", string(out))
			}
			h := alone(t, nil)
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 0))
			for range 40 {
				root, files := randomFiles(t, r, name == "systemd-sysctl")
				for _, dev := range []string{"all", "eth1"} {
					if err := h.Sysctl("net.ipv4.conf."+dev+".arp_ignore", "7"); err != nil {
						t.Fatal(err)
					}
				}
				if err := h.Do(func() error { return boot(root, program) }); err != nil {
					t.Fatal(err)
				}
				b, err := inspect.ReadBoot(os.DirFS(root))
				if err != nil || b.Program != name {
					t.Fatalf("%v, %q", err, b.Program)
				}
				for _, dev := range []string{"all", "eth1"} {
					got, err := h.SysctlGet("net.ipv4.conf." + dev + ".arp_ignore")
					if err != nil {
						t.Fatal(err)
					}
					want := b.Setting(dev, "arp_ignore").Value
					if want == "" {
						want = "7"
					}
					if got != want {
						t.Errorf("seed %d: %s of %s is %s after %s, and ReadBoot says %s\n%s", seed, "arp_ignore", dev, got, name, want, files)
					}
				}
			}
		})
	}
}

// randomFiles fills the folders below a root with random lines.
func randomFiles(t *testing.T, r *rand.Rand, systemd bool) (root, text string) {
	t.Helper()
	root = t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if systemd {
		write("run/systemd/system/x", "")
	}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	keys := []string{
		"net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.eth1.arp_ignore", "net/ipv4/conf/eth1/arp_ignore", "net.ipv4.conf.lo.arp_ignore",
		"net.ipv4.conf.*.arp_ignore", "net.ipv4.conf.eth?.arp_ignore", "net.ipv4.conf.[!l]*.arp_ignore", "net.ipv4.conf.a*.arp_ignore",
	}
	for _, dir := range []string{"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d"} {
		write(dir+"/README", "net.ipv4.conf.all.arp_ignore = 8\n")
		for _, name := range []string{"10-a.conf", "50-b.conf", "99-z.conf"} {
			if r.IntN(2) == 0 {
				continue
			}
			var lines string
			for range r.IntN(3) {
				switch key := pick(keys...); r.IntN(5) {
				case 0:
					lines += "-" + key + "\n"
				case 1:
					lines += " -" + key + "= " + fmt.Sprint(r.IntN(4)) + " \n"
				case 2:
					lines += pick("#", ";") + key + "=6\n"
				default:
					lines += key + pick("=", " = ") + fmt.Sprint(r.IntN(4)) + "\n"
				}
			}
			write(dir+"/"+name, lines)
			text += "/" + dir + "/" + name + ":\n" + lines
		}
	}
	last := fmt.Sprintf("%s = %d\n", pick(keys...), r.IntN(4))
	write("etc/sysctl.conf", last)
	return root, text + "/etc/sysctl.conf:\n" + last
}

// boot runs the program where only the files below root are to be seen.
func boot(root string, program []string) error {
	script := `set -eu
mount -t tmpfs none /usr/local/lib; mkdir /usr/local/lib/sysctl.d
mount --bind "$0/usr/local/lib/sysctl.d" /usr/local/lib/sysctl.d
mount --bind "$0/etc/sysctl.d" /etc/sysctl.d
mount --bind "$0/usr/lib/sysctl.d" /usr/lib/sysctl.d
mount --bind "$0/etc/sysctl.conf" /etc/sysctl.conf
mount --rbind "$0/run" /run
"$@"`
	out, err := exec.Command("unshare", append([]string{"--mount", "--propagation", "private", "sh", "-c", script, root}, program...)...).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "arp_ignore") {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
