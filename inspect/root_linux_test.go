package inspect_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/inspect"
)

// Below a root nothing is read that is outside of it, nothing is waited for, and
// nothing is read without end.
func TestRoot(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "host.conf")
	root := t.TempDir()
	dir := filepath.Join(root, "etc/sysctl.d")
	for _, err := range []error{
		os.MkdirAll(dir, 0o755),
		os.MkdirAll(filepath.Join(root, "opt"), 0o755),
		os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755),
		os.WriteFile(outside, []byte("net.ipv4.conf.all.arp_ignore = 8\n"), 0o644),
		os.WriteFile(filepath.Join(root, "opt/x.conf"), []byte("net.ipv4.conf.all.arp_ignore = 1\n"), 0o644),
		os.Symlink("/opt/x.conf", filepath.Join(dir, "10-in.conf")),
		os.Symlink(outside, filepath.Join(dir, "20-out.conf")),
		os.Symlink("../../../../../../../.."+outside, filepath.Join(dir, "21-out.conf")),
		os.Symlink("/dev/null", filepath.Join(dir, "30-null.conf")),
		unix.Mkfifo(filepath.Join(dir, "40-fifo.conf"), 0o644),
		os.WriteFile(filepath.Join(dir, "50-large.conf"), make([]byte, 1<<20+1), 0o644),
		os.WriteFile(filepath.Join(dir, ".90-vip.conf"), []byte("net.ipv4.conf.all.arp_announce = 2\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "90-vip"), []byte("net.ipv4.conf.all.arp_announce = 2\n"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	fsys, err := inspect.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	b, err := inspect.ReadBoot(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if s := b.Setting("all", "arp_ignore"); s.Value != "1" || s.Where != "/etc/sysctl.d/10-in.conf:1" {
		t.Errorf("arp_ignore: %+v", s)
	}
	if s := b.Setting("all", "arp_announce"); s.Where != "" || len(s.Lost) != 2 {
		t.Errorf("arp_announce: %+v", s)
	}
	if want := []string{"/etc/sysctl.d/40-fifo.conf", "/etc/sysctl.d/50-large.conf"}; !slices.Equal(b.Unreadable, want) {
		t.Errorf("unreadable: %v, want %v", b.Unreadable, want)
	}
}
