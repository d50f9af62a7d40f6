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
func (j *judge) troubles(h *kernel.Host) (all []trouble) {
	add := func(code Code, dev string) { all = append(all, trouble{code: code, dev: dev}) }
	views := j.views(h)
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
func (j *judge) wide(h *kernel.Host) (all []trouble) {
	for _, p := range j.at {
		if p.Bits() == 32 || !j.Links[p.dev].Holder || h.Interface(p.dev).Down {
			continue
		}
		t := trouble{code: WideMask, dev: p.dev, addr: j.unused(h, p.Prefix)}
		for _, in := range j.segments(h) {
			for _, sender := range append(j.neighbours(h, in), far) {
				if t.code == WideMask && sender != t.addr && replies(h, in, sender, t.addr) {
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
func (j *judge) silenced(h *kernel.Host, views []Interface) (all []trouble) {
	speaks := slices.ContainsFunc(views, func(v Interface) bool { return v.AnswersOwn == Yes })
	for _, v := range views {
		if v.AnswersOwn != No {
			continue
		}
		open := changed(h, func(o *kernel.Host) {
			o.All.ARPIgnore = 0
			in := o.Interface(v.Name)
			in.ARPIgnore, in.NoARP = 0, false
		})
		in := open.Interface(v.Name)
		if own, ok := j.own(in); ok && j.answersOwn(open, in, own) {
			// Where another interface speaks, the director may use that one.
			all = append(all, trouble{code: ARPSilent, dev: v.Name, addr: own.Addr(), mild: speaks})
		}
	}
	return all
}

// proxied looks for interfaces with a subnet that answer for addresses that
// the host only routes to.
func (j *judge) proxied(h *kernel.Host) (all []trouble) {
	for _, in := range j.segments(h) {
		near := j.neighbours(h, in)
		if len(near) == 0 {
			continue // a cable to a container, as Calico makes it: proxy ARP is its way to work
		}
		targets := []netip.Addr{far}
		if len(j.at) == 0 {
			targets = []netip.Addr{j.vip, far}
		}
		targets = append(targets, in.Proxied...)
		for i := range h.Interfaces {
			if other := &h.Interfaces[i]; other.Name != in.Name && !other.Loopback {
				targets = append(targets, j.neighbours(h, other)...)
			}
		}
		local := func(a netip.Addr) bool {
			return slices.ContainsFunc(h.Interfaces, func(o kernel.Interface) bool {
				return slices.ContainsFunc(o.Addresses, func(x kernel.Address) bool {
					return x.Addr() == a || o.Loopback && x.Contains(a)
				})
			})
		}
		for _, target := range targets {
			if !local(target) && replies(h, in, near[0], target) {
				all = append(all, trouble{code: ProxyARP, dev: in.Name, addr: target})
				break
			}
		}
	}
	return all
}

// dropped looks for the interfaces that the director may deliver by, and where
// strict rp_filter drops what comes from clients that are far away.
func (j *judge) dropped(h *kernel.Host) (all []trouble) {
	if len(j.at) == 0 {
		return nil
	}
	segments := j.segments(h)
	facing := slices.DeleteFunc(slices.Clone(segments), func(in *kernel.Interface) bool { return !j.facing(in.Name) })
	must := len(facing) > 0
	if !must {
		facing = segments
	}
	for _, in := range facing {
		packet := kernel.Stimulus{Kind: kernel.Echo, In: in.Name, Sender: far, Target: j.vip, Known: true}
		open := changed(h, func(o *kernel.Host) { o.IgnoreEcho = false })
		loose := changed(open, func(o *kernel.Host) {
			o.All.RPFilter, o.Interface(in.Name).RPFilter = 0, 0
		})
		if open.React(packet).Reply == kernel.Silent && loose.React(packet).Reply != kernel.Silent {
			all = append(all, trouble{code: RPFilterDrop, dev: in.Name, addr: far})
		}
	}
	if !must && len(all) < len(facing) {
		return nil // it may well deliver by the other one
	}
	return all
}

// changed is a copy of the host with a change.
func changed(h *kernel.Host, change func(*kernel.Host)) *kernel.Host {
	c := *h
	c.Interfaces = slices.Clone(h.Interfaces)
	for i := range c.Interfaces {
		c.Interfaces[i].Addresses = slices.Clone(c.Interfaces[i].Addresses)
	}
	change(&c)
	return &c
}
