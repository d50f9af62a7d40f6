package kernel

import (
	"fmt"
	"net/netip"
)

// A Stimulus is one frame that reaches a host.
type Stimulus struct {
	Kind      Kind
	In        string     // the interface on which it arrives
	Sender    netip.Addr // ARP: spa, 0.0.0.0 for an ARP probe; echo: the source
	Target    netip.Addr // ARP: tpa; echo: the destination
	Broadcast bool       // sent to everyone, not to this host's MAC address alone
	Known     bool       // echo: the host has a valid neighbour entry for the way back
}

// Kind is the kind of a stimulus.
type Kind uint8

// The kinds of stimulus.
const (
	WhoHas Kind = iota + 1 // ARP request
	Echo                   // ICMP echo request with a time to live of 1: nobody can pass it on
)

// A Reaction is all that a host does about a stimulus.
type Reaction struct {
	Reply Reply
	// Announces is the sender address of the who-has that the host broadcasts
	// for the way back before it can send its echo reply; invalid if it need
	// not ask. A host that forwards and does not have the target asks, too,
	// and stays silent: it has an ICMP error to send.
	Announces netip.Addr
	Out       string // the interface by which that who-has and the echo reply leave
}

// Reply says whether and when a host replies.
type Reply uint8

// The replies. An echo reply that waits for the answer to a who-has counts as
// AtOnce: it is sent as soon as that answer is there.
const (
	Silent Reply = iota
	AtOnce
	Late // proxy ARP: after a random delay below proxy_delay (0.8 s)
)

func (r Reply) String() string {
	switch r {
	case Silent:
		return "is silent"
	case AtOnce:
		return "replies at once"
	case Late:
		return "replies late"
	}
	return fmt.Sprintf("reply %d", uint8(r))
}

// React returns what the host does about the stimulus. A host without the
// interface does nothing, nor does it about a stimulus of no kind.
func (h *Host) React(s Stimulus) Reaction {
	in := h.Interface(s.In)
	if in == nil || in.Down {
		return Reaction{}
	}
	switch s.Kind {
	case WhoHas:
		return Reaction{Reply: h.answers(in, s)}
	case Echo:
		return h.echoes(in, s)
	}
	return Reaction{}
}

// echoes is the way of an echo request: ip_rcv_finish, ip_route_input,
// icmp_echo, and the way back through ip_route_output and arp_solicit.
func (h *Host) echoes(in *Interface, s Stimulus) Reaction {
	if s.Broadcast && h.effective(in).DropUnicastInL2Multicast {
		return Reaction{}
	}
	fate, _ := h.routeInput(in, s.Sender, s.Target)
	kind, way := h.lookup(s.Sender)
	out := h.Interface(way.dev)
	if kind != unicast || out == nil || out.NoARP && !s.Known {
		// No way back, or the reply stays inside the host; and without ARP
		// the interface sends to itself (arp_constructor), unless somebody
		// has given it the MAC address by hand.
		return Reaction{}
	}
	if fate != local {
		return h.refuses(in, out, way, s)
	}
	switch {
	case h.IgnoreEcho:
		return Reaction{}
	case s.Known:
		return Reaction{Reply: AtOnce, Out: out.Name}
	}
	return Reaction{Reply: AtOnce, Announces: h.solicits(out, s.Target, way.next), Out: out.Name}
}

// refuses is ip_forward and ip_error: a host that forwards tells the sender of
// a packet that it cannot pass it on, but only if it was meant to (icmp_send
// wants PACKET_HOST), and from the address that the way back prefers.
func (h *Host) refuses(in, out *Interface, way hop, s Stimulus) Reaction {
	if !h.effective(in).Forwarding || s.Broadcast || s.Known {
		return Reaction{}
	}
	return Reaction{Announces: h.solicits(out, way.source, way.next), Out: out.Name}
}
