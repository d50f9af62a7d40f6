package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/probe"
)

// clusterOptions say which addresses a diagnosis is about, and who is who: the
// flags that a check and a replay have in common.
type clusterOptions struct {
	vips        []netip.Addr
	director    evidence.Host
	realServers []evidence.Host
}

// checkOptions are the flags of a check.
type checkOptions struct {
	clusterOptions
	iface       string
	netns       string
	probeSource netip.Addr

	noAnnounceTest bool
	failFast       bool
	port           uint16
	count          int
	wait           time.Duration
	rate           int
	quiet          bool
	write          string // --write

	render renderOptions
}

// register makes the flags known. Each is checked by itself while it is
// parsed; what only all of them together show is left to validate.
func (o *checkOptions) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.SortFlags = false
	o.registerVIP(fs, "the virtual IPs to check: `ADDR[,...]`")
	word(fs, &o.iface, "interface", "i", "the `IFACE` on the VIP's segment (default: the one that the route to the first VIP leaves by)")
	o.registerHosts(fs)
	word(fs, &o.netns, "netns", "", "work inside the network namespace `NS`: a name, a path or a process id")
	fs.Func("probe-source", "the unused on-link `ADDR` to make the announce test with (default: one that is found unused, RFC 5227)", func(s string) (err error) {
		o.probeSource, err = parseAddr(s)
		return err
	})
	fs.BoolVar(&o.noAnnounceTest, "no-announce-test", false, "never cause a real server to send an ARP request")
	fs.BoolVar(&o.failFast, "fail-fast", false, "end at the first proven fault")
	number(fs, &o.rate, "rate", "", "send at most `N` frames per second", probe.DefaultRate, 1_000_000)
	fs.Func("port", "a TCP service port `N` of the VIPs: finds the director and the pool behind it", func(s string) error {
		n, err := parseNumber(s, 1, 65535)
		o.port = uint16(n)
		return err
	})
	number(fs, &o.count, "count", "c", "ask `N` times who has each VIP", probe.DefaultCount, 10_000)
	o.wait = probe.DefaultWait
	fs.FuncP("wait", "w", "listen for `TIME` after the last frame (default 1s)", func(s string) (err error) {
		o.wait, err = parseWait(s)
		return err
	})
	o.render.register(cmd)
	registerWrite(fs, &o.write)
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no remarks: the result alone")
	cmd.RegisterFlagCompletionFunc("interface", completeInterface)
	cmd.RegisterFlagCompletionFunc("netns", completeNetNS)
}

func (o *clusterOptions) registerVIP(fs *pflag.FlagSet, usage string) {
	fs.Func("vip", usage, func(s string) (err error) {
		o.vips, err = parseList(o.vips, s, parseAddr)
		return err
	})
}

func (o *clusterOptions) registerHosts(fs *pflag.FlagSet) {
	fs.Func("director", "the `HOST` that should own the VIPs, as MAC, IP or IP=MAC", func(s string) (err error) {
		o.director, err = parseHost(s)
		return err
	})
	fs.Func("rs", "the real servers: `HOST[,...]`, each of which gets a verdict even if it stays silent", func(s string) (err error) {
		o.realServers, err = parseList(o.realServers, s, parseHost)
		return err
	})
}

// word makes a flag that takes any text but none: an empty one is a variable
// of a script that was not set, and must not come to the default unnoticed.
func word(fs *pflag.FlagSet, to *string, name, shorthand, usage string) {
	fs.FuncP(name, shorthand, usage, func(s string) error {
		if s == "" {
			return withHint(errors.New("the value is empty"), "leave --%s out for the default", name)
		}
		*to = s
		return nil
	})
}

// number makes a flag that takes a whole number from 1 on.
func number(fs *pflag.FlagSet, to *int, name, shorthand, usage string, def, most int) {
	*to = def
	fs.FuncP(name, shorthand, fmt.Sprintf("%s (default %d)", usage, def), func(s string) (err error) {
		*to, err = parseNumber(s, 1, most)
		return err
	})
}

// validate checks what no flag shows by itself.
func (o *checkOptions) validate() error {
	if len(o.vips) == 0 {
		return withHint(errors.New("--vip is missing: no address to check"), "arpcheck --vip 192.168.1.99 -i eth1")
	}
	if err := o.validateHosts(); err != nil {
		return err
	}
	if o.port != 0 && o.noAnnounceTest {
		return withHint(errors.New("--port and --no-announce-test exclude each other: a real server sends ARP requests to answer a SYN"),
			"leave out one of the two")
	}
	if err := o.validateProbeSource(); err != nil {
		return err
	}
	if err := o.render.validate(); err != nil {
		return err
	}
	return validateWrite(o.write, o.render.outputs, nil)
}

// validateHosts sees to it that each host has one name and one role.
func (o *clusterOptions) validateHosts() error {
	if slices.Contains(o.vips, o.director.IP) {
		return withHint(fmt.Errorf("--director: %s is a VIP itself", o.director.IP),
			"name the director by its MAC address, or by an address of its own")
	}
	seen := make(map[netip.Addr]evidence.MAC)
	for _, rs := range o.realServers {
		if slices.Contains(o.vips, rs.IP) {
			return withHint(fmt.Errorf("--rs: %s is a VIP itself", rs.IP),
				"name a real server by its MAC address, or by an address of its own (its RIP)")
		}
		if same(rs, o.director) {
			return withHint(fmt.Errorf("--rs: %s is the director as well", text(rs)), "a host is named by --director or by --rs, not by both")
		}
		if mac, ok := seen[rs.IP]; ok && rs.IP.IsValid() && mac != rs.MAC {
			return withHint(fmt.Errorf("--rs: %s is named with two MAC addresses", rs.IP), "name each real server once")
		}
		seen[rs.IP] = rs.MAC
	}
	return nil
}

func (o *checkOptions) validateProbeSource() error {
	src := o.probeSource
	if !src.IsValid() {
		return nil
	}
	if o.noAnnounceTest {
		return withHint(errors.New("--probe-source and --no-announce-test exclude each other: the address is for that test alone"),
			"leave out one of the two")
	}
	what := ""
	switch {
	case slices.Contains(o.vips, src):
		what = "a VIP"
	case src == o.director.IP:
		what = "the director's"
	case slices.ContainsFunc(o.realServers, func(rs evidence.Host) bool { return rs.IP == src }):
		what = "a real server's"
	default:
		return nil
	}
	return inUse(src, what)
}

// inUse says whose the address already is that should be unused.
func inUse(src netip.Addr, whose string) error {
	return withHint(fmt.Errorf("--probe-source: %s is in use: it is %s", src, whose),
		"name an address of the segment that no host has, or leave --probe-source out to have one found")
}

// same reports whether two names mean the same host.
func same(a, b evidence.Host) bool {
	return a.IP.IsValid() && a.IP == b.IP || !a.MAC.IsZero() && a.MAC == b.MAC
}

// text prints a host as it was named.
func text(h evidence.Host) string {
	switch {
	case !h.IP.IsValid():
		return h.MAC.String()
	case h.MAC.IsZero():
		return h.IP.String()
	}
	return h.IP.String() + "=" + h.MAC.String()
}
