package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// stateDir is the folder where all runs of this user keep what has to be found
// after they were killed. It is made if it is not there.
//
// Root of a user namespace is the ordinary user who made it, as outside.
func stateDir() (string, error) {
	var errs []error
	for _, dir := range stateDirs() {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			errs = append(errs, err)
			continue
		}
		var st unix.Stat_t
		if err := unix.Lstat(dir, &st); err != nil {
			errs = append(errs, err)
			continue
		}
		// /tmp is everybody's: a folder that somebody else put there is a trap.
		if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() {
			errs = append(errs, &strangeDirError{dir})
			continue
		}
		return dir, nil
	}
	return "", fmt.Errorf("no folder for what has to be found again: %w", errors.Join(errs...))
}

// A strangeDirError is about a folder of which one cannot say what is put there.
type strangeDirError struct{ dir string }

func (e *strangeDirError) Error() string { return e.dir + " belongs to somebody else" }

// Hint says what to do about it.
func (e *strangeDirError) Hint() string {
	return "have its owner remove it, or set XDG_RUNTIME_DIR to a folder of your own (root needs a /run that it can write to)"
}

func stateDirs() (dirs []string) {
	uid := outerUID()
	if uid == 0 {
		dirs = append(dirs, "/run/arpcheck")
	} else if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "arpcheck"))
	}
	return append(dirs, filepath.Join("/tmp", "arpcheck-"+strconv.Itoa(uid)))
}

// outerUID is the user id outside the user namespace that Isolate made.
func outerUID() int {
	uid := os.Geteuid()
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return uid
	}
	for line := range strings.Lines(string(text)) {
		// The first id inside, the first outside, how many.
		var inside, outside, n int
		if _, err := fmt.Sscan(line, &inside, &outside, &n); err == nil && uid >= inside && uid-inside < n {
			return outside + uid - inside
		}
	}
	return uid
}

// newWorkDir makes a folder for the files of one lab, whose name says which
// process it belongs to.
func newWorkDir() (dir string, err error) {
	err = locked(func(state string) (err error) {
		dir, err = os.MkdirTemp(state, fmt.Sprintf("work-%d-%d-", os.Getpid(), startTime(os.Getpid())))
		return err
	})
	return dir, err
}

// removeWorkDir takes it away again.
func removeWorkDir(dir string) error {
	return locked(func(string) error { return os.RemoveAll(dir) })
}

// startTime is when a process began, in the clock ticks of proc_pid_stat(5),
// field 22; 0 if there is none of that id. Together with the id it names a
// process for ever, as the id alone does not.
func startTime(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, field 2, is in parentheses and can contain anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return 0
	}
	t, _ := strconv.ParseUint(fields[19], 10, 64)
	return t
}
