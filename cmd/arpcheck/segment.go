package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/kernel"
	"github.com/arpcheck/arpcheck/scenarios"
)

// fits checks what was asked against the segment that it is asked on.
func (o *checkOptions) fits(s *inspect.Segment) error {
	name := s.Interface.Name
	for _, vip := range o.vips {
		for _, p := range s.Addresses {
			what := ""
			switch {
			case p.Bits() > 30: // there, both are hosts' (RFC 3021)
			case vip == kernel.Broadcast(p):
				what = "broadcast"
			case vip == p.Masked().Addr() && vip != p.Addr():
				what = "network"
			}
			if what != "" {
				return withHint(fmt.Errorf("--vip: %s is the %s address of %s on %s", vip, what, p.Masked(), name),
					"give the address of one host")
			}
		}
	}
	src := o.probeSource
	if !src.IsValid() {
		return nil
	}
	if slices.Contains(s.Local, src) {
		return inUse(src, "this host's")
	}
	if slices.Contains(s.Gateways, src) {
		return inUse(src, "a gateway's")
	}
	if mac, ok := s.Neighbours[src]; ok {
		return inUse(src, mac.String()+"'s in the neighbour table")
	}
	const hint = "name an address that a host on the segment would have to ARP for"
	for _, p := range s.Addresses {
		if !p.Contains(src) || p.Bits() > 30 {
			continue
		}
		if src == p.Masked().Addr() || src == kernel.Broadcast(p) {
			return withHint(fmt.Errorf("--probe-source: %s is no host's address in %s on %s", src, p.Masked(), name), hint)
		}
		return nil
	}
	if len(s.Addresses) == 0 {
		return nil // nothing here says what is on the link: the user knows
	}
	var subnets []string
	for _, p := range s.Addresses {
		subnets = append(subnets, p.Masked().String())
	}
	return withHint(fmt.Errorf("--probe-source: %s is not on the link: %s has %s", src, name, strings.Join(subnets, ", ")), hint)
}

// inquiry is what the flags ask for.
func (o *checkOptions) inquiry() scenarios.Check {
	return scenarios.Check{
		VIPs: o.vips, Director: o.director, RealServers: o.realServers,
		ProbeSource: o.probeSource, NoAnnounceTest: o.noAnnounceTest, FailFast: o.failFast,
		Port: o.port, Count: o.count, Wait: o.wait, Rate: o.rate,
		Frames: o.render.verbose, KeepFrames: o.write != "", NetNS: o.netns,
	}
}

// remark tells what about this host limits what the check can show.
func (a *app) remark(o *checkOptions, s *inspect.Segment) {
	for _, vip := range o.vips {
		if slices.Contains(s.Local, vip) {
			a.tell(o, fmt.Sprintf("%s is an address of this very host, whose own answers cannot be seen from here", vip))
		}
	}
	if s.Master != "" {
		a.tell(o, fmt.Sprintf("%s belongs to %s, where the addresses usually are: -i %s may show more", s.Interface.Name, s.Master, s.Master))
	}
}

// tell prints a remark on standard error, unless none are wanted.
func (a *app) tell(o *checkOptions, text string) {
	if !o.quiet {
		fmt.Fprintf(a.stderr, "arpcheck: %s\n", oneLine(text))
	}
}

// few lists addresses for a line that has little room.
func few(addrs []netip.Addr) string {
	if len(addrs) == 1 {
		return addrs[0].String()
	}
	return fmt.Sprintf("%s and %d more", addrs[0], len(addrs)-1)
}
