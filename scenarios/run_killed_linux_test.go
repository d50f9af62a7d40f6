package scenarios

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Killed in the middle, it leaves no process; a file can be left, which Sweep finds.
func TestKilledRun(t *testing.T) {
	Need(t)
	if err := ByName("vrrp-failover").Missing(); err != nil {
		t.Skip(err)
	}
	for name, sig := range map[string]unix.Signal{"kill -9": unix.SIGKILL, "Ctrl-C": unix.SIGINT} {
		flag := filepath.Join(t.TempDir(), "running")
		cmd := exec.Command("/proc/self/exe", flag)
		cmd.Env = append(os.Environ(), helperMode+"=run")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait(t, name+": in the middle", func() bool { _, err := os.Stat(flag); return err == nil })
		mine := descendants(cmd.Process.Pid)
		if len(mine) < 4 { // two keepalived of two processes, sh, sleep
			t.Errorf("%s: only the processes %v run", name, mine)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		wait(t, name+": no process left", func() bool {
			for pid, began := range mine {
				if startTime(pid) == began {
					return false
				}
			}
			return true
		})
		n, err := Sweep()
		if err != nil || n != map[unix.Signal]int{unix.SIGKILL: 1}[sig] {
			t.Errorf("%s: Sweep found %d (%v)", name, n, err)
		}
	}
	if n, err := Sweep(); n != 0 || err != nil {
		t.Errorf("the second Sweep found %d (%v)", n, err)
	}
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not after 10 s", what)
}

// descendants gives the processes below one, with the time when each began.
func descendants(of int) map[int]uint64 {
	parent := map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		parent[pid], _ = strconv.Atoi(fields[1])
	}
	all := map[int]uint64{}
	for pid := range parent {
		for up := parent[pid]; up > 1; up = parent[up] {
			if up == of {
				if began := startTime(pid); began != 0 {
					all[pid] = began
				}
				break
			}
		}
	}
	return all
}
