package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// findings puts the troubles into words: one finding for each code, whatever
// the number of interfaces, as the cure is one, too.
func (j *judge) findings(now []trouble) (all []Finding) {
	for _, code := range Codes() {
		var same []trouble
		for _, t := range now {
			if t.code == code {
				same = append(same, t)
			}
		}
		if len(same) > 0 {
			all = append(all, j.finding(same))
		}
	}
	return all
}

func (j *judge) finding(same []trouble) Finding {
	slices.SortStableFunc(same, func(a, b trouble) int { return j.prominence(b.dev) - j.prominence(a.dev) })
	t := same[0]
	f := Finding{Code: t.code, Severity: severity(same)}
	f.MAC, f.IPs = j.known(t.dev)
	on := "on " + devs(same)
	switch t.code {
	case ReplyLeak:
		f.Summary = fmt.Sprintf("This host answers who-has %s %s, and should leave that to the director.", j.vip, on)
		f.Causes = j.causes(same, j.replyCause)
		f.Why = j.replyWhy(t.dev)
	case OnNIC:
		f.Summary = fmt.Sprintf("%s is %s, which faces the segment.", j.vip, on)
		f.Why = "arp_ignore 1 and 2 hide the addresses of other interfaces, never those of the one that is asked. On a real server the VIP belongs on lo."
	case AnnounceLeak:
		f.Summary = fmt.Sprintf("This host uses %s as the sender of its own ARP requests %s.", j.vip, on)
		f.Causes = j.causes(same, j.announceCause)
		f.Why = "Every host that has a neighbour entry for the VIP believes the sender of such a broadcast, and sends the VIP's traffic here from then on. 2 announces the interface's own address, if it has one. " + whereLeaves
	case GratuitousLeak:
		f.Summary = fmt.Sprintf("The kernel will send gratuitous ARP for %s %s whenever the interface comes up.", j.vip, on)
		f.Causes = []string{fmt.Sprintf("arp_notify is on, and %s is %s", j.vip, on)}
		f.Why = "Gratuitous ARP moves the neighbour entries of all hosts at once. The kernel sends it for the addresses of that very interface only: on lo the VIP is safe from it."
	case Unanswered:
		f.Summary = fmt.Sprintf("This host does not answer who-has %s on any interface, so no client can find it.", j.vip)
		f.Causes = []string{fmt.Sprintf("the VIP is %s, and arp_ignore is %s on %s", j.where(), j.deciding(ignoreKnob, t.dev), t.dev)}
		f.Why = "A director is the one host that must answer for the VIP."
	case Missing:
		f.Summary = fmt.Sprintf("This host does not have %s.", j.vip)
		f.Why = "A real server without the VIP drops the packets that the director passes on to it. A director that waits as backup has it only after a failover."
	case SubnetAnswered:
		f.Summary = fmt.Sprintf("This host answers for addresses that nobody has, such as %s, %s.", t.addr, on)
		f.Why = j.wideWhy()
	case WideMask:
		f.Summary = fmt.Sprintf("%s has a netmask %s, so this host can reach nobody else in that subnet%s.", j.vip, on, j.spared())
		f.Why = j.wideWhy()
	case ARPSilent:
		f.Summary = fmt.Sprintf("This host does not answer who-has for its own address %s %s.", t.addr, on)
		f.Causes = j.causes(same, j.silenceCause)
		f.Why = j.silenceWhy()
	case ProxyARP:
		f.Summary = fmt.Sprintf("This host answers for addresses that it only routes to, such as %s.", examples(same))
		f.Causes = j.causes(same, j.proxySwitch)
		f.Why = proxyWhy + " If that is meant to be so, nothing is wrong here."
	case RPFilterDrop:
		f.Summary = fmt.Sprintf("Strict rp_filter drops packets for %s from clients whose way back leaves by another interface than they come in, %s.", j.vip, on)
		f.Causes = j.causes(same, func(dev string) string {
			return fmt.Sprintf("rp_filter is %s, and the way back to %s, for one, leaves by another interface", deciding(j.All.RPFilter, j.Interface(dev).RPFilter, dev), t.addr)
		})
		f.Why = "The director passes packets on with the client's address as source. With rp_filter 1 the kernel wants the route back to that address to leave by the same interface (fib_validate_source); 2 wants any route, 0 none."
	}
	if where := j.pending(same); where != "" {
		f.Why += fmt.Sprintf(" %s has it right for the next boot: `sysctl --system` sets it now.", where)
	}
	f.Fix = j.fix(same)
	return f
}

// severity of several troubles of one code.
func severity(same []trouble) Severity {
	if same[0].code == RPFilterDrop {
		return Warning
	}
	if slices.ContainsFunc(same, func(t trouble) bool { return !t.mild }) {
		return Critical
	}
	return Warning
}

// prominence orders interfaces: first the one on the VIP's own segment.
func (j *judge) prominence(dev string) int {
	in := j.Interface(dev)
	switch {
	case in == nil || len(in.Addresses) == 0:
		return 0
	case j.facing(dev):
		return 2
	}
	return 1
}

// facing reports whether the VIP is in a subnet of the interface.
func (j *judge) facing(dev string) bool {
	return slices.ContainsFunc(j.Interface(dev).Addresses, func(a kernel.Address) bool {
		return a.Addr() != j.vip && !a.Subnet().IsSingleIP() && a.Subnet().Contains(j.vip)
	})
}

// causes are those of each interface; one that several share is told once.
func (j *judge) causes(same []trouble, of func(dev string) string) (all []string) {
	share := map[string][]trouble{}
	for _, t := range same {
		cause := of(t.dev)
		if share[cause] == nil {
			all = append(all, cause)
		}
		share[cause] = append(share[cause], t)
	}
	for i, cause := range all {
		all[i] = strings.ReplaceAll(cause, here, devs(share[cause]))
	}
	return all
}

// wideWhy says what a netmask does to an address that is on no segment.
func (j *judge) wideWhy() string {
	for _, p := range j.at {
		switch {
		case p.Bits() == 32 || !j.Links[p.dev].Holder:
		case j.Interface(p.dev).Loopback:
			return fmt.Sprintf("An address on lo makes its whole subnet local (fib_add_ifaddr): with %s on lo the host owns every address of %s. It looks for clients, routers and the director there in itself%s. A VIP on lo needs /32.", p.Prefix, p.Masked(), j.spared())
		default:
			return fmt.Sprintf("%s makes a route to %s by %s, which leads nowhere. A VIP there needs /32.", p, p.Masked(), p.dev)
		}
	}
	return ""
}

// where tells where the VIP is.
func (j *judge) where() string {
	var all []string
	for _, p := range j.at {
		all = append(all, p.String())
	}
	return strings.Join(all, " and ")
}

// known is by what people know the host: the addresses of the interface, or,
// where it leads nowhere or has none, of the one that does.
func (j *judge) known(dev string) (mac evidence.MAC, ips []netip.Addr) {
	if ips = j.ips(dev); len(ips) > 0 && j.Links[dev].Segment {
		return j.Links[dev].MAC, ips
	}
	best := -1
	for _, in := range j.now.segments {
		if p := j.prominence(in.Name); p > best && len(j.ips(in.Name)) > 0 {
			best, mac, ips = p, j.Links[in.Name].MAC, j.ips(in.Name)
		}
	}
	if best < 0 {
		return j.Links[dev].MAC, nil
	}
	return mac, ips
}

// ips are the first of an interface's addresses that are no VIPs.
func (j *judge) ips(dev string) (all []netip.Addr) {
	if in := j.Interface(dev); in != nil {
		for _, a := range in.Addresses {
			if a.Addr() != j.vip && !j.now.taken[a.Addr()] && len(all) < mostAddresses {
				all = append(all, a.Addr())
			}
		}
	}
	return all
}

// mostAddresses bounds what is listed of the addresses of one interface, for
// there is a list for each VIP.
const mostAddresses = 16

// examples names an address for each interface.
func examples(same []trouble) string {
	var all []string
	for _, t := range same {
		all = append(all, fmt.Sprintf("%s on %s", t.addr, t.dev))
	}
	return some(all)
}

// spared names the subnets of other interfaces that a wide mask does not draw in,
// for their own mask is longer.
func (j *judge) spared() string {
	var all []string
	for _, p := range j.at {
		for _, in := range j.now.segments {
			for _, a := range in.Addresses {
				q := a.Subnet().Masked()
				if !p.Subnet().IsSingleIP() && p.Subnet().Contains(q.Addr()) && q.Bits() > p.Subnet().Bits() && !q.IsSingleIP() && !slices.Contains(all, q.String()) {
					all = append(all, q.String())
				}
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " but for " + some(all)
}

// names are the interfaces of troubles, each once.
func names(same []trouble) (all []string) {
	seen := map[string]bool{}
	for _, t := range same {
		if !seen[t.dev] {
			seen[t.dev] = true
			all = append(all, t.dev)
		}
	}
	return all
}

// devs lists the first few of them.
func devs(same []trouble) string {
	all := names(same)
	if len(all) > 4 {
		all = append(all[:3], fmt.Sprintf("%d more", len(all)-3))
	}
	return strings.Join(all, ", ")
}
