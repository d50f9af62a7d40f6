package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// A knob is one of the two settings that decide about a VIP.
type knob struct {
	name string
	of   func(kernel.Settings) int
}

// here stands for the interface in the text of a cause, so that a cause that
// several interfaces share is told once.
const here = "\x00"

var (
	ignoreKnob   = knob{"arp_ignore", func(s kernel.Settings) int { return s.ARPIgnore }}
	announceKnob = knob{"arp_announce", func(s kernel.Settings) int { return s.ARPAnnounce }}
)

// replyCause says why the host answers for the VIP on that interface: the one
// cause, as the host itself knows all of its settings.
func (j *judge) replyCause(dev string) string {
	d := j.deciding(ignoreKnob, dev)
	if len(j.at) == 0 {
		return fmt.Sprintf("it does not have %s, but routes to it and answers as a proxy: %s", j.vip, j.proxySwitch(dev))
	}
	for _, p := range j.at {
		if p.dev == dev {
			return fmt.Sprintf("%s is on %s itself, and no arp_ignore but 8 makes an interface silent for its own addresses (here it is %s)", p.Prefix, here, d)
		}
	}
	switch {
	case d.Value == 0:
		return j.unset(ignoreKnob, dev)
	case d.Value == 3:
		return fmt.Sprintf("arp_ignore is %s, which hides addresses of scope host alone, and %s has scope %s", d, j.at[0], j.at[0].Scope)
	case d.Value >= 4 && d.Value <= 7:
		return fmt.Sprintf("arp_ignore is %s: 4 to 7 are reserved and behave as 0", d)
	}
	return fmt.Sprintf("arp_ignore is %s", d)
}

// announceCause does the same for the VIP as sender.
func (j *judge) announceCause(dev string) string {
	switch d := j.deciding(announceKnob, dev); {
	case d.Value > 2:
		return fmt.Sprintf("arp_announce is %s: what is greater than 2 behaves as 0", d)
	case d.Value == 1:
		if in := j.Interface(dev); in != nil && !slices.ContainsFunc(in.Addresses, func(a kernel.Address) bool { return a.Subnet().Contains(j.vip) }) {
			return j.borrows(d)
		}
		return fmt.Sprintf("arp_announce is %s, which lets %s through, for it is in a subnet of %s", d, j.vip, here)
	case d.Value == 2 && j.sits(dev):
		return fmt.Sprintf("arp_announce is %s, which announces the best address of %s, and that is %s itself: it comes before the others there", d, here, j.vip)
	case d.Value == 2:
		return j.borrows(d)
	}
	return j.unset(announceKnob, dev)
}

// borrows is the cause where no setting helps (inet_select_addr).
func (j *judge) borrows(d Deciding) string {
	return fmt.Sprintf("arp_announce is %s, which announces the best address of %s; it has none of its own that may leave the host, so it borrows %s of %s", d, here, j.vip, j.at[0].dev)
}

func (j *judge) deciding(k knob, dev string) Deciding {
	in := j.Interface(dev)
	if in == nil {
		in = new(kernel.Interface)
	}
	return deciding(k.of(j.All), k.of(in.Settings), dev)
}

// unset says why a setting is 0 on the interface, above all where somebody
// believes to have set it.
func (j *judge) unset(k knob, dev string) string {
	var elsewhere []string
	onLo := 0
	for i := range j.Interfaces {
		switch in := &j.Interfaces[i]; {
		case k.of(in.Settings) == 0 || in.Name == dev:
		case in.Loopback:
			onLo = k.of(in.Settings)
		case j.Links[in.Name].Master == dev:
			elsewhere = append(elsewhere, fmt.Sprintf("%s (%d), a port of %s", in.Name, k.of(in.Settings), dev))
		case j.Links[in.Name].Segment || j.Links[in.Name].Holder:
			elsewhere = append(elsewhere, fmt.Sprintf("%s (%d)", in.Name, k.of(in.Settings)))
		}
	}
	switch {
	case onLo > 0 && len(elsewhere) == 0:
		return fmt.Sprintf("%s is set on lo alone (%d), where it changes nothing: what counts is %s and all, and there it is 0", k.name, onLo, here)
	case len(elsewhere) > 0:
		return fmt.Sprintf("%s is set on %s, but on %s and on all it is 0", k.name, strings.Join(elsewhere, " and "), here)
	case k.of(j.Default) > 0:
		return fmt.Sprintf("%s is set on default (%d), which is only what new interfaces start with; on %s and on all it is 0", k.name, k.of(j.Default), here)
	}
	return fmt.Sprintf("%s is not set: it is 0 on %s and on all", k.name, here)
}

// silenceCause says why the interface does not answer for its own address.
func (j *judge) silenceCause(dev string) string {
	if in := j.Interface(dev); in != nil && in.NoARP {
		return fmt.Sprintf("ARP is turned off on %s (NOARP)", here)
	}
	d := j.deciding(ignoreKnob, dev)
	if own, ok := j.own(j.now, j.Interface(dev)); ok && !own.Subnet().Contains(own.Addr()) {
		return fmt.Sprintf("arp_ignore is %s, which wants an address to be in a subnet of its interface, and %s on %s is not in that of its peer, %s", d, own.Addr(), here, own.Peer)
	}
	return fmt.Sprintf("arp_ignore is %s", d)
}

// proxySwitch names what makes the interface answer as a proxy.
func (j *judge) proxySwitch(dev string) string {
	in := j.Interface(dev)
	switch {
	case in == nil:
		return "proxy_arp"
	case j.All.ProxyARP:
		return "proxy_arp is 1 on all, and the host forwards"
	case in.ProxyARP:
		return "proxy_arp is 1 on " + here + ", and the host forwards"
	case j.All.ProxyPVLAN || in.ProxyPVLAN:
		return "proxy_arp_pvlan is 1, and the host forwards"
	}
	return "an entry of `ip neigh add proxy` on " + here + ", and the host forwards"
}

// String tells the value and where it comes from.
func (d Deciding) String() string {
	if d.From == "" {
		return fmt.Sprint(d.Value)
	}
	return fmt.Sprintf("%d (%s)", d.Value, d.From)
}

// replyWhy says why the kernel answers for the VIP on the first of several
// interfaces.
func (j *judge) replyWhy(dev string) string {
	d := j.deciding(ignoreKnob, dev)
	switch {
	case len(j.at) == 0:
		return proxyWhy
	case j.sits(dev):
		return "arp_ignore 1 and 2 hide the addresses of other interfaces, never those of the one that is asked."
	case d.Value == 3:
		return "`ip addr add` gives an address scope global, on lo, too, unless it ends in \"scope host\"; and with route_localnet 3 hides not even those of scope host. 1 hides the VIP on lo whatever its scope. " + whereAsked
	}
	return "With arp_ignore 0 Linux answers for every address of the host, whichever interface is asked. " + whereAsked
}

const proxyWhy = "arp_ignore has no say in proxy ARP (arp_process: it is asked for local addresses alone)."

// silenceWhy says what it means that an interface hides its own address.
func (j *judge) silenceWhy() string {
	switch j.role {
	case Director:
		return "Nobody finds this host at that address any more: not its clients, nor its routers. arp_ignore 1 answers for the addresses of the interface that is asked."
	case RealServer:
		return "It hides the VIP, and the real server's own address with it: the director cannot find it any more. arp_ignore 1 hides the VIP on lo alone."
	}
	return "Nobody on the segment finds this host at that address any more."
}
