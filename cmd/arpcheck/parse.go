package main

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// parseList reads values with commas between them by parse, and leaves out
// those that have is already given.
func parseList[T comparable](have []T, s string, parse func(string) (T, error)) ([]T, error) {
	for field := range strings.SplitSeq(s, ",") {
		v, err := parse(strings.TrimSpace(field))
		if err != nil {
			return have, err
		}
		if !slices.Contains(have, v) {
			have = append(have, v)
		}
	}
	return have, nil
}

// parseAddr reads the IPv4 address of one host.
func parseAddr(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	switch {
	case s == "":
		return addr, withHint(errors.New("an address is missing"), "for example 192.168.1.99, or 192.168.1.99,192.168.1.100")
	case err != nil:
		err := fmt.Errorf("%q is not an IPv4 address", s)
		if prefix, perr := netip.ParsePrefix(s); perr == nil {
			return addr, withHint(err, "without the prefix length: %s", prefix.Addr())
		}
		return addr, withHint(err, "four numbers from 0 to 255, such as 192.168.1.99; names are not looked up")
	case !addr.Is4():
		return addr, withHint(fmt.Errorf("%s is an IPv6 address, and ARP is IPv4's alone", addr),
			"IPv6 has neighbour discovery instead of ARP, which arpcheck does not check")
	}
	what := ""
	switch {
	case addr.IsUnspecified():
		what = "no address at all"
	case addr.As4()[0] == 0:
		what = "in 0.0.0.0/8, where no host has an address"
	case addr.IsLoopback():
		what = "a loopback address: no host but itself can reach it"
	case addr.IsMulticast():
		what = "a multicast address: ARP does not resolve it"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		what = "the broadcast address"
	}
	if what != "" {
		return addr, withHint(fmt.Errorf("%s is %s", addr, what), "give the address of one host, such as 192.168.1.99")
	}
	return addr, nil
}

const hostForms = "MAC, IP or IP=MAC, such as 02:00:5e:10:00:01, 192.168.1.10 or 192.168.1.10=02:00:5e:10:00:01"

// parseHost reads a host that is named by MAC, by IP, or by IP=MAC.
func parseHost(s string) (h evidence.Host, err error) {
	if ip, mac, both := strings.Cut(s, "="); both {
		if h.IP, err = parseAddr(ip); err == nil {
			h.MAC, err = parseMAC(mac)
		}
		return h, err
	}
	if _, err := evidence.ParseMAC(s); err == nil {
		h.MAC, err = parseMAC(s)
		return h, err
	}
	if _, err := netip.ParseAddr(s); err != nil {
		return h, withHint(fmt.Errorf("%q is neither a MAC nor an IPv4 address", s), hostForms)
	}
	h.IP, err = parseAddr(s)
	return h, err
}

// parseMAC reads the MAC address of one host.
func parseMAC(s string) (evidence.MAC, error) {
	mac, err := evidence.ParseMAC(s)
	if err == nil && (mac.IsZero() || mac.IsGroup()) {
		err = fmt.Errorf("%s is the MAC address of no single host", mac)
	}
	if err != nil {
		return evidence.MAC{}, withHint(err, hostForms)
	}
	return mac, nil
}

// parseNumber reads a whole number within bounds, both included.
func parseNumber(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

// parseWait reads a time like 1.5s or 300ms; a number alone is in seconds.
func parseWait(s string) (time.Duration, error) {
	const most = time.Hour
	d, err := time.ParseDuration(s)
	if err != nil {
		if f, ferr := strconv.ParseFloat(s, 64); ferr == nil && math.Abs(f) <= most.Seconds() {
			d, err = time.Duration(f*float64(time.Second)), nil
		}
	}
	if err != nil || d <= 0 || d > most {
		return 0, withHint(fmt.Errorf("%q is not a time above zero and up to an hour", s), "for example 1.5s, 300ms, or 2 for two seconds")
	}
	return d, nil
}
