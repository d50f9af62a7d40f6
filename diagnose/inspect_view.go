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
		switch {
		case a.Addr() == j.vip:
		case len(v.Addresses) < mostAddresses:
			v.Addresses = append(v.Addresses, a.Prefix)
		default:
			v.Further++
		}
	}
	for _, ask := range []struct {
		who  string
		from []netip.Addr
	}{
		{"in-subnet", h.near(in)}, {"off-subnet", []netip.Addr{far}}, {"arp-probe", []netip.Addr{netip.IPv4Unspecified()}},
	} {
		if slices.ContainsFunc(ask.from, func(sender netip.Addr) bool { return replies(h.Host, in, sender, j.vip) }) {
			v.AnswersTo = append(v.AnswersTo, ask.who)
		}
	}
	v.AnswersARP = answer(len(v.AnswersTo) > 0)
	if own, ok := j.own(h, in); ok {
		if answers, known := answersOwn(h, h.Host, in, own); known {
			v.AnswersOwn = answer(answers)
		}
	}
	return v
}

// replies asks the model for the answer to a broadcast who-has.
func replies(h *kernel.Host, in *kernel.Interface, sender, target netip.Addr) bool {
	return h.React(kernel.Stimulus{Kind: kernel.WhoHas, In: in.Name, Sender: sender, Target: target, Broadcast: true}).Reply != kernel.Silent
}

// announces reports whether some who-has that the host broadcasts on the
// interface has the VIP as sender. It is arp_solicit alone that is asked: what
// makes the host send from the VIP need not be an echo, nor arrive here. And
// where several interfaces lead to a segment each is judged as if it were the
// way: by which one a packet leaves can change with a metric, a cable or the
// order of a boot, and with several nexthops it is the one or the other.
func (j *judge) announces(h *state, out *kernel.Interface) bool {
	asks := func(target netip.Addr) bool { return h.Solicits(out.Name, j.vip, target) == j.vip }
	reached := func(n netip.Addr) bool { // not where a wide mask on lo draws the neighbours in
		dev, local := h.Leads(n)
		return !local && dev != ""
	}
	return slices.ContainsFunc(h.hops[out.Name], asks) ||
		slices.ContainsFunc(h.neighbours(out), func(n netip.Addr) bool { return reached(n) && asks(n) })
}

// own is the interface's own address, if it has one: better one in a subnet
// than a single one.
func (j *judge) own(h *state, in *kernel.Interface) (own kernel.Address, ok bool) {
	for _, a := range in.Addresses {
		if a.Addr() != j.vip && !h.taken[a.Addr()] && (!ok || own.Subnet().IsSingleIP() && !a.Subnet().IsSingleIP()) {
			own, ok = a, true
		}
	}
	return own, ok
}

// answersOwn asks the host, or a variant of it, for an address of the interface,
// as a neighbour would. known is false where it has none.
func answersOwn(s *state, h *kernel.Host, in *kernel.Interface, own kernel.Address) (answers, known bool) {
	sender := s.neighbour(own)
	if hops := s.hops[in.Name]; !sender.IsValid() && len(hops) > 0 {
		sender = hops[0]
	}
	return sender.IsValid() && replies(h, in, sender, own.Addr()), sender.IsValid()
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

// mostInterfaces is how many interfaces have an entry each, whatever they do.
const mostInterfaces = 32

// alike lets one interface stand for all that do the same, and nothing of note,
// where there are many: a node has one for each of its pods.
func (j *judge) alike(views []Interface) (few []Interface) {
	if len(views) <= mostInterfaces {
		return views
	}
	noted := map[string]bool{}
	for _, t := range slices.Concat(j.found, j.then) {
		noted[t.dev] = true
	}
	type conduct struct {
		Own              Answer
		Ignore, Announce Deciding
		addressed        bool
	}
	first := map[conduct]int{}
	for _, v := range views {
		own := func(d Deciding) Deciding { // its own name is no difference
			if d.From == v.Name {
				d.From = "itself"
			}
			return d
		}
		c := conduct{v.AnswersOwn, own(v.ARPIgnore), own(v.ARPAnnounce), len(v.Addresses) > 0}
		i, known := first[c]
		plain := !noted[v.Name] && v.AnswersARP == No && v.AnnouncesVIP == No && v.SendsUnasked == No && !j.facing(v.Name)
		if plain && known {
			few[i].Alike = append(few[i].Alike, v.Name)
			continue
		}
		if plain {
			first[c] = len(few)
		}
		few = append(few, v)
	}
	return few
}
