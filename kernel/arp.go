package kernel

import (
	"net/netip"
	"slices"
)

// answers is arp_process for a who-has: does the host reply on the interface
// on which the request arrived, and when?
func (h *Host) answers(in *Interface, s Stimulus) Reply {
	// arp_rcv drops all ARP on such an interface; arp_process drops requests
	// for multicast and (without route_localnet) loopback addresses.
	set := h.effective(in)
	if in.NoARP || in.Loopback || s.Target.IsMulticast() || s.Target.IsLoopback() && !set.RouteLocalnet {
		return Silent
	}

	// A request from nobody is duplicate address detection (RFC 2131, 5227):
	// no route is looked up, so neither rp_filter nor arp_filter has a say.
	if s.Sender.IsUnspecified() {
		if h.addrType(s.Target) == local && !h.ignores(in, s.Sender, s.Target) {
			return AtOnce
		}
		return Silent
	}

	kind, out := h.routeInput(in, s.Sender, s.Target)
	switch {
	case kind == local:
		if h.ignores(in, s.Sender, s.Target) || set.ARPFilter && h.filters(in, s.Sender) {
			return Silent
		}
		return AtOnce
	case kind == unicast && h.proxies(in, set, out, s):
		// A request that was sent to this host alone is answered at once, a
		// broadcast after a random part of proxy_delay (pneigh_enqueue).
		if s.Broadcast {
			return Late
		}
		return AtOnce
	}
	return Silent
}

// ignores is arp_ignore: it reports whether the setting forbids the reply.
func (h *Host) ignores(in *Interface, sender, target netip.Addr) bool {
	switch h.effective(in).ARPIgnore {
	case 1: // only addresses of the incoming interface
		return !h.confirmAddr(in, netip.IPv4Unspecified(), target, ScopeHost)
	case 2: // and some subnet of it must hold both
		return !h.confirmAddr(in, sender, target, ScopeHost)
	case 3: // not for addresses of scope host, on whichever interface
		return !slices.ContainsFunc(h.holders(target), func(dev *Interface) bool {
			return h.confirmAddr(dev, netip.IPv4Unspecified(), target, ScopeLink)
		})
	case 8: // never
		return true
	}
	return false // 0, and 4 to 7, which are reserved
}

// confirmAddr is confirm_addr_indev: the interface has the target as an
// address that is no narrower than scope, and some subnet of it, not
// necessarily that of this address, holds both target and sender.
func (h *Host) confirmAddr(in *Interface, sender, target netip.Addr, scope Scope) bool {
	narrowest := h.narrowest(in)
	var has, same bool
	for _, a := range in.Addresses {
		has = has || a.Addr() == target && min(a.Scope, narrowest) <= scope
		same = same || a.matches(target) && (sender.IsUnspecified() || a.matches(sender))
	}
	return has && same
}

// narrowest is the localnet_scope of confirm_addr_indev and inet_select_addr: with
// route_localnet an address of scope host passes for one of scope link.
func (h *Host) narrowest(in *Interface) Scope {
	if h.effective(in).RouteLocalnet {
		return ScopeLink
	}
	return ScopeHost
}

// filters is arp_filter: the way back to the sender must leave by the
// interface on which the request arrived.
func (h *Host) filters(in *Interface, sender netip.Addr) bool {
	kind, out := h.lookup(sender)
	return kind != unicast || !out.uses(in.Name)
}

// proxies reports whether the host answers for an address that it routes to:
// arp_fwd_proxy (by another interface), arp_fwd_pvlan (by the same one) or an
// entry of its own (pneigh_lookup).
func (h *Host) proxies(in *Interface, set Settings, out hop, s Stimulus) bool {
	if out.dev == in.Name {
		return set.ProxyPVLAN && s.Sender != s.Target // no reply to who asks for itself
	}
	if set.ProxyARP && h.media(set, out.dev) {
		return true
	}
	for _, p := range in.Proxied {
		if p == s.Target {
			return true
		}
	}
	return false
}

// media is what medium_id has to say in arp_fwd_proxy: -1 means never, and who
// is on one medium with the target is heard by it without a proxy.
func (h *Host) media(set Settings, out string) bool {
	there := 0
	if dev := h.Interface(out); dev != nil {
		there = dev.MediumID
	}
	return set.MediumID == 0 || set.MediumID != -1 && there != -1 && there != set.MediumID
}

// Solicits returns the sender address of the who-has that the host broadcasts on
// an interface to find target, for a packet from source. It is invalid where
// there is no such interface, or no ARP on it.
func (h *Host) Solicits(dev string, source, target netip.Addr) netip.Addr {
	out := h.Interface(dev)
	if out == nil || out.Down || out.NoARP || out.Loopback {
		return netip.Addr{}
	}
	return h.solicits(out, source, target)
}

// solicits is arp_solicit: the sender address of the who-has that resolves
// target on an interface, for a packet whose source is given.
func (h *Host) solicits(out *Interface, source, target netip.Addr) netip.Addr {
	switch h.effective(out).ARPAnnounce {
	case 2: // the best address of the interface
	case 1: // whatever the packet says, if it is local and a subnet of the interface holds it and the target
		if h.addrType(source) == local {
			for _, a := range out.Addresses {
				if a.matches(source) && a.matches(target) {
					return source
				}
			}
		}
	default: // 0, and all that is not defined: whatever the packet says, if it is local
		if h.addrType(source) == local {
			return source
		}
	}
	return h.selectAddr(out, target, ScopeLink)
}
