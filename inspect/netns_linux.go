package inspect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// The folders in which `ip netns` keeps its names: one is usually a symbolic
// link to the other.
var namedIn = []string{"/run/netns", "/var/run/netns"}

// forms is the hint for a reference that leads nowhere.
const forms = "give a name as of `ip netns`, a path such as /proc/PID/ns/net, or a process id"

// InNetNS calls f inside the network namespace that ref refers to, by name (as
// `ip netns` has it), path or process id, and returns f's error. Sockets that f
// opens stay in that namespace. With an empty ref f is called right here.
//
// f runs on a thread of its own that ends with it: a thread in a foreign
// namespace never does other work.
func InNetNS(ref string, f func() error) error {
	if ref == "" {
		return f()
	}
	ns, err := openNetNS(ref)
	if err != nil {
		return err
	}
	defer ns.Close()
	return OnThread(func() error {
		if err := netns.Set(ns); err != nil {
			return enterError(ref, err)
		}
		return f()
	})
}

// openNetNS finds the file that stands for the namespace.
func openNetNS(ref string) (netns.NsHandle, error) {
	path, kind := ref, "path"
	if !strings.Contains(ref, "/") {
		path, kind = namedPath(ref)
	}
	// A FIFO or a terminal must not be opened: the files of namespaces are
	// regular ones.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return netns.None(), notNamespace(ref)
	}
	if err == nil {
		var ns netns.NsHandle
		if ns, err = netns.GetFromPath(path); err == nil {
			return ns, nil
		}
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		return netns.None(), notAllowed("open", ref, err)
	case kind == "process" && errors.Is(err, os.ErrNotExist):
		return netns.None(), withHint(fmt.Errorf("no process has the id %s", ref),
			"the pid of a container is what `docker inspect -f '{{.State.Pid}}' NAME` prints")
	case !errors.Is(err, os.ErrNotExist):
		return netns.None(), fmt.Errorf("opening the network namespace %s: %w", ref, err)
	}
	err = fmt.Errorf("no such network namespace: %s", ref)
	if kind == "path" {
		return netns.None(), withHint(err, forms)
	}
	if names := namespaces(); len(names) > 0 {
		return netns.None(), withHint(err, "those that exist: %s", some(names))
	}
	return netns.None(), withHint(err, "no named namespace exists; give a path such as /proc/PID/ns/net, or a process id")
}

// namedPath is where a name, or else a process id, has its namespace file. A
// name of digits alone is a name first: whoever made it means it.
func namedPath(ref string) (path, kind string) {
	for _, dir := range namedIn {
		path = filepath.Join(dir, ref)
		if _, err := os.Stat(path); err == nil || errors.Is(err, os.ErrPermission) {
			return path, "name"
		}
	}
	if pid, err := strconv.ParseUint(ref, 10, 31); err == nil {
		return fmt.Sprintf("/proc/%d/ns/net", pid), "process"
	}
	return path, "name"
}

// namespaces lists the names that exist.
func namespaces() []string {
	for _, dir := range namedIn {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	return nil
}

func notNamespace(ref string) error {
	return withHint(fmt.Errorf("%s is not a network namespace", ref), forms)
}

// enterError explains why setns(2) refused.
func enterError(ref string, err error) error {
	switch {
	case errors.Is(err, unix.EINVAL):
		return notNamespace(ref)
	case errors.Is(err, os.ErrPermission):
		return notAllowed("enter", ref, err)
	}
	return fmt.Errorf("entering the network namespace %s: %w", ref, err)
}

func notAllowed(do, ref string, err error) error {
	return withHint(fmt.Errorf("no permission to %s the network namespace %s: %w", do, ref, err),
		"another network namespace takes CAP_SYS_ADMIN: run it with sudo")
}
