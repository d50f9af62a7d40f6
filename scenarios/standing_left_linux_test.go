package scenarios

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// An entry that is damaged keeps no other from being found and taken down.
func TestDamagedEntry(t *testing.T) {
	ownRun(t, func() error {
		lab, err := up("classic")
		if err != nil {
			return err
		}
		dir, err := stateDir()
		if err != nil {
			return err
		}
		for name, text := range map[string]string{"lab-cut.json": `{"name": "cu`, "lab-other.json": `{"name": "else"}`, "lab-void.json": ""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
		all, err := Labs()
		if err != nil || len(all) != 4 || all[0].Name != lab.Name || all[0].Damaged != "" {
			t.Errorf("got %v, %v", all, err)
		}
		for _, l := range all {
			if l.Name != lab.Name && !strings.Contains(l.Damaged, "lab-"+l.Name+".json is damaged") {
				t.Errorf("%s: %q", l.Name, l.Damaged)
			}
			if err := l.Down(t.Context()); err != nil {
				t.Errorf("%s: %v", l.Name, err)
			}
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
		return nil
	})
}

// Where there is no room for an entry nothing is left, and what an earlier
// version left is swept away.
func TestUpWithoutRoom(t *testing.T) {
	ownRun(t, func() error {
		if err := unix.Mount("none", "/run", "tmpfs", 0, "size=32k"); err != nil {
			return os.NewSyscallError("mount", err)
		}
		_ = os.WriteFile("/run/full", bytes.Repeat([]byte("x"), 64<<10), 0o600) // as far as there is room
		if _, err := up("classic"); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("got %v", err)
		}
		var left []string
		_ = filepath.WalkDir("/run", func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && path != "/run/full" {
				left = append(left, path)
			}
			return nil
		})
		if left != nil {
			t.Errorf("left: %v", left)
		}
		if err := os.Remove("/run/full"); err != nil {
			return err
		}
		dir, err := stateDir()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, unnamedEntry), nil, 0o600); err != nil {
			return err
		}
		if _, err := Sweep(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
		return nil
	})
}

// A folder that is not ours is not used, and what to do is said.
func TestStrangeDir(t *testing.T) {
	ownRun(t, func() error {
		if err := unix.Mount("none", "/tmp", "tmpfs", 0, ""); err != nil {
			return os.NewSyscallError("mount", err)
		}
		for _, dir := range stateDirs() {
			_ = os.MkdirAll(filepath.Dir(dir), 0o755)
			if err := os.Symlink("/tmp", dir); err != nil { // as somebody else's, not to be trusted
				return err
			}
		}
		if _, err := stateDir(); err == nil || !strings.Contains(hint(err), "set XDG_RUNTIME_DIR") {
			t.Errorf("got %v, hint %q", err, hint(err))
		}
		return nil
	})
}
