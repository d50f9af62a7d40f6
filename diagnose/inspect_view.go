package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/kernel"
)

// far is a sender that is on no segment of anybody (RFC 5737, TEST-NET-2).
var far = netip.MustParseAddr("198.51.100.7")

// segments are the interfaces behind which other hosts can be.
func (j *judge) segments(h *kernel.Host) (all []*kernel.Interface) {
	for i := range h.Interfaces {
		if j.Links[h.Interfaces[i].Name].Segment {
			all = append(all, &h.Interfaces[i])
		}
	}
	return all
}

// views tells what the host does about the VIP on each of them.
func (j *judge) views(h *kernel.Host) (all []Interface) {
	for _, in := range j.segments(h) {
		all = append(all, j.view(h, in))
	}
	return all
}

func (j *judge) view(h *kernel.Host, in *kernel.Interface) Interface {
	v := Interface{
		Name: in.Name, MAC: j.Links[in.Name].MAC, Addresses: []netip.Prefix{},
		AnnouncesVIP: answer(j.announces(h, in)),
		SendsUnasked: answer(slices.Contains(h.Gratuitous(in.Name), j.vip)),
		AnswersOwn:   Unknown,
		ARPIgnore:    deciding(h.All.ARPIgnore, in.ARPIgnore, in.Name),
		ARPAnnounce:  deciding(h.All.ARPAnnounce, in.ARPAnnounce, in.Name),
	}
	for _, a := range in.Addresses {
		if a.Addr() != j.vip {
			v.Addresses = append(v.Addresses, a.Prefix)
		}
	}
	for _, ask := range []struct {
		who  string
		from []netip.Addr
	}{
		{"in-subnet", j.neighbours(h, in)}, {"off-subnet", []netip.Addr{far}}, {"arp-probe", []netip.Addr{netip.IPv4Unspecified()}},
	} {
		if slices.ContainsFunc(ask.from, func(sender netip.Addr) bool { return replies(h, in, sender, j.vip) }) {
			v.AnswersTo = append(v.AnswersTo, ask.who)
		}
	}
	v.AnswersARP = answer(len(v.AnswersTo) > 0)
	if own, ok := j.own(in); ok {
		v.AnswersOwn = answer(j.answersOwn(h, in, own))
	}
	return v
}

// replies asks the model for the answer to a broadcast who-has.
func replies(h *kernel.Host, in *kernel.Interface, sender, target netip.Addr) bool {
	return h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: in.Name, Sender: sender, Target: target, Broadcast: true}).Reply != kernel.Silent
}

// announces reports whether some who-has that the host broadcasts on the
// interface has the VIP as sender. It is arp_solicit alone that is asked: what
// makes the host answer from the VIP need not be an echo, nor arrive here.
func (j *judge) announces(h *kernel.Host, out *kernel.Interface) bool {
	open := *h
	open.IgnoreEcho = false
	open.All.RPFilter, open.All.AcceptLocal, open.All.DropUnicastInL2Multicast = 0, false, false
	open.Interfaces = slices.Clone(h.Interfaces)
	for i := range open.Interfaces {
		open.Interfaces[i].RPFilter = 0
	}
	to := append(j.neighbours(h, out), far)
	for _, r := range h.Routes {
		if r.Dev == out.Name && r.Via.IsValid() {
			to = append(to, r.Via)
		} else if r.Dev == out.Name && r.Destination.Bits() > 0 {
			to = append(to, r.Destination.Addr().Next())
		}
	}
	return slices.ContainsFunc(to, func(client netip.Addr) bool {
		r := open.React(kernel.Stimulus{Kind: kernel.Echo, In: out.Name, Sender: client, Target: j.vip})
		return r.Announces == j.vip && r.Out == out.Name
	})
}

// neighbours are addresses that hosts on the segment may have: one in each
// subnet of the interface.
func (j *judge) neighbours(h *kernel.Host, in *kernel.Interface) (all []netip.Addr) {
	for _, a := range in.Addresses {
		if a.Bits() < 31 && !a.Secondary {
			if n := j.unused(h, a.Prefix); n.IsValid() {
				all = append(all, n)
			}
		}
	}
	return all
}

// unused is an address of the subnet that this host does not have. Which one
// does not matter: the model knows subnets, not neighbours.
func (j *judge) unused(h *kernel.Host, p netip.Prefix) netip.Addr {
	held := func(addr netip.Addr) bool {
		return addr == j.vip || slices.ContainsFunc(h.Interfaces, func(in kernel.Interface) bool {
			return slices.ContainsFunc(in.Addresses, func(a kernel.Address) bool { return a.Addr() == addr })
		})
	}
	// Not the first address, which is the subnet's own, nor the last, its broadcast.
	for addr := p.Masked().Addr().Next(); p.Contains(addr.Next()); addr = addr.Next() {
		if !held(addr) {
			return addr
		}
	}
	return netip.Addr{}
}

// own is the interface's own address in a subnet, if it has one.
func (j *judge) own(in *kernel.Interface) (kernel.Address, bool) {
	i := slices.IndexFunc(in.Addresses, func(a kernel.Address) bool { return a.Addr() != j.vip && a.Bits() < 31 })
	if i < 0 {
		return kernel.Address{}, false
	}
	return in.Addresses[i], true
}

func (j *judge) answersOwn(h *kernel.Host, in *kernel.Interface, own kernel.Address) bool {
	sender := j.unused(h, own.Prefix)
	return sender.IsValid() && replies(h, in, sender, own.Addr())
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// deciding says which of the two values counts, the greater one.
func deciding(all, own int, dev string) Deciding {
	switch {
	case all == 0 && own == 0:
		return Deciding{0, ""}
	case own > all:
		return Deciding{own, dev}
	}
	return Deciding{all, "all"}
}
