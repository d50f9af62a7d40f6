package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/scenarios"
)

// program is arpcheck in a file of its own, without cgo, in a folder that every
// user may read.
func program(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "arpcheck")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "arpcheck")
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0); errno == 0 {
		// This very program has no cgo in it: a copy will do.
		self, err := exec.LookPath("arpcheck")
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(file, data, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the tests have cgo in them, and arpcheck cannot be built without: %v\n%s", err, out)
	}
	return file
}

// on starts a command on the client of the lab, from a thread that prepare may
// change and that ends.
func onClient(t *testing.T, l *scenarios.Lab, cmd *exec.Cmd, prepare func()) {
	t.Helper()
	if err := l.Host("client").Do(func() error {
		if prepare != nil {
			prepare()
		}
		return cmd.Start()
	}); err != nil {
		t.Fatal(err)
	}
}

// onlyNetRaw leaves the calling thread, and what it starts, one capability.
func onlyNetRaw(t *testing.T) func() {
	return func() {
		for c := range unix.CAP_LAST_CAP + 1 {
			if c == unix.CAP_NET_RAW {
				continue
			}
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
				t.Errorf("dropping capability %d: %v", c, err)
			}
		}
	}
}

// CAP_NET_RAW alone is enough for everything that a check does.
func TestNetRawIsEnough(t *testing.T) {
	l := start(t, labs["leak"])
	cmd := exec.Command("arpcheck", "--vip", "192.168.1.99", "-i", "eth1", "--director", "192.168.1.10")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	onClient(t, l, cmd, onlyNetRaw(t))
	if code := exitCode(cmd.Wait()); code != 1 || !strings.Contains(out.String(), "vip-announce-leak") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
}

// TestPrivileges looks at a program of its own, which may give its own up.
func TestPrivileges(t *testing.T) {
	l := start(t, labs["leak"])
	file := program(t)
	t.Run("setcap", func(t *testing.T) { setcap(t, l, file) })
	t.Run("in mid-run", func(t *testing.T) { inMidRun(t, l, file) })
	t.Run("runs no other program", func(t *testing.T) { runsNothing(t, l, file) })
}

// setcap runs it through the capability of the file, as setcap(8) grants it, and
// as a user who has none.
func setcap(t *testing.T, l *scenarios.Lab, file string) {
	t.Parallel()
	data, err := os.ReadFile(file)
	file += "-setcap"
	if err == nil {
		err = os.WriteFile(file, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	// struct vfs_cap_data, revision 2: magic and the effective bit, then
	// permitted and inheritable, twice 32 bits of each.
	caps := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	caps = binary.LittleEndian.AppendUint32(caps, 1<<unix.CAP_NET_RAW)
	caps = append(caps, make([]byte, 12)...)
	if err := unix.Setxattr(file, "security.capability", caps, 0); err != nil {
		t.Skipf("this user, or this file system, cannot: %v", err)
	}
	const nobody = 65534
	cmd := exec.Command(file, "--vip", "192.168.1.99", "-i", "eth1", "--director", "192.168.1.10")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Dir = "/"
	err = l.Host("client").Do(cmd.Start)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM) {
		t.Skipf("there is no other user in this user namespace: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	if code := exitCode(cmd.Wait()); code != 1 || !strings.Contains(out.String(), "vip-announce-leak") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
}

// inMidRun: once the socket is open no thread has any capability left; it listens on no
// port; and in the end it has run no other program. (Libraries for terminals do:
// one asked tmux for its colours, whichever tmux came first in PATH.)
func inMidRun(t *testing.T, l *scenarios.Lab, file string) {
	t.Parallel()
	for name, args := range map[string][]string{
		"started on the host":     nil,
		"with --netns":            {"--netns", l.Host("client").NetNS()},
		"with a file to write":    {"-o", "json=" + filepath.Join(t.TempDir(), "x.json")},
		"with --port":             {"--port", "80"},
		"on a terminal of tmux's": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(file, append([]string{"--vip", "192.168.1.99", "-i", "eth1", "--director", "192.168.1.10"}, args...)...)
			var out bytes.Buffer
			cmd.Stderr = &out
			if strings.Contains(name, "tmux") {
				_, theirs := openTerminal(t)
				cmd.Stdout = theirs
				bin := t.TempDir()
				if err := os.WriteFile(bin+"/tmux", []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
					t.Fatal(err)
				}
				cmd.Env = append(os.Environ(), "TMUX=/tmp/tmux-0/default,1,0", "TERM=tmux-256color", "PATH="+bin)
			}
			if strings.Contains(name, "--netns") {
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
			} else {
				onClient(t, l, cmd, nil)
			}
			time.Sleep(time.Second) // to be in the middle of it
			pid := cmd.Process.Pid
			const writing = 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER
			for task, caps := range capabilities(t, pid) {
				if caps != 0 && !(strings.Contains(name, "file") && caps&^writing == 0) {
					t.Errorf("thread %s has the capabilities %#x", task, caps)
				}
			}
			if got := listening(t, pid); got != "" {
				t.Errorf("it has sockets that are no packet and no netlink ones: %s", got)
			}
			if n := children(t, pid); n != 0 {
				t.Errorf("it has run other programs, which took %d page faults", n)
			}
			if code := exitCode(cmd.Wait()); code != 1 {
				t.Errorf("exit code %d: %s", code, &out)
			}
		})
	}
}

// runsNothing: nor do the commands that read what others wrote run any other program.
func runsNothing(t *testing.T, l *scenarios.Lab, file string) {
	t.Parallel()
	proof := filepath.Join(t.TempDir(), "proof.pcapng")
	saved := filepath.Join(t.TempDir(), "saved.json")
	cmd, _, stderr := arpcheck(l, "--director", "192.168.1.10", "--write", proof, "-o", "json="+saved)
	if code := exitCode(cmd.Run()); code != 1 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, args := range [][]string{{"replay", proof}, {"report", saved}, {"inspect"}, {"explain", "arp_ignore"}, {"version"}} {
		cmd := exec.Command(file, args...)
		cmd.Env = append(os.Environ(), "TMUX=/tmp/tmux-0/default,1,0", "TERM=tmux-256color", "CLICOLOR_FORCE=1")
		onClient(t, l, cmd, nil)
		if n := children(t, cmd.Process.Pid); n != 0 {
			t.Errorf("%v has run other programs, which took %d page faults", args, n)
		}
		if code := exitCode(cmd.Wait()); code == 2 {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

// capabilities are those permitted to each thread of a process.
func capabilities(t *testing.T, pid int) map[string]uint64 {
	all := map[string]uint64{}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		var caps uint64
		_, after, found := strings.Cut(string(data), "CapPrm:")
		if _, err := fmt.Sscanf(after, "%x", &caps); err != nil || !found {
			t.Errorf("%s: %v", f, err)
		}
		all[filepath.Base(filepath.Dir(f))] = caps
	}
	if len(all) == 0 {
		t.Error("the process has ended")
	}
	return all
}

// listening lists what sockets a process has that others could talk to. Those
// of IP are in the tables of its namespaces, which the packet socket's is one of.
func listening(t *testing.T, pid int) (found string) {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	known := 0
	for _, fd := range fds {
		to, err := os.Readlink(fd)
		if err != nil || !strings.HasPrefix(to, "socket:[") {
			continue
		}
		known++
	}
	if known == 0 || known > 2 {
		return fmt.Sprintf("%d sockets, want one packet socket and one of netlink", known)
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "raw", "raw6", "unix"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for _, fd := range fds {
			to, _ := os.Readlink(fd)
			inode, ok := strings.CutPrefix(to, "socket:[")
			if ok && bytes.Contains(data, []byte(" "+strings.TrimSuffix(inode, "]")+" ")) {
				found += table + " "
			}
		}
	}
	return found
}

// children is how many page faults the children had that a process has waited
// for: the twelfth field of its stat, behind the name in parentheses.
func children(t *testing.T, pid int) (faults int) {
	// As a zombie it still has its numbers, and all of them.
	if err := unix.Waitid(unix.P_PID, pid, &unix.Siginfo{}, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if _, err := fmt.Sscan(fields[8], &faults); err != nil {
		t.Error(err)
	}
	return faults
}
