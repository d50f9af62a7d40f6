package scenarios

import (
	"errors"
	"fmt"
	"os"

	"github.com/arpcheck/arpcheck/inspect"
)

// errNoHost is what all that is done on a host fails with when [Lab.Host] had none.
var errNoHost = errors.New("the lab has no host of that name")

// String is the host's name.
func (h *Host) String() string {
	if h == nil {
		return "(none)"
	}
	return h.Name
}

// Do runs f on an OS thread that is inside the host's network namespace:
// sockets that f opens belong to the host and stay usable after it; a command
// that f starts runs on the host. What f starts with the go statement does not.
// The thread ends with f.
//
// f must not end its goroutine, so no t.Fatal; Do returns an error if it does.
func (h *Host) Do(f func() error) error {
	if h == nil {
		return errNoHost
	}
	return inspect.OnThread(func() error {
		if err := enter(h.ns); err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
		return f()
	})
}

// NetNS is a path by which this and other processes of the same user can open
// the host's namespace, until the lab is closed or this process ends. As the
// user of a user namespace, only processes within it can.
func (h *Host) NetNS() string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), h.ns.Fd())
}

// Sysctl changes a setting of the host, such as net.ipv4.conf.all.arp_ignore.
// Where the name of an interface has a dot, either form of sysctl(8) works:
// net.ipv4.conf.eth1/100.arp_ignore and net/ipv4/conf/eth1.100/arp_ignore.
func (h *Host) Sysctl(key, value string) error {
	return h.Do(func() error { return writeSysctl(key, value) })
}

// SysctlGet reads a setting of the host, without the line's end.
func (h *Host) SysctlGet(key string) (string, error) {
	path, err := sysctlPath(key)
	if err != nil {
		return "", err
	}
	var value string
	err = h.Do(func() (err error) {
		value, err = readProc(path)
		return err
	})
	return value, err
}
