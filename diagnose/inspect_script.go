package diagnose

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// rounds bounds how often a cure is looked at again: an address that was moved
// needs other settings than before.
const rounds = 4

// Script is a POSIX shell script that makes the host pass for all VIPs, now and
// after the next boot: only the changes that are needed, none if there are
// none. It is run outside of the namespace, if one is inspected. Below root are
// the files of the next boot; empty: "/".
func Script(in *Inspection, vips []netip.Addr, root string) string {
	now, boot, left := cures(in, vips)
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	fmt.Fprintf(&b, "# From arpcheck inspect, for %s: only what has to change.\n", join(vips))
	for _, text := range left {
		fmt.Fprintf(&b, "# Not cured by it: %s\n", text)
	}
	if len(now)+len(boot) == 0 {
		if len(left) == 0 {
			b.WriteString("# Nothing is to be changed.\n")
		}
		return b.String()
	}
	b.WriteString("set -eu\n")
	if len(now) > 0 {
		b.WriteString("\n# Now:\n")
	}
	moved := false
	for _, c := range now {
		moved = moved || c.name == ""
		b.WriteString(in.shell(c) + "\n")
	}
	if in.Boot == nil && in.NetNS != "" {
		b.WriteString("\n# It lasts as long as the namespace: what makes it has to set this, too.\n")
	}
	if len(boot) > 0 {
		file := path.Join(root, in.dropIn(boot))
		fmt.Fprintf(&b, "\n# And after the next boot:\nmkdir -p %s\ncat >> %s <<'EOF'\n", quote(path.Dir(file)), quote(file))
		for _, c := range boot {
			b.WriteString(c.line() + "\n")
		}
		b.WriteString("EOF\n")
	}
	if moved {
		b.WriteString("\n# Addresses and flags of interfaces: do the same in the network configuration.\n")
	}
	return b.String()
}

// cures are the changes that make the host pass, now and after the next boot,
// and what no change makes pass.
func cures(in *Inspection, vips []netip.Addr) (now, boot []change, left []string) {
	roles := map[netip.Addr]Role{}
	before := in.state(&in.Host, vips)
	for _, vip := range vips {
		roles[vip] = in.judge(vip, before).role
	}
	host := *in
	host.Host = *changed(&in.Host, func(*kernel.Host) {})
	now = host.cure(vips, roles)
	// First the settings: an address that comes before them leaks meanwhile.
	slices.SortStableFunc(now, func(a, b change) int { return number(a.name == "") - number(b.name == "") })
	after := host.state(&host.Host, vips)
	for _, vip := range vips {
		j := host.judge(vip, after)
		j.role = roles[vip]
		if t := j.troubles(after); len(t) > 0 {
			left = append(left, fmt.Sprintf("this host %s (%s)", j.deeds(t), vip))
		}
	}

	if in.Boot == nil {
		for _, c := range now {
			if c.name != "" && in.NetNS == "" { // the files are the machine's, not the namespace's
				boot = append(boot, c)
			}
		}
		return now, boot, left
	}
	then := host
	then.Host = *host.booted(&host.Host)
	for _, c := range then.cure(vips, roles) {
		if c.name != "" {
			boot = append(boot, c)
		}
	}
	return now, boot, left
}

// cure changes the host until it passes for all VIPs, and lists the changes.
func (in *Inspection) cure(vips []netip.Addr, roles map[netip.Addr]Role) (all []change) {
	now := in.state(&in.Host, vips)
	for range rounds {
		before := len(all)
		for _, vip := range vips {
			j := in.judge(vip, now)
			j.role = roles[vip]
			changes := j.cure(now, j.troubles(now))
			for _, c := range changes {
				c.apply(&in.Host)
			}
			if len(changes) > 0 {
				now = in.state(&in.Host, vips)
			}
			all = append(all, changes...)
		}
		if len(all) == before {
			break
		}
	}
	// What was set twice counts as it was set last.
	var once []change
	for i, c := range all {
		if c.name == "" || !slices.ContainsFunc(all[i+1:], func(d change) bool { return d.name == c.name && d.dev == c.dev }) {
			once = append(once, c)
		}
	}
	return once
}

// quote is a word for the shell.
func quote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-=:@,+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// join lists the first few addresses.
func join(addrs []netip.Addr) string {
	const most = 4
	var all []string
	for i, a := range addrs {
		if i == most {
			return fmt.Sprintf("%s and %d more", strings.Join(all, ", "), len(addrs)-most)
		}
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}
