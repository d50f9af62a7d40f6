package diagnose

import (
	"fmt"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// ownership finds what is wrong with the VIP's owner: several, none, another.
func (s *scene) ownership(suspects []*suspect) (all []Finding) {
	claimants := s.rivals()
	var rivals []*suspect
	var claims []evidence.Record
	for _, x := range suspects {
		if x.part.role != Other || s.former[x.mac] || s.spoofs(x.mac) {
			continue
		}
		if acts := s.ownerly(x); len(acts) > 0 && slices.Contains(claimants, x.mac) {
			rivals = append(rivals, x)
			claims = append(claims, acts[0])
		}
	}
	all = append(all, s.spoofing()...)
	if len(rivals) > 1 && !s.ownerKnown() && s.directorAskedFor() {
		all = append(all, s.conflict(rivals, claims))
	}
	if len(all) == 0 && s.witness && s.splitBrain() {
		all = append(all, s.conflict(nil, s.adverts))
	}
	if f, ok := s.changed(); ok {
		all = append(all, f)
	}
	if f, ok := s.unowned(suspects); ok {
		all = append(all, f)
	}
	return all
}

// directorAskedFor reports whether a director that was named by address, if one
// was, has had its time to answer for that address.
func (s *scene) directorAskedFor() bool {
	d := s.cfg.Director
	if !d.IP.IsValid() || s.witness {
		return true
	}
	asked := 0
	for _, rec := range s.sent {
		if rec.Kind == evidence.ARPRequest && rec.TargetIP == d.IP && s.heard(rec, hearAlone) {
			asked++
		}
	}
	return asked >= asksNeeded || !s.lossless()
}

// unowned is the absence of any answer, once it has lasted.
func (s *scene) unowned(suspects []*suspect) (Finding, bool) {
	if _, cut := s.noted(evidence.Interrupted); cut || len(s.rivals()) > 0 || !s.askedInFull() || s.onSelf() {
		return Finding{}, false
	}
	f := Finding{Code: Unowned, Severity: Critical}
	var last []evidence.Record
	for _, ask := range s.asked {
		if ask.Dst == evidence.Broadcast && !ask.IsProbe() {
			last = []evidence.Record{ask}
		}
	}
	var holders []evidence.MAC
	var director *suspect
	for _, x := range suspects {
		if x.part.role == Director {
			director = x
		} else if x.host.HoldsVIP == Yes {
			holders = append(holders, x.mac)
			last = append(last, s.proofOfHolding(x)...)
		}
	}
	prove(&f, last)
	f.Summary = fmt.Sprintf("Nobody answers who-has %s, so no client can reach it.", s.vip)
	f.Why = fmt.Sprintf("%d requests drew no reply within %s.", len(s.asked), s.cfg.wait())
	switch {
	case director != nil && director.host.HoldsVIP == Yes:
		f.Why += fmt.Sprintf(" %s, the director, has it and is silent: its arp_ignore is %s, and the address is not on the interface that is asked.",
			s.people.call(director.mac), list(director.class.ignore()))
	case len(holders) > 0:
		do := "hold it and are silent, as real servers should be"
		if len(holders) == 1 {
			do = "holds it and is silent, as a real server should be"
		}
		f.Why += fmt.Sprintf(" %s %s: what is missing is a director that answers.", s.names(holders), do)
	default:
		f.Why += " No host on this segment was seen to hold it either."
		if net := s.cfg.Self.Prefix; net.IsValid() && !net.Contains(s.vip) {
			f.Why += fmt.Sprintf(" Nor is it in %s, the subnet of %s: is that the VIP, and the interface, that you meant?", net.Masked(), s.cfg.Self.Interface)
		}
	}
	on := "on the director"
	if director != nil {
		f.MAC, f.IPs = director.mac, director.host.IPs
		on = "on the director " + s.people.call(director.mac)
	}
	f.Fix = []string{
		"# " + on + ", where NIC is the interface on this segment:",
		fmt.Sprintf("ip addr add %s/32 dev NIC && arping -U -c 3 -I NIC %s", s.vip, s.vip),
		"sysctl -w net.ipv4.conf.all.arp_ignore=0   # only if it was set there, too",
	}
	f.Variants = []string{"keepalived, kube-vip, MetalLB: look at the daemon's log instead; it adds and announces the address"}
	return f, true
}

// proofOfHolding returns a frame that shows that a host holds the VIP.
func (s *scene) proofOfHolding(x *suspect) []evidence.Record {
	for _, group := range [][]evidence.Record{x.echoes, x.synAcks, x.announcements, x.solicits} {
		if len(group) > 0 {
			return group[:1]
		}
	}
	return nil
}
