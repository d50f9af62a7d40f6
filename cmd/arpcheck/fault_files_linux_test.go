package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// listing is what is in a folder.
func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// onSmallDisk runs do on a thread of its own that has a file system of one page
// in dir; commands that it starts see it too, and nobody else does.
func onSmallDisk(t *testing.T, dir string, do func()) {
	t.Helper()
	err := onOwnThread(func() error {
		err := errors.Join(
			unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_FS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k"),
		)
		if err == nil {
			do()
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// onOwnThread runs f on a thread that ends with it.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() { // the first thread never ends
			defer runtime.UnlockOSThread()
			done <- onOwnThread(f)
			return
		}
		done <- f()
	}()
	return <-done
}

// A full disk is an error that names the file, the result of yesterday stays,
// and no half of one is left.
func TestFullDisk(t *testing.T) {
	l := start(t, labs["leak"])
	dir := t.TempDir()
	onSmallDisk(t, dir, func() {
		for _, yesterday := range []string{"", "yesterday"} {
			file := filepath.Join(dir, "result.json")
			var want []string
			if yesterday != "" {
				if err := os.WriteFile(file, []byte(yesterday), 0o600); err != nil {
					t.Error(err)
				}
				want = []string{"result.json"}
			}
			cmd, stdout, stderr := arpcheck(l, "--director", "192.168.1.10", "-v", "-o", "json="+file)
			code := exitCode(cmd.Run())
			if said := "arpcheck: writing " + file + ": no space left on device\n"; code != 2 || stderr.String() != said || stdout.Len() > 0 {
				t.Errorf("exit code %d, want 2; standard output %q, standard error %q, want %q", code, stdout, stderr, said)
			}
			if got := listing(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("left in the folder: %v, want %v", got, want)
			}
			if data, _ := os.ReadFile(file); string(data) != yesterday {
				t.Errorf("the result of yesterday is now %d octets long", len(data))
			}
		}
	})
}

// The same for the frames that --write keeps: the result stands and is printed,
// but the exit code says that not all was done.
func TestFullDiskForFrames(t *testing.T) {
	l := start(t, labs["leak"])
	dir := t.TempDir()
	onSmallDisk(t, dir, func() {
		if err := os.WriteFile(filepath.Join(dir, "fills"), make([]byte, 4096), 0o600); err != nil {
			t.Error(err)
		}
		file := filepath.Join(dir, "proof.pcapng")
		cmd, stdout, stderr := arpcheck(l, "--director", "192.168.1.10", "--write", file)
		code := exitCode(cmd.Run())
		if code != 2 || !strings.Contains(stderr.String(), "arpcheck: writing "+file+": no space left on device\n") || !strings.Contains(stdout.String(), "FAIL") {
			t.Errorf("exit code %d, want 2; standard output %q, standard error %q", code, stdout, stderr)
		}
		if got := listing(t, dir); fmt.Sprint(got) != "[fills]" {
			t.Errorf("left in the folder: %v", got)
		}
	})
}

// A device that takes nothing is told of, whatever is written to it.
func TestFullStandardOutput(t *testing.T) {
	l := start(t, labs["leak"])
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, format := range []string{"text", "json", "markdown", "junit"} {
		cmd, _, stderr := arpcheck(l, "--director", "192.168.1.10", "-c", "1", "--no-announce-test", "-o", format)
		cmd.Stdout = full
		code := exitCode(cmd.Run())
		if want := "arpcheck: writing to standard output: no space left on device\n"; code != 2 || stderr.String() != want {
			t.Errorf("%s: exit code %d and %q, want 2 and %q", format, code, stderr, want)
		}
	}
}

// Whenever a signal comes, and whichever: what has the name of a result is a
// whole one, and nothing else is left.
func TestSignalAtAnyMoment(t *testing.T) {
	l := start(t, labs["leak"])
	step := 130 * time.Millisecond
	for i := range 24 {
		delay := time.Duration(i) * step
		sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}[i%3]
		t.Run(fmt.Sprintf("%v after %v", sig, delay), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "result.json")
			cmd, stdout, stderr := arpcheck(l, "--director", "192.168.1.10", "-q", "-o", "json="+file, "--write", filepath.Join(dir, "proof.pcapng"))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay)
			_ = cmd.Process.Signal(sig)
			code := exitCode(cmd.Wait())
			data, err := os.ReadFile(file)
			switch {
			case code == -1 && (sig == syscall.SIGKILL || os.IsNotExist(err)): // before it caught signals, or by one that cannot be caught
				if len(data) > 0 && !whole(data) {
					t.Errorf("half a result is there:\n%s", data)
				}
			case code != 1 && code != 3:
				t.Errorf("exit code %d, want 1 or 3; standard error: %s", code, stderr)
			case !whole(data):
				t.Errorf("the result is not whole: %v\n%s", err, data)
			}
			for _, name := range listing(t, dir) {
				if name != "result.json" && name != "proof.pcapng" {
					t.Errorf("left in the folder: %s", name)
				}
			}
			if log, err := capture.Replay(t.Context(), []capture.Source{{Name: filepath.Join(dir, "proof.pcapng")}}, capture.ReplayConfig{}); err == nil && log.Files[0].Damaged > 0 {
				t.Errorf("half a capture is there: %+v", log.Files[0])
			}
			if strings.Contains(stderr.String(), "panic") || stdout.Len() > 0 {
				t.Errorf("standard output %s, standard error %s", stdout, stderr)
			}
		})
	}
}

// whole reports whether it is a result from its beginning to its end.
func whole(data []byte) bool {
	_, err := report.Read(bytes.NewReader(data))
	return err == nil
}

// A second signal ends the program at once, and leaves no file behind.
func TestSecondSignalLeavesNoFile(t *testing.T) {
	l := start(t, labs["leak"])
	dir := t.TempDir()
	drawn := make(chan bool, 1000)
	watch(t, l.Host("client")).each(func(rec evidence.Record) {
		if rec.Kind == evidence.ARPRequest && rec.SenderMAC == r1 && rec.SenderIP == scenarios.ClassicVIP {
			drawn <- true
		}
	})
	cmd, _, _ := arpcheck(l, "--director", "192.168.1.10", "-w", "30s", "-o", "json="+filepath.Join(dir, "result.json"), "-o", "text="+filepath.Join(dir, "result.txt"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-drawn: // to undo that takes a second and more
	case <-time.After(20 * time.Second):
		t.Error("no leak was drawn")
	}
	cmd.Process.Signal(os.Interrupt)
	time.Sleep(650 * time.Millisecond) // one that comes at once counts as the same
	cmd.Process.Signal(os.Interrupt)
	if code := exitCode(cmd.Wait()); code != -1 {
		t.Errorf("exit code %d, want to see it die of the signal", code)
	}
	if got := listing(t, dir); len(got) > 0 {
		t.Errorf("left in the folder: %v", got)
	}
}

// Where a file cannot be without a name it has one that goes with the program.
func TestUnfinishedAreRemoved(t *testing.T) {
	if os.Getenv("ARPCHECK_TEST_DIE") != "" {
		f := filepath.Join(os.Getenv("ARPCHECK_TEST_DIE"), "result.json.1.tmp")
		if err := os.WriteFile(f, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		unfinished.Store(f, nil)
		die(syscall.SIGTERM)
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestUnfinishedAreRemoved$")
	cmd.Env = append(os.Environ(), "ARPCHECK_TEST_DIE="+dir)
	if code := exitCode(cmd.Run()); code != -1 {
		t.Errorf("exit code %d", code)
	}
	if got := listing(t, dir); len(got) > 0 {
		t.Errorf("left in the folder: %v", got)
	}
}

// Who could read the result of yesterday can read that of today, and it still
// belongs to the same user.
func TestReplacedFileKeepsItsModeAndOwner(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	name := filepath.Join(t.TempDir(), "result.json")
	if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Chmod(name, 0o664)); err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	if uid == 0 {
		uid = 1000
		if err := os.Chown(name, uid, uid); err != nil {
			t.Logf("chown: %v", err) // a user namespace with one user
			uid = 0
		}
	}
	f, err := openOutput(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.write(func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if owner := int(info.Sys().(*syscall.Stat_t).Uid); info.Mode() != 0o664 || owner != uid || info.Size() != 3 {
		t.Errorf("mode %v, owner %d, %d octets; want 0664, %d and 3", info.Mode(), owner, info.Size(), uid)
	}
}
