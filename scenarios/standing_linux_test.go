package scenarios

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/inspect"
)

// ownRun gives the test a /run of its own, in a mount namespace that all of its
// processes share. Standing labs have names there, and so could not be tested
// by an ordinary user, nor beside those of the machine.
//
// The mount namespace is that of one thread, so f must not start goroutines
// that need it.
func ownRun(t *testing.T, f func() error) {
	t.Helper()
	Need(t)
	t.Setenv("XDG_RUNTIME_DIR", "/run/user")
	err := inspect.OnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return os.NewSyscallError("mount", err)
		}
		mounts, err := os.ReadFile("/proc/thread-self/mountinfo")
		if err != nil {
			return err
		}
		machines = string(mounts)
		if err := unix.Mount("none", "/run", "tmpfs", 0, ""); err != nil {
			return os.NewSyscallError("mount", err)
		}
		return f()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// machines are the mounts that were there before, hidden by ownRun's: somebody
// may have a lab standing.
var machines string

func up(name string) (*Standing, error) {
	os.Setenv(helperMode, "keep")
	defer os.Unsetenv(helperMode)
	return ByName(name).Up(context.Background())
}

func TestUpAndDown(t *testing.T) {
	ownRun(t, func() error {
		first, err := up("classic")
		if err != nil {
			return err
		}
		second, err := up("classic") // two at once do not collide
		if err != nil {
			return err
		}
		if first.Name != "classic" || second.Name != "classic-2" {
			t.Errorf("the labs are called %s and %s", first.Name, second.Name)
		}
		for _, lab := range []*Standing{first, second} {
			for _, h := range lab.Hosts {
				in, err := exec.Command("sh", "-c", lab.Enter(h.Name)+" ls /proc/sys/net/ipv4/conf").CombinedOutput()
				if err != nil || !strings.Contains(string(in), "eth1") {
					t.Errorf("%s: %v: %s", lab.Enter(h.Name), err, in)
				}
			}
		}
		all, err := Labs()
		if err != nil || len(all) != 2 {
			t.Errorf("Labs gives %d (%v), want 2", len(all), err)
		}
		if err := first.Down(t.Context()); err != nil {
			t.Error(err)
		}
		// The second one's keeper dies without a chance to clean up.
		if err := second.signal(unix.SIGKILL); err != nil {
			return err
		}
		if names, _ := os.ReadDir(namesDir); len(names) != 3 && mayName(false) {
			t.Errorf("%d names are left, want the second lab's 3", len(names))
		}
		if all, err = Labs(); err != nil || len(all) != 1 || all[0].Name != "classic-2" {
			t.Errorf("Labs gives %v (%v), want classic-2", all, err)
		}
		for _, lab := range all {
			if err := lab.Down(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return nothingLeft(t)
	})
}

// Names that others gave meanwhile are not ours to take away.
func TestDownSparesOthers(t *testing.T) {
	ownRun(t, func() error {
		lab, err := up("classic")
		if err != nil {
			return err
		}
		if err := lab.signal(unix.SIGKILL); err != nil {
			return err
		}
		path := namesDir + "/classic-client"
		if err := errors.Join(unix.Unmount(path, 0), unix.Mount("/proc/self/ns/net", path, "none", unix.MS_BIND, "")); err != nil {
			return err
		}
		lab.Keeper = 1 // and its process id is another's: init's
		if err := lab.Down(t.Context()); err != nil {
			t.Error(err)
		}
		if names, _ := os.ReadDir(namesDir); len(names) != 1 || names[0].Name() != "classic-client" {
			t.Errorf("left: %v, want classic-client alone", names)
		}
		return nil
	})
}

func TestUpFails(t *testing.T) {
	ownRun(t, func() error {
		s := edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    routes: [{to: 10.0.0.0/8, via: 192.168.1.255}]\n")
		os.Setenv(helperMode, "keep")
		defer os.Unsetenv(helperMode)
		_, err := s.Up(context.Background())
		if err == nil || !strings.Contains(err.Error(), `host "r1": add route to 10.0.0.0/8: invalid argument`) {
			t.Errorf("got %v", err)
		}
		s = edited(t, "    lo: [192.168.1.99/32]\n", "    lo: [192.168.1.99/32]\n    services: [{run: echo no paper; exit 3}]\n")
		_, err = s.Up(context.Background())
		if err == nil || !strings.Contains(err.Error(), "host r1: run ended at once (exit status 3): no paper") {
			t.Errorf("got %v", err)
		}
		return nothingLeft(t)
	})
}

// An ordinary user's lab is in a user namespace of its keeper's.
func TestUpAsUser(t *testing.T) {
	allowed(t)
	out, err := asUser(t, "up").CombinedOutput()
	if err != nil || string(out) != "eth1\nlo\n" {
		t.Errorf("got %q, %v, want the interfaces of a host", out, err)
	}
}

func nothingLeft(t *testing.T) error {
	t.Helper()
	for _, dir := range append(stateDirs(), namesDir) {
		if left, err := os.ReadDir(dir); err == nil && !strings.HasPrefix(dir, "/tmp/") && len(left) > 0 {
			t.Errorf("left in %s: %v", dir, left)
		}
	}
	mounts, err := os.ReadFile("/proc/thread-self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(machines, line) {
			continue
		}
		if strings.Contains(line, "/classic-") || strings.Contains(line, " "+namesDir+" ") && strings.Contains(line, "tmpfs") {
			t.Errorf("left mounted: %s", line)
		}
	}
	return err
}
