package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// openUnnamed opens a new file in the folder of path that has no name yet: if
// the program is killed, the kernel removes it. Not every filesystem can
// (open(2), O_TMPFILE): then it returns an error, and a name is needed after all.
func openUnnamed(path string, mode os.FileMode) (*os.File, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_WRONLY|unix.O_TMPFILE|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// nameIt gives such a file a name that nothing has. AT_EMPTY_PATH would be the
// plainer way, and takes CAP_DAC_READ_SEARCH.
func nameIt(f *os.File, name string) error {
	err := unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.PathError{Op: "linkat", Path: name, Err: err}
	}
	return nil
}

// keepOwner gives a file the owner and the group of the one that it replaces,
// as far as this program may.
func keepOwner(f *os.File, was os.FileInfo) {
	if sys, ok := was.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(sys.Uid), int(sys.Gid)) // EPERM: it is ours from now on
	}
}
