package inspect

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// errNoIPv4 means that the kernel has no IPv4 settings for an interface.
var errNoIPv4 = errors.New("no IPv4 settings")

// readGlobals reads what is not of one interface.
func (h *Host) readGlobals() (err error) {
	if h.All, err = readSettings("all"); err != nil {
		return err
	}
	if h.Default, err = readSettings("default"); err != nil {
		return err
	}
	mute, err := readNumber("icmp_echo_ignore_all")
	h.IgnoreEcho = mute != 0
	return err
}

// readSettings reads net.ipv4.conf of an interface, of "all" or of "default".
func readSettings(dev string) (s kernel.Settings, err error) {
	if _, err := os.Stat("/proc/sys/net/ipv4/conf/" + dev); errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("%s: %w", dev, errNoIPv4)
	}
	number := func(name string) int {
		var n int
		if err == nil {
			n, err = readNumber("conf/" + dev + "/" + name)
		}
		return n
	}
	s = kernel.Settings{
		ARPIgnore:   number("arp_ignore"),
		ARPAnnounce: number("arp_announce"),
		RPFilter:    number("rp_filter"),
		ARPFilter:   number("arp_filter") != 0,
		ProxyARP:    number("proxy_arp") != 0,
		ProxyPVLAN:  number("proxy_arp_pvlan") != 0,
		AcceptLocal: number("accept_local") != 0,
		Forwarding:  number("forwarding") != 0,
		MediumID:    number("medium_id"),
		ARPNotify:   number("arp_notify") != 0,

		RouteLocalnet: number("route_localnet") != 0,

		DropUnicastInL2Multicast: number("drop_unicast_in_l2_multicast") != 0,
	}
	return s, err
}

// readNumber reads one setting below net.ipv4. /proc/sys/net shows the
// namespace of the thread that opens it. The name goes into a path, where a
// dot (eth1.10) needs no care. A setting that this kernel does not have is 0.
func readNumber(name string) (int, error) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/" + name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading a setting: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("net.ipv4.%s is no number: %w", strings.ReplaceAll(name, "/", "."), err)
	}
	return n, nil
}
