package scenarios

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// grace is how long a program may take to end when it was asked to.
const grace = 10 * time.Second

// terminate ends the process as an administrator does: it is asked to end, so
// that it can take back what it has set up, such as an address, and killed only
// if it is still there much later, or when ctx ends.
func (p *process) terminate(ctx context.Context) error {
	pid := p.cmd.Process.Pid
	select {
	case <-p.ended:
		return nil
	default:
	}
	// As the first of its process namespace it is spared by a signal that
	// would end any other (pid_namespaces(7)), and could go on to its next
	// command: it is held until those that it has started have ended.
	spared := diesOf(pid, unix.SIGTERM)
	if spared {
		_ = unix.Kill(pid, unix.SIGSTOP)
	}
	whom := -pid // its group, as systemd does
	if p.leads {
		whom = pid
	}
	_ = unix.Kill(whom, unix.SIGTERM) // it may have ended just now
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); {
		if spared && !hasChildren(pid) {
			break
		}
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
			return p.Close()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return p.Close()
}

// diesOf reports whether a process does nothing about a signal: it neither
// catches nor blocks nor ignores it.
func diesOf(pid int, sig unix.Signal) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "SigBlk", "SigIgn", "SigCgt":
			mask, _ := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			if mask&(1<<(sig-1)) != 0 {
				return false
			}
		}
	}
	return true
}

// hasChildren reports whether a process has some that run.
func hasChildren(pid int) bool {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		for child := range strings.FieldsSeq(string(text)) {
			if id, err := strconv.Atoi(child); err == nil && startTime(id) != 0 {
				return true
			}
		}
	}
	return false
}
