package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/kernel"
)

// A trouble is one thing that goes wrong, on one interface.
type trouble struct {
	code Code
	dev  string
	addr netip.Addr // an address that shows it, if it is not the VIP
	mild bool       // a warning, where the code is usually critical
}

// troubles lists what goes wrong on the host as it is in h, which may differ in
// its settings from the host that is inspected. All of it is what the model
// does; nothing here knows a rule of the kernel.
func (j *judge) troubles(h *state) []trouble { return j.troublesOf(h, j.views(h)) }

func (j *judge) troublesOf(h *state, views []Interface) (all []trouble) {
	add := func(code Code, dev string) { all = append(all, trouble{code: code, dev: dev}) }
	answered := slices.ContainsFunc(views, func(v Interface) bool { return v.AnswersARP == Yes && v.AnswersTo[0] != "arp-probe" })
	switch {
	case len(j.at) == 0:
		all = append(all, trouble{code: Missing, mild: j.role != RealServer})
	case j.role == Director && !answered && len(views) > 0:
		add(Unanswered, j.front(views))
	}
	if j.role == RealServer {
		for _, v := range views {
			if v.AnswersARP == Yes {
				add(ReplyLeak, v.Name)
			}
			if j.sits(v.Name) { // even if it is silent now: only 8 or NOARP makes it so
				add(OnNIC, v.Name)
			}
			if v.AnnouncesVIP == Yes {
				add(AnnounceLeak, v.Name)
			}
			if v.SendsUnasked == Yes {
				add(GratuitousLeak, v.Name)
			}
		}
		all = append(all, j.wide(h)...)
	}
	all = append(all, j.silenced(h, views)...)
	all = append(all, j.proxied(h)...)
	return append(all, j.dropped(h)...)
}

// front is the interface by which clients would look for the VIP.
func (j *judge) front(views []Interface) string {
	for _, v := range views {
		if j.sits(v.Name) || j.facing(v.Name) {
			return v.Name
		}
	}
	return views[0].Name
}

// sits reports whether the VIP is on that very interface.
func (j *judge) sits(dev string) bool {
	return slices.ContainsFunc(j.at, func(p place) bool { return p.dev == dev })
}

// wide looks for a VIP with a netmask on an interface that leads nowhere: the
// host then looks for the whole subnet there.
func (j *judge) wide(h *state) (all []trouble) {
	for _, p := range j.at {
		if p.Subnet().IsSingleIP() || p.NoPrefixRoute || !j.Links[p.dev].Holder || h.Interface(p.dev).Down {
			continue
		}
		// Of several routes to a subnet one wins: that of lo, or the better one.
		t := trouble{code: WideMask, dev: p.dev, addr: h.unused(p.Subnet())}
		if dev, local := h.Leads(t.addr); !t.addr.IsValid() || !local && dev != p.dev {
			continue
		}
		for _, in := range h.segments {
			for _, sender := range append(h.neighbours(in), far) {
				if t.code == WideMask && sender != t.addr && replies(h.Host, in, sender, t.addr) {
					t.code, t.dev = SubnetAnswered, in.Name
				}
			}
		}
		all = append(all, t)
	}
	return all
}

// silenced looks for interfaces that do not answer for their own address,
// because of arp_ignore or NOARP. With arp_filter and two interfaces on one
// segment that is as it should be.
func (j *judge) silenced(h *state, views []Interface) (all []trouble) {
	speaks := slices.ContainsFunc(views, func(v Interface) bool { return v.AnswersOwn == Yes })
	for _, v := range views {
		if v.AnswersOwn != No {
			continue
		}
		in := h.Interface(v.Name)
		own, _ := j.own(h, in)
		if answers, _ := answersOwn(h, h.open, in, own); answers {
			// Where another interface speaks, the director may use that one.
			all = append(all, trouble{code: ARPSilent, dev: v.Name, addr: own.Addr(), mild: speaks})
		}
	}
	return all
}

// proxied looks for interfaces with a subnet that answer for addresses that
// the host only routes to.
func (j *judge) proxied(h *state) (all []trouble) {
	for _, in := range h.segments {
		targets := h.proxied(in)
		near := h.neighbours(in)
		if len(j.at) == 0 && len(near) > 0 && !h.local(j.vip) && replies(h.Host, in, near[0], j.vip) {
			targets = []netip.Addr{j.vip}
		}
		if len(targets) > 0 {
			// In a subnet of its own the VIP is somebody else's to answer for.
			mild := targets[0] != j.vip || !j.facing(in.Name)
			all = append(all, trouble{code: ProxyARP, dev: in.Name, addr: targets[0], mild: mild})
		}
	}
	return all
}

// proxied is an address other than a VIP that the interface answers for as a
// proxy, if there is any.
func (s *state) proxied(in *kernel.Interface) []netip.Addr {
	if found, ok := s.proxies[in]; ok {
		return found
	}
	near := s.neighbours(in)
	answers := func(target netip.Addr) bool {
		// Without a subnet it is a cable to a container, as Calico makes it:
		// proxy ARP is its way to work.
		return len(near) > 0 && !s.local(target) && replies(s.Host, in, near[0], target)
	}
	targets := slices.Concat([]netip.Addr{far}, in.Proxied)
	for i := range s.Interfaces {
		if other := &s.Interfaces[i]; other.Name != in.Name && !other.Loopback && len(near) > 0 {
			targets = append(targets, s.neighbours(other)...)
		}
	}
	s.proxies[in] = nil
	if i := slices.IndexFunc(targets, answers); i >= 0 {
		s.proxies[in] = targets[i : i+1 : i+1]
	}
	return s.proxies[in]
}

// dropped looks for the interfaces that the director may deliver by, and where
// strict rp_filter drops what comes from clients that are far away.
func (j *judge) dropped(h *state) (all []trouble) {
	if len(j.at) == 0 || j.Rules { // the rules decide about the way back
		return nil
	}
	facing := slices.DeleteFunc(slices.Clone(h.segments), func(in *kernel.Interface) bool { return !j.facing(in.Name) })
	must := len(facing) > 0
	if !must {
		facing = h.segments
	}
	for _, in := range facing {
		packet := kernel.Stimulus{Kind: kernel.Echo, In: in.Name, Sender: far, Target: j.vip, Known: true}
		if h.pinged.React(packet).Reply == kernel.Silent && h.loose.React(packet).Reply != kernel.Silent {
			all = append(all, trouble{code: RPFilterDrop, dev: in.Name, addr: far})
		}
	}
	if !must && len(all) < len(facing) {
		return nil // it may well deliver by the other one
	}
	return all
}
