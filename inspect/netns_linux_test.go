package inspect_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/scenarios"
)

// inode tells network namespaces apart.
func inode(t *testing.T, path string) string {
	t.Helper()
	s, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const here = "/proc/thread-self/ns/net"

func TestInNetNSByPath(t *testing.T) {
	h := alone(t, nil)
	want, before := inode(t, h.NetNS()), inode(t, here)
	got := ""
	sentinel := errors.New("what f returns")
	err := inspect.InNetNS(h.NetNS(), func() (err error) {
		got = inode(t, here)
		return sentinel
	})
	if err != sentinel || got != want || got == before {
		t.Errorf("in %s (error %v), want %s", got, err, want)
	}
}

func TestInNetNSEmpty(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tid, got := unix.Gettid(), 0
	if err := inspect.InNetNS("", func() error { got = unix.Gettid(); return nil }); err != nil || got != tid {
		t.Errorf("on thread %d (error %v), want %d", got, err, tid)
	}
}

func TestInNetNSByPID(t *testing.T) {
	h := alone(t, nil)
	// The child lives until its input ends.
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	got := ""
	err = inspect.InNetNS(strconv.Itoa(cmd.Process.Pid), func() error { got = inode(t, here); return nil })
	if want := inode(t, h.NetNS()); err != nil || got != want {
		t.Errorf("in %s (error %v), want %s", got, err, want)
	}
}

// No thread may stay behind in the namespace, or other work would land there.
func TestInNetNSLeavesNoThread(t *testing.T) {
	h := alone(t, nil)
	foreign := inode(t, h.NetNS())
	for range 50 {
		if err := inspect.InNetNS(h.NetNS(), func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if main := inode(t, "/proc/self/ns/net"); main == foreign {
		t.Error("the process's first thread is in the foreign namespace")
	}
	done := make(chan string, 200)
	for range cap(done) {
		go func() {
			link, err := os.Readlink(here)
			done <- fmt.Sprint(link, err)
		}()
	}
	for range cap(done) {
		if got := <-done; strings.HasPrefix(got, foreign) {
			t.Fatal("a goroutine found itself in the foreign namespace")
		}
	}
}

func TestInNetNSGoexit(t *testing.T) {
	h := alone(t, nil)
	if err := inspect.InNetNS(h.NetNS(), func() error { runtime.Goexit(); return nil }); err == nil {
		t.Error("no error though f never returned")
	}
}

func TestInNetNSErrors(t *testing.T) {
	scenarios.Need(t)
	never := func() error { t.Error("called"); return nil }
	const forms = "give a name as of `ip netns`, a path such as /proc/PID/ns/net, or a process id"
	dir := t.TempDir()
	plain, fifo := filepath.Join(dir, "plain"), filepath.Join(dir, "fifo")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, inspect.InNetNS(dir+"/none", never), "no such network namespace: "+dir+"/none", forms)
	wantError(t, inspect.InNetNS(plain+"/none", never), "opening the network namespace "+plain+"/none: stat "+plain+"/none: not a directory", "")
	wantError(t, inspect.InNetNS(plain, never), plain+" is not a network namespace", forms)
	wantError(t, inspect.InNetNS(fifo, never), fifo+" is not a network namespace", forms)
	wantError(t, inspect.InNetNS(dir, never), dir+" is not a network namespace", forms)
	wantError(t, inspect.InNetNS("/proc/self/ns/uts", never), "/proc/self/ns/uts is not a network namespace", forms)
	wantError(t, inspect.InNetNS("2147483647", never), "no process has the id 2147483647",
		"the pid of a container is what `docker inspect -f '{{.State.Pid}}' NAME` prints")
}

// Names are looked up where the thread's mount namespace has /run, so the test
// gets a /run of its own.
func TestInNetNSByName(t *testing.T) {
	h := alone(t, nil)
	err := inspect.OnThread(func() error {
		err := errors.Join(
			unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_FS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", "/run", "tmpfs", 0, ""),
		)
		if err == nil {
			checkNames(t, h.NetNS())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func checkNames(t *testing.T, ns string) {
	err := inspect.InNetNS("lvs", nil)
	wantErrorHere(t, err, "no such network namespace: lvs", "no named namespace exists; give a path such as /proc/PID/ns/net, or a process id")
	if err := os.Mkdir("/run/netns", 0o755); err != nil {
		t.Error(err)
		return
	}
	for _, name := range []string{"lvs", "77", "c", "d", "e", "f"} {
		path := "/run/netns/" + name
		if err := errors.Join(os.WriteFile(path, nil, 0o444), unix.Mount(ns, path, "", syscall.MS_BIND, "")); err != nil {
			t.Error(err)
			return
		}
	}
	if err := os.WriteFile("/run/netns/stale", nil, 0o444); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"lvs", "77"} { // 77 is a name before it is a process
		got := ""
		err := inspect.InNetNS(name, func() (err error) { got, err = os.Readlink(here); return err })
		if want, _ := os.Readlink(ns); err != nil || got != want {
			t.Errorf("%s: in %s (error %v), want %s", name, got, err, want)
		}
	}
	wantErrorHere(t, inspect.InNetNS("lsv", nil), "no such network namespace: lsv", "those that exist: 77, c, d, e, f and 2 more")
	wantErrorHere(t, inspect.InNetNS("stale", nil), "stale is not a network namespace",
		"give a name as of `ip netns`, a path such as /proc/PID/ns/net, or a process id")
}

// wantErrorHere is wantError for a goroutine that is not the test's own.
func wantErrorHere(t *testing.T, err error, text, help string) {
	t.Helper()
	if err == nil || err.Error() != text || hint(err) != help {
		t.Errorf("error %v, hint %q; want %q, %q", err, hint(err), text, help)
	}
}
