package scenarios

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// marker tells a process that Isolate started it. It holds the process id of
// the parent, so it does not mark whatever that process starts in its turn.
const marker = "ARPCHECK_ISOLATED_BY"

// Isolate gives an ordinary user what a lab needs. Call it first in main:
//
//	if again, code, err := scenarios.Isolate(); err != nil || again {
//		return code, err
//	}
//
// A process that may make namespaces goes on as it is: again is false. Else
// Isolate runs the program once more, with the same arguments, environment and
// standard files, as root of a user namespace of its own with a network and a
// mount namespace, waits for it, and returns again = true with its exit code
// (128 + n if signal n ended it). Signals are passed on to it, and it is
// killed when this process dies.
//
// Where user namespaces are not allowed, the error is a [*DeniedError] that
// says what to do.
func Isolate() (again bool, exitCode int, err error) {
	child := os.Getenv(marker) == strconv.Itoa(os.Getppid())
	switch {
	case mayBuild() && child:
		// A new network namespace starts with lo down, and programs
		// expect to reach themselves.
		lo := &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: "lo", Index: 1}}
		return false, 0, netlink.LinkSetUp(lo)
	case mayBuild():
		return false, 0, nil
	case child:
		return false, 0, &DeniedError{Op: "use the user namespace that was made", Err: unix.EPERM, hint: denialHint()}
	}
	code, err := runAgain()
	return err == nil, code, err
}

// mayBuild reports whether the process has the capabilities, in whatever user
// namespace, that building a lab and looking into it takes.
func mayBuild() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return false
	}
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW
	return data[0].Effective&need == need
}

func runAgain() (exitCode int, err error) {
	// A binary with file capabilities (setcap cap_net_raw+ep, as is advised
	// for arpcheck) is not dumpable, and then its /proc files, the maps of
	// user ids among them, belong to root.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
		return 0, os.NewSyscallError("prctl", err)
	}

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), marker+"="+strconv.Itoa(os.Getpid()))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	isolate(cmd.SysProcAttr)

	signals := make(chan os.Signal, 8)
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2} {
		if !signal.Ignored(s) { // nohup
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)

	// The "parent" whose death Pdeathsig waits for is the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, startError(err)
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if !terminalSent(s) {
					cmd.Process.Signal(s)
				}
			case <-ended:
				return
			}
		}
	}()
	err = cmd.Wait()
	close(ended)
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("run again in a user namespace: %w", err)
	}
	return cmd.ProcessState.ExitCode(), nil
}

// isolate has a child start as root of a user namespace, with a network and a
// mount namespace that belong to it.
func isolate(child *syscall.SysProcAttr) {
	child.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS
	child.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	child.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
}

// startError tells a refusal from other reasons why the child did not start.
func startError(err error) error {
	// ENOSPC is user.max_user_namespaces, EUSERS a nesting too deep.
	var errno syscall.Errno
	if errors.As(err, &errno) && slices.Contains([]syscall.Errno{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EUSERS}, errno) {
		return &DeniedError{Op: "make a user namespace", Err: errno, hint: denialHint()}
	}
	return fmt.Errorf("run again in a user namespace: %w", err)
}

// terminalSent reports whether a signal presumably came from the terminal's
// keys: the terminal sends those to the whole foreground group, so the child
// has it already, and a second interrupt often means "now, without cleaning up".
func terminalSent(s os.Signal) bool {
	if s != unix.SIGINT && s != unix.SIGQUIT {
		return false
	}
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer unix.Close(tty)
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// denialHint says what keeps an ordinary user from making user namespaces, and
// the command that allows it.
func denialHint() string {
	for _, s := range []struct{ path, denies, allow string }{
		{"/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"},
		{"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"},
	} {
		if have, err := os.ReadFile(s.path); err == nil && strings.TrimSpace(string(have)) == s.denies {
			return "allow it with: sudo sysctl -w " + s.allow + ", or run as root with sudo"
		}
	}
	return "run as root with sudo; in a container, start it with --privileged"
}
