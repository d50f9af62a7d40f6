package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/kernel"
)

// far is a sender that is on no segment of anybody (RFC 5737, TEST-NET-2).
var far = netip.MustParseAddr("198.51.100.7")

// views tells what the host does about the VIP on each of them.
func (j *judge) views(h *state) (all []Interface) {
	for _, in := range h.segments {
		all = append(all, j.view(h, in))
	}
	return all
}

func (j *judge) view(h *state, in *kernel.Interface) Interface {
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
		{"in-subnet", h.neighbours(in)}, {"off-subnet", []netip.Addr{far}}, {"arp-probe", []netip.Addr{netip.IPv4Unspecified()}},
	} {
		if slices.ContainsFunc(ask.from, func(sender netip.Addr) bool { return replies(h.Host, in, sender, j.vip) }) {
			v.AnswersTo = append(v.AnswersTo, ask.who)
		}
	}
	v.AnswersARP = answer(len(v.AnswersTo) > 0)
	if own, ok := j.own(in); ok {
		v.AnswersOwn = answer(answersOwn(h, h.Host, in, own))
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
func (j *judge) announces(h *state, out *kernel.Interface) bool {
	asks := func(client netip.Addr) bool {
		r := h.loose.React(kernel.Stimulus{Kind: kernel.Echo, In: out.Name, Sender: client, Target: j.vip})
		return r.Announces == j.vip && r.Out == out.Name
	}
	return asks(far) || slices.ContainsFunc(h.neighbours(out), asks) || slices.ContainsFunc(h.hops[out.Name], asks)
}

// own is the interface's own address in a subnet, if it has one.
func (j *judge) own(in *kernel.Interface) (kernel.Address, bool) {
	i := slices.IndexFunc(in.Addresses, func(a kernel.Address) bool { return a.Addr() != j.vip && a.Bits() < 31 })
	if i < 0 {
		return kernel.Address{}, false
	}
	return in.Addresses[i], true
}

// answersOwn asks the host, or a variant of it, for an address of the interface.
func answersOwn(s *state, h *kernel.Host, in *kernel.Interface, own kernel.Address) bool {
	sender := s.unused(own.Prefix)
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
