package kernel

import "net/netip"

// answers is arp_process for a who-has: does the host reply on the interface
// on which the request arrived, and when?
func (h *Host) answers(in *Interface, s Stimulus) Reply {
	// arp_rcv drops all ARP on such an interface; arp_process drops requests
	// for multicast and (without route_localnet) loopback addresses.
	if in.NoARP || in.Loopback || s.Target.IsMulticast() || s.Target.IsLoopback() {
		return Silent
	}
	set := h.effective(in)

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
		return !confirmAddr(in, netip.IPv4Unspecified(), target, ScopeHost)
	case 2: // and some subnet of it must hold both
		return !confirmAddr(in, sender, target, ScopeHost)
	case 3: // not for addresses of scope host, on whichever interface
		return !h.holds(target, ScopeLink)
	case 8: // never
		return true
	}
	return false // 0, and 4 to 7, which are reserved
}

// confirmAddr is confirm_addr_indev: the interface has the target as an
// address that is no narrower than scope, and some subnet of it, not
// necessarily that of this address, holds both target and sender.
func confirmAddr(in *Interface, sender, target netip.Addr, scope Scope) bool {
	var has, same bool
	for _, a := range in.Addresses {
		has = has || a.Addr() == target && a.Scope <= scope
		same = same || a.Contains(target) && (sender.IsUnspecified() || a.Contains(sender))
	}
	return has && same
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
	if set.ProxyARP {
		return true
	}
	for _, p := range in.Proxied {
		if p == s.Target {
			return true
		}
	}
	return false
}

// solicits is arp_solicit: the sender address of the who-has that resolves
// target on an interface, for a packet whose source is given.
func (h *Host) solicits(out *Interface, source, target netip.Addr) netip.Addr {
	switch h.effective(out).ARPAnnounce {
	case 2: // the best address of the interface
	case 1: // whatever the packet says, if it is local and a subnet of the interface holds it and the target
		if h.addrType(source) == local {
			for _, a := range out.Addresses {
				if a.Contains(source) && a.Contains(target) {
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
