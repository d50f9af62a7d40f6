package scenarios

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/inspect"
)

// enter moves the calling thread into the network namespace for good.
func enter(ns *os.File) error {
	conn, err := ns.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	// Control keeps the descriptor from being closed, and its number from
	// being reused, while it is in use. It fails only when that is too late.
	if err := conn.Control(func(fd uintptr) { serr = unix.Setns(int(fd), unix.CLONE_NEWNET) }); err != nil {
		return fmt.Errorf("the lab: %w", os.ErrClosed)
	}
	return os.NewSyscallError("setns", serr)
}

// newNamespace moves the calling thread into a new network namespace, which
// lives for as long as the file is open.
func newNamespace() (*os.File, error) {
	switch err := unix.Unshare(unix.CLONE_NEWNET); err {
	case nil:
	case unix.EPERM, unix.ENOSPC: // no CAP_SYS_ADMIN, or at user.max_net_namespaces
		return nil, &DeniedError{Op: "make a network namespace", Err: err, hint: "run as root, or let scenarios.Isolate or Main give the process a user namespace"}
	default:
		return nil, os.NewSyscallError("unshare", err)
	}
	fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the new namespace: %w", err)
	}
	return os.NewFile(uintptr(fd), "netns"), nil
}

// tryNamespace reports what keeps this process from making a namespace.
func tryNamespace() error {
	return inspect.OnThread(func() error {
		ns, err := newNamespace()
		if err == nil {
			ns.Close()
		}
		return err
	})
}
