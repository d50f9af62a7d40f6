package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// A change is one step of a cure: of a sysctl, or of something else.
type change struct {
	dev, name string // the sysctl net.ipv4.conf.<dev>.<name>; empty: no sysctl
	value     int
	command   string // of what is no sysctl
	apply     func(*kernel.Host)
}

// key is the sysctl as files and sysctl(8) take it: where the interface has a
// dot, slashes keep it apart from the separators.
func (c change) key() string { return sysctlKey(c.dev, c.name) }

func sysctlKey(dev, name string) string {
	if slices.Contains([]byte(dev), '.') {
		return "net/ipv4/conf/" + dev + "/" + name
	}
	return "net.ipv4.conf." + dev + "." + name
}

// shell is the change as a line of shell.
func (c change) shell() string {
	if c.name != "" {
		return setNow(c.key(), c.value)
	}
	return c.command
}

func setNow(key string, value int) string {
	return "sysctl -w " + quote(fmt.Sprintf("%s=%d", key, value))
}

// line is the change as a line of a sysctl.d file.
func (c change) line() string { return fmt.Sprintf("%s = %d", c.key(), c.value) }

// echo is the line of shell that adds it there.
func (c change) echo(file string) string {
	return fmt.Sprintf("echo %s >> %s", quote(c.line()), quote(file))
}

// shell is the change as a line of shell that is run outside of the namespace.
func (in *Inspection) shell(c change) string {
	switch {
	case in.NetNS == "":
		return c.shell()
	case strings.Trim(in.NetNS, "0123456789") == "": // a process
		return "nsenter -t " + in.NetNS + " -n " + c.shell()
	case strings.Contains(in.NetNS, "/"):
		return "nsenter --net=" + quote(in.NetNS) + " " + c.shell()
	}
	return "ip netns exec " + quote(in.NetNS) + " " + c.shell()
}

func sysctl(dev, name string, value int) change {
	return change{dev: dev, name: name, value: value,
		apply: func(h *kernel.Host) { settings[name].set(section(h, dev), value) }}
}

// fix are the shell lines against troubles of one code.
func (j *judge) fix(same []trouble) (lines []string) {
	changes, left := j.whole(j.now, same, j.found)
	for _, c := range changes {
		lines = append(lines, j.shell(c))
		if c.name != "" && j.Boot == nil && j.NetNS == "" {
			lines = append(lines, c.echo(sysctlFile))
		}
	}
	for _, t := range left {
		if t.code == AnnounceLeak && same[0].code == AnnounceLeak {
			lines = append(lines, fmt.Sprintf("# give %s an address of its own: without one it borrows the VIP, whatever arp_announce says", t.dev))
		}
	}
	if j.boot != nil {
		kept, _ := j.whole(j.boot, common(same, j.then), j.then)
		lines = append(lines, j.keep(kept)...)
	}
	if slices.Contains([]Code{OnNIC, WideMask, SubnetAnswered}, same[0].code) {
		lines = append(lines, "# and likewise in the network configuration, for the next boot")
	}
	return lines
}

// mostWhole bounds how many VIPs, times interfaces, are worth a look at what
// each single cure uncovers. With more, the script is what people run.
const mostWhole = 4096

// whole is the cure of troubles, and of what goes wrong once they are gone: an
// address that was moved needs other settings than before. Settings come first,
// lest it leaks meanwhile. left is what the cure does not end.
func (j *judge) whole(s *state, same, found []trouble) (all []change, left []trouble) {
	if len(s.vips)*len(s.Interfaces) > mostWhole {
		return j.cure(s, same), nil
	}
	host := *j.Inspection
	host.Host = *changed(s.Host, func(*kernel.Host) {})
	for round, next := 0, same; round < rounds && len(next) > 0; round++ {
		k := host.judge(j.vip, s)
		k.role = j.role
		fresh := k.cure(s, next)
		for _, c := range fresh {
			c.apply(&host.Host)
			if !slices.ContainsFunc(all, func(o change) bool { return o.shell() == c.shell() }) {
				all = append(all, c)
			}
		}
		if len(fresh) == 0 {
			break
		}
		s = host.state(&host.Host, s.vips)
		k = host.judge(j.vip, s)
		k.role = j.role
		next = nil
		for _, t := range k.troubles(s) {
			if len(common([]trouble{t}, found)) == 0 {
				next = append(next, t)
			}
		}
	}
	k := host.judge(j.vip, s)
	k.role = j.role
	slices.SortStableFunc(all, func(a, b change) int { return number(a.name == "") - number(b.name == "") })
	return all, common(same, k.troubles(s))
}

// cure lists the changes that end the troubles that the host has, the fewest
// that are needed: what is right already is left alone.
func (j *judge) cure(s *state, troubles []trouble) (all []change) {
	h := s.Host
	add := func(c change) {
		same := func(o change) bool { return o.dev == c.dev && o.name == c.name && o.command == c.command }
		if !slices.ContainsFunc(all, same) {
			all = append(all, c)
		}
	}
	for _, t := range troubles {
		switch t.code {
		case Missing:
			if j.role == RealServer {
				for _, in := range s.segments {
					for _, c := range append(raise(h, in.Name, "arp_ignore", 1, 2), raise(h, in.Name, "arp_announce", 2, 2)...) {
						add(c)
					}
				}
				for _, c := range j.move() {
					add(c)
				}
			}
		case OnNIC, GratuitousLeak, WideMask, SubnetAnswered:
			for _, c := range j.move() {
				add(c)
			}
		case ReplyLeak:
			if len(j.at) == 0 {
				for _, c := range j.unproxy(h, t.dev) {
					add(c)
				}
			} else if !j.sits(t.dev) {
				for _, c := range raise(h, t.dev, "arp_ignore", 1, 2) {
					add(c)
				}
			} else {
				for _, c := range append(j.move(), raise(h, t.dev, "arp_ignore", 1, 2)...) {
					add(c)
				}
			}
		case AnnounceLeak:
			for _, c := range raise(h, t.dev, "arp_announce", 2, 2) {
				add(c)
			}
			if j.sits(t.dev) { // 2 picks the interface's own, and that may be the VIP
				for _, c := range j.move() {
					add(c)
				}
			}
		case ARPSilent, Unanswered:
			if in := h.Interface(t.dev); in.NoARP {
				add(arpOn(t.dev))
			}
			low, high := 1, 2
			switch {
			case t.code == ARPSilent:
			case j.sits(t.dev):
				high = 1 // 2 wants sender and VIP in one subnet
			default:
				low, high = 0, 0 // a director that has the VIP on lo
			}
			for _, c := range raise(h, t.dev, "arp_ignore", low, high) {
				add(c)
			}
		case ProxyARP:
			for _, c := range j.unproxy(h, t.dev) {
				add(c)
			}
		case RPFilterDrop:
			// The greater of the two counts, and 2, which is loose, is greater
			// than 1, which is strict: one interface can be let off.
			add(sysctl(t.dev, "rp_filter", 2))
		}
	}
	return all
}

// raise brings a setting of which the greater value counts into bounds, by way
// of "all", which is right whatever the interface is called. What the interface
// itself has beyond the bounds would still count, so it is lowered.
func raise(h *kernel.Host, dev, name string, low, high int) (all []change) {
	value := settings[name].get
	own := value(section(h, dev))
	if v := value(&h.All); v > high || own <= high && max(v, own) < low {
		all = append(all, sysctl("all", name, low))
	}
	if own > high {
		all = append(all, sysctl(dev, name, low))
	}
	return all
}

// move puts the VIP where a real server should have it.
func (j *judge) move() (all []change) {
	lo := "lo"
	for i := range j.Interfaces {
		if j.Interfaces[i].Loopback {
			lo = j.Interfaces[i].Name
		}
	}
	narrow := netip.PrefixFrom(j.vip, 32)
	good := slices.ContainsFunc(j.at, func(p place) bool { return j.Links[p.dev].Holder && p.Bits() == 32 })
	if !good {
		all = append(all, change{command: fmt.Sprintf("ip addr add %s dev %s", narrow, quote(lo)), apply: func(h *kernel.Host) {
			in := h.Interface(lo)
			in.Addresses = append(in.Addresses, kernel.Address{Prefix: narrow})
		}})
	}
	for _, p := range j.at {
		if j.Links[p.dev].Holder && p.Bits() == 32 {
			continue
		}
		// Without it, the secondary addresses of the subnet, the host's own
		// among them, go when the primary one does (__inet_del_ifa).
		if j.leads(p) {
			all = append(all, change{command: setNow(sysctlKey(p.dev, "promote_secondaries"), 1), apply: func(*kernel.Host) {}})
		}
		all = append(all, change{command: fmt.Sprintf("ip addr del %s dev %s", p.words(), quote(p.dev)), apply: func(h *kernel.Host) {
			in := h.Interface(p.dev)
			in.Addresses = slices.DeleteFunc(in.Addresses, func(a kernel.Address) bool { return a.Prefix == p.Prefix && a.Peer == p.Peer })
			if i := slices.IndexFunc(in.Addresses, func(a kernel.Address) bool { return a.Subnet().Masked() == p.Subnet().Masked() }); i >= 0 {
				in.Addresses[i].Secondary = false
			}
		}})
	}
	return all
}

// leads reports whether other addresses are secondary to this one.
func (j *judge) leads(p place) bool {
	return !p.Secondary && slices.ContainsFunc(j.Interface(p.dev).Addresses, func(a kernel.Address) bool {
		return a.Secondary && a.Subnet().Masked() == p.Subnet().Masked()
	})
}

// unproxy ends proxy ARP on an interface.
func (j *judge) unproxy(h *kernel.Host, dev string) (all []change) {
	for _, name := range []string{"proxy_arp", "proxy_arp_pvlan"} {
		for _, where := range []string{"all", dev} {
			if settings[name].get(section(h, where)) != 0 {
				all = append(all, sysctl(where, name, 0))
			}
		}
	}
	if in := h.Interface(dev); in != nil {
		for _, addr := range in.Proxied {
			all = append(all, change{command: fmt.Sprintf("ip neigh del proxy %s dev %s", addr, quote(dev)), apply: func(h *kernel.Host) {
				h.Interface(dev).Proxied = nil
			}})
		}
	}
	return all
}

func arpOn(dev string) change {
	return change{command: fmt.Sprintf("ip link set dev %s arp on", quote(dev)), apply: func(h *kernel.Host) { h.Interface(dev).NoARP = false }}
}

// words are the address as ip(8) takes it.
func (p place) words() string {
	if p.Peer.IsValid() {
		return fmt.Sprintf("%s peer %s", p.Addr(), p.Peer)
	}
	return p.Prefix.String()
}
