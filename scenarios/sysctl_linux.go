package scenarios

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// writeSysctl sets a key in the calling thread's network namespace, for that
// is what /proc/sys/net shows. The file is written with bare system calls:
// os.WriteFile would register each with the poller first.
func writeSysctl(key, value string) error {
	path, err := sysctlPath(key)
	if err != nil {
		return err
	}
	if err := writeProc(path, value); err != nil {
		return &sysctlError{key, err}
	}
	return nil
}

func writeProc(path, value string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(value)); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: fmt.Errorf("%q: %w", value, err)}
	}
	return nil
}

func readProc(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}

// A baseline is what has to be written in a new namespace so that a lab does
// not depend on the machine. A new namespace starts with a copy of the
// machine's own net.ipv4.conf.all and default (devinet_init_net), and a
// distribution that sets rp_filter, or a Docker host that forwards, would
// change what the hosts of a lab answer.
//
// As all new namespaces start alike, one look at the first is enough.
type baseline struct {
	known bool
	write []string // the files that do not hold the wanted value
	want  map[string]string
}

// arpSettings are the settings of net.ipv4.conf that decide about ARP and
// whether a packet is let in. The kernel's default is 0 for all of them.
var arpSettings = []string{
	"accept_local", "arp_accept", "arp_announce", "arp_filter", "arp_ignore", "arp_notify",
	"drop_gratuitous_arp", "drop_unicast_in_l2_multicast", "forwarding",
	"proxy_arp", "proxy_arp_pvlan", "route_localnet", "rp_filter",
}

// apply brings the calling thread's namespace, a new one, to the baseline.
func (b *baseline) apply() error {
	if !b.known {
		b.look()
	}
	for _, path := range b.write {
		if err := writeProc(path, b.want[path]); err != nil {
			return err
		}
	}
	return nil
}

func (b *baseline) look() {
	b.known = true
	b.want = map[string]string{}
	add := func(path, value string) {
		// A setting that this kernel does not have needs no change.
		if have, err := readProc(path); err == nil && have != value {
			b.write = append(b.write, path)
			b.want[path] = value
		}
	}
	for _, which := range []string{"all", "default", "lo"} {
		for _, name := range arpSettings {
			add("/proc/sys/net/ipv4/conf/"+which+"/"+name, "0")
		}
		add("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", "1")
	}
}
