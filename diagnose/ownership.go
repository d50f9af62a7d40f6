package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// ownership finds what is wrong with the VIP's owner: several, none, another.
func (s *scene) ownership(suspects []*suspect) (all []Finding) {
	var rivals []*suspect
	var claims []evidence.Record
	for _, x := range suspects {
		if x.part.role == Other && len(x.replies)+len(x.gratuitous) > 0 && x.mac != s.predecessor {
			rivals = append(rivals, x)
			claims = append(claims, append(x.replies, x.gratuitous...)[0])
		}
	}
	if len(rivals) > 1 && !s.ownerKnown() && s.directorAskedFor() {
		all = append(all, s.conflict(rivals, claims))
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
	if !d.IP.IsValid() {
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

func (s *scene) conflict(rivals []*suspect, claims []evidence.Record) Finding {
	var macs []evidence.MAC
	for _, x := range rivals {
		macs = append(macs, x.mac)
	}
	slices.SortFunc(claims, func(a, b evidence.Record) int { return a.Number - b.Number })
	f := Finding{Code: Conflict, Severity: Critical, Evidence: frames(claims)}
	f.Summary = fmt.Sprintf("%s both claim %s, and nothing shows which is right.", s.names(macs), s.vip)
	if len(macs) > 2 {
		f.Summary = fmt.Sprintf("%d hosts claim %s, and nothing shows which is right: %s.", len(macs), s.vip, s.names(macs))
	}
	f.Why = "Each client keeps the answer that reaches it first, so clients are spread over these hosts at random. " +
		"One may be the director and the others real servers that should not answer (arp_ignore is 0 there), or the address is in use twice."
	for _, mac := range macs[:min(len(macs), 3)] {
		name := s.people.call(mac)
		f.Fix = append(f.Fix, fmt.Sprintf("# if %s is the director, ask again with its name:", name),
			fmt.Sprintf("arpcheck --vip %s%s --director %s", s.vip, s.onInterface(), name))
	}
	f.Variants = []string{
		"with a TCP service on the VIP, --port N finds the director by itself",
		"VRRP: two masters (split brain) look like this; compare `ip addr show to " + s.vip.String() + "` on both",
	}
	return f
}

// failover finds a change of owner: one host that answered at first and then
// no more, and one that answered only from then on.
func (s *scene) failover() (from, to evidence.MAC) {
	claimants := s.claimants()
	if len(claimants) != 2 || !s.cfg.Director.IsZero() || s.splitBrain() {
		return from, to
	}
	for _, h := range s.cfg.RealServers {
		if mac, ok := s.people.find(h); ok && slices.Contains(claimants, mac) {
			return from, to // a real server has nothing to hand over
		}
	}
	a, b := s.deeds[claimants[0]].replies, s.deeds[claimants[1]].replies
	if len(a) == 0 || len(b) == 0 || !a[len(a)-1].Time.Before(b[0].Time) {
		return from, to
	}
	// Both must have been heard being silent: the old owner to a request that
	// the new one answered well after the old one's last word, and the new one
	// to a request that the old one answered.
	var silentB, silentA bool
	for _, ask := range s.asked {
		if ask.Dst != evidence.Broadcast {
			continue
		}
		silentB = silentB || b[0].Time.Sub(ask.Time) > 150*time.Millisecond && ask.Time.Before(a[len(a)-1].Time)
		silentA = silentA || ask.Time.After(a[len(a)-1].Time) && b[len(b)-1].Time.After(ask.Time) && s.heard(ask, hearAlone)
	}
	// Late in a run no request may be left for the old owner to be silent to;
	// then VRRP tells, if the new owner advertised after its last word.
	if mac, advert, ok := s.elected(); ok && mac == claimants[1] && advert.Time.After(a[len(a)-1].Time) {
		silentA, silentB = true, true
	}
	if !silentA || !silentB {
		return from, to
	}
	return claimants[0], claimants[1]
}

func (s *scene) changed() (Finding, bool) {
	from, to := s.failover()
	if to.IsZero() {
		return Finding{}, false
	}
	a, b := s.deeds[from].replies, s.deeds[to].replies
	f := Finding{Code: OwnerChanged, Severity: Warning, MAC: to, IPs: s.people.ips[to],
		Evidence: frames([]evidence.Record{a[len(a)-1], b[0]})}
	f.Summary = fmt.Sprintf("%s moved from %s to %s during the run.", s.vip, s.people.call(from), s.people.call(to))
	f.Why = "The old owner fell silent before the new one answered, which is how a failover looks; two hosts that fight for an address both keep answering."
	if len(s.adverts) > 0 {
		f.Severity = Info
		f.Why += " VRRP adverts for it were seen."
	}
	f.Fix = []string{fmt.Sprintf("arpcheck --vip %s%s   # once more: the new owner must now be the only one", s.vip, s.onInterface())}
	return f, true
}

// unowned is the absence of any answer, once it has lasted.
func (s *scene) unowned(suspects []*suspect) (Finding, bool) {
	if _, cut := s.noted(evidence.Interrupted); cut || len(s.claimants()) > 0 || !s.askedInFull() || s.onSelf() {
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
	f.Evidence = frames(last)
	f.Summary = fmt.Sprintf("Nobody answers who-has %s, so no client can reach it.", s.vip)
	f.Why = fmt.Sprintf("%d requests drew no reply within %s.", len(s.asked), s.cfg.wait())
	if len(holders) > 0 {
		do := "hold it and are silent, as real servers should be"
		if len(holders) == 1 {
			do = "holds it and is silent, as a real server should be"
		}
		f.Why += fmt.Sprintf(" %s %s: what is missing is a director that answers.", s.names(holders), do)
	} else {
		f.Why += " No host on this segment was seen to hold it either."
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

// onInterface is the -i flag of the run, for commands to repeat it.
func (s *scene) onInterface() string {
	if s.cfg.Self.Interface == "" {
		return ""
	}
	return " -i " + s.cfg.Self.Interface
}
