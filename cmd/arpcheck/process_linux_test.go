package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/scenarios"
)

// arpcheck is a command that runs the program on the client of a lab.
func arpcheck(l *scenarios.Lab, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.Command("arpcheck", append([]string{"--netns", l.Host("client").NetNS(), "-i", "eth1", "--vip", "192.168.1.99"}, args...)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// A signal ends a run in order: it reports what it has seen by then.
func TestSignal(t *testing.T) {
	l := scenarios.Start(t, labs["clean"])
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd, stdout, stderr := arpcheck(l, "-w", "30s", "--rs", "192.168.1.41")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond) // to be in the middle of it
			sent := time.Now()
			cmd.Process.Signal(sig)
			code := exitCode(cmd.Wait())
			if code != 3 {
				t.Errorf("exit code %d, want 3: nothing was decided", code)
			}
			if took := time.Since(sent); took > 5*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if !strings.Contains(stdout.String(), "192.168.1.99") || stderr.Len() > 0 {
				t.Errorf("standard output:\n%sstandard error:\n%s", stdout, stderr)
			}
		})
	}
}

// Two signals within a moment are one, as from timeout(1); a later one does not
// wait for anything, and says what is left to do.
func TestSecondSignal(t *testing.T) {
	l := scenarios.Start(t, labs["leak"])
	for _, tt := range []struct {
		name  string
		after time.Duration
		code  int
		said  string
	}{
		{"at once", time.Millisecond, 1, ""},
		{"later", 650 * time.Millisecond, -1, "arpcheck: ended without undoing what the announce test may have changed; " +
			"on the director: arping -U -c 3 -I IFACE 192.168.1.99\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd, _, stderr := arpcheck(l, "--director", "192.168.1.10", "-w", "30s", "-c", "3")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond) // the announce test has just drawn the leak
			cmd.Process.Signal(syscall.SIGTERM)
			time.Sleep(tt.after)
			cmd.Process.Signal(syscall.SIGTERM)
			sent := time.Now()
			code := exitCode(cmd.Wait())
			if took := time.Since(sent); took > 3*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if code != tt.code || stderr.String() != tt.said {
				t.Errorf("exit code %d, want %d; standard error: %s", code, tt.code, stderr)
			}
		})
	}
}

// With --fail-fast a run ends at the first fault, however long it was to listen.
func TestFailFast(t *testing.T) {
	l := scenarios.Start(t, labs["three"])
	cmd, stdout, stderr := arpcheck(l, "--fail-fast", "-w", "30s", "--director", "192.168.1.10", "-o", "json")
	began := time.Now()
	code := exitCode(cmd.Run())
	took := time.Since(began)
	if code != 1 || !strings.Contains(stdout.String(), `"code": "vip-reply-leak"`) || stderr.Len() > 0 {
		t.Errorf("exit code %d, want 1; standard output:\n%s\nstandard error:\n%s", code, stdout, stderr)
	}
	if took > time.Second { // some 25 ms, where nothing else runs
		t.Errorf("it took %v", took)
	}
	t.Log(took)
}

// An interface that goes in mid-run ends it with what is known, which decides
// nothing.
func TestInterfaceLost(t *testing.T) {
	l := scenarios.Start(t, labs["clean"])
	cmd, stdout, stderr := arpcheck(l, "-w", "30s", "-o", "json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // to be in the middle of it
	if err := l.Host("client").DeleteLink("eth1"); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(cmd.Wait()); code != 3 || !strings.Contains(stdout.String(), `"verdict": "inconclusive"`) {
		t.Errorf("exit code %d, want 3; standard output:\n%s\nstandard error:\n%s", code, stdout, stderr)
	}
}

// A reader that has gone is no error, and the exit code says the verdict.
func TestClosedPipe(t *testing.T) {
	l := scenarios.Start(t, labs["leak"])
	cmd, _, stderr := arpcheck(l, "-c", "1", "--director", "192.168.1.10")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd.Stdout = w
	if code := exitCode(cmd.Run()); code != 1 || stderr.Len() > 0 {
		t.Errorf("exit code %d, want 1; standard error: %s", code, stderr)
	}
}

func TestFullStdout(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	cmd := exec.Command("arpcheck", "version")
	cmd.Stdout, cmd.Stderr = full, &stderr
	code := exitCode(cmd.Run())
	if want := "arpcheck: writing to standard output: no space left on device\n"; code != 2 || stderr.String() != want {
		t.Errorf("exit code %d and %q, want 2 and %q", code, &stderr, want)
	}
}

// Without CAP_NET_RAW the program says what grants it.
func TestNoPermission(t *testing.T) {
	l := scenarios.Start(t, labs["clean"])
	var stdout, stderr bytes.Buffer
	run := func(args ...string) (code int) {
		stdout.Reset()
		stderr.Reset()
		cmd := exec.Command("arpcheck", args...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := l.Host("client").Do(func() error {
			dropCapabilities(t) // of this thread, which ends
			return cmd.Start()
		})
		if err != nil {
			t.Fatal(err)
		}
		return exitCode(cmd.Wait())
	}
	binary, err := exec.LookPath("arpcheck")
	if err != nil {
		t.Fatal(err)
	}
	code := run("--vip", "192.168.1.99", "-i", "eth1")
	want := "arpcheck: no permission to open a packet socket on eth1\n" +
		"hint: sudo setcap cap_net_raw+ep " + binary + "  (or run it with sudo)\n"
	if code != 2 || stderr.String() != want || stdout.Len() > 0 {
		t.Errorf("exit code %d, standard error\n%swant\n%s", code, &stderr, want)
	}

	// As the one who started it, in the same namespace: what is not
	// permitted is to enter, not to look.
	ns := "/proc/self/ns/net"
	code = run("--vip", "192.168.1.99", "-i", "eth1", "--netns", ns)
	want = "arpcheck: no permission to enter the network namespace " + ns + ": operation not permitted\n" +
		"hint: another network namespace takes CAP_SYS_ADMIN: run it with sudo\n"
	if code != 2 || stderr.String() != want || stdout.Len() > 0 {
		t.Errorf("exit code %d, standard error\n%swant\n%s", code, &stderr, want)
	}
}

// dropCapabilities takes from the calling thread whatever a program that it
// starts could have, even as root.
func dropCapabilities(t *testing.T) {
	for c := range unix.CAP_LAST_CAP + 1 {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
			t.Errorf("dropping capability %d: %v", c, err)
		}
	}
}

// On a terminal there is a spinner while it listens, and nothing left of it in
// the end.
func TestTerminal(t *testing.T) {
	l := scenarios.Start(t, labs["clean"])
	tests := map[string]struct {
		args  []string
		env   string
		spins bool
	}{
		"by default":    {nil, "TERM=xterm", true},
		"quiet":         {[]string{"-q"}, "TERM=xterm", false},
		"dumb terminal": {nil, "TERM=dumb", false},
		"no colour":     {[]string{"--color=never"}, "TERM=xterm", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ours, theirs := openTerminal(t)
			cmd, _, _ := arpcheck(l, append(tt.args, "-c", "1", "-w", "500ms", "--no-announce-test")...)
			cmd.Env = append(os.Environ(), tt.env)
			cmd.Stderr = theirs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			theirs.Close()
			screen := make(chan string)
			go func() {
				text, _ := io.ReadAll(ours) // EIO when the last writer is gone
				screen <- string(text)
			}()
			cmd.Wait()
			got := <-screen
			if spins := strings.Contains(got, "asking on eth1 for 192.168.1.99"); spins != tt.spins {
				t.Errorf("spins: %v, want %v: %q", spins, tt.spins, got)
			}
			if tt.spins && !strings.HasSuffix(got, "\r\x1b[K") || !tt.spins && got != "" {
				t.Errorf("left on the screen: %q", got)
			}
		})
	}
}

// openTerminal makes a pair of pseudoterminals (pty(7)).
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// Results replace what a symbolic link leads to, and never a pipe or a device.
func TestOutputThroughLinks(t *testing.T) {
	dir := t.TempDir()
	real, link, fifo := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	if err := os.WriteFile(real, []byte("yesterday"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		text, _ := os.ReadFile(fifo)
		read <- string(text)
	}()
	files, err := openOutputs([]output{{"text", link}, {"json", fifo}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(real); string(got) != "yesterday" {
		t.Errorf("%q before anything was written", got)
	}
	for _, f := range files {
		err := f.write(func(w io.Writer) error { _, err := io.WriteString(w, "today"); return err })
		if err != nil {
			t.Error(err)
		}
	}
	if got := <-read; got != "today" {
		t.Errorf("through the pipe came %q", got)
	}
	if got, _ := os.ReadFile(real); string(got) != "today" {
		t.Errorf("behind the link is %q", got)
	}
	for name, want := range map[string]os.FileMode{real: 0o640, link: os.ModeSymlink | 0o777, fifo: os.ModeNamedPipe | 0o600} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want mode %v", name, info.Mode(), want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("left in the folder: %v", left)
	}
}
