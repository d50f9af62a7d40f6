package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// Diagnose says what the log shows about each VIP of the configuration.
//
// It may be called while the log still grows. Nothing that it then reports
// rests on silence, for silence counts only when it has lasted.
func Diagnose(log evidence.Log, cfg Config) []Result {
	p := portsOf(&log, &cfg)
	results := diagnose(p.join(&log, &cfg))
	for i := range results {
		p.label(&results[i], &log)
	}
	return results
}

// diagnose does so for a log in which each host uses one MAC address alone; about
// some of the VIPs, if there are any, knowing that the others are VIPs, too.
func diagnose(log *evidence.Log, cfg *Config, about ...netip.Addr) []Result {
	vips := about
	if len(vips) == 0 {
		vips = cfg.VIPs
	}
	p := whoIsWho(log, cfg)
	scenes := make([]*scene, len(vips))
	classes := make([]map[evidence.MAC]*class, len(vips))
	byHost := map[evidence.MAC][]*class{}
	for i, vip := range vips {
		scenes[i] = newScene(log, cfg, p, vip)
		classes[i] = map[evidence.MAC]*class{}
		for _, mac := range scenes[i].suspected() {
			c := scenes[i].eliminate(mac)
			classes[i][mac] = &c
			byHost[mac] = append(byHost[mac], &c)
		}
	}
	for _, of := range byHost {
		unite(of)
	}

	results := make([]Result, len(vips))
	for i, s := range scenes {
		results[i] = s.result(classes[i])
	}
	return results
}

// mostSuspects is how many hosts are examined for each VIP. More than that hold
// an address only where somebody invents them.
const mostSuspects = 256

// suspected lists the hosts to examine: those with a role by name first, then
// those that claim the VIP or announce it, then who merely holds it; and of
// each as they were seen.
func (s *scene) suspected() []evidence.MAC {
	var first, claims, rest []evidence.MAC
	for mac, p := range s.parts {
		if p.role == Director || s.isNamed(mac) {
			first = append(first, mac)
		}
	}
	slices.SortFunc(first, func(a, b evidence.MAC) int { return slices.Compare(a[:], b[:]) })
	most := s.most
	if most == 0 {
		most = mostSuspects
	}
	for _, mac := range s.order {
		switch d := s.deeds[mac]; {
		case slices.Contains(first, mac):
		case len(d.replies)+len(d.gratuitous)+len(d.announcements) > 0:
			claims = append(claims, mac)
		default:
			rest = append(rest, mac)
		}
	}
	more := append(claims, rest...)
	return append(first, more[:min(len(more), max(0, most-len(first)))]...)
}

// unexamined is how many hosts have to do with the VIP and are not among these.
func (s *scene) unexamined(suspected int) int { return len(s.parts) - suspected }

// suspect is one host with all that is known of it.
type suspect struct {
	mac  evidence.MAC
	part part
	*deeds
	class *class
	host  Host
}

// result puts together what is said about one VIP.
func (s *scene) result(classes map[evidence.MAC]*class) Result {
	r := Result{
		VIP: s.vip, Interface: s.cfg.Self.Interface, NetNS: s.cfg.Self.NetNS, VLAN: []uint16{},
		Capture: Capture{
			Sent: s.people.sent, Received: s.log.Received, Dropped: s.log.Lost.Total(), Analysed: uint64(len(s.log.Records)), Ignored: s.log.Ignored,
		},
	}
	var suspects []*suspect
	for _, mac := range s.suspected() {
		x := &suspect{mac: mac, part: s.parts[mac], deeds: s.did(mac), class: classes[mac]}
		x.host = s.host(x)
		suspects = append(suspects, x)
	}
	slices.SortFunc(suspects, func(a, b *suspect) int {
		return cmp.Or(cmp.Compare(rank(a.part.role), rank(b.part.role)), compareIPs(a.host.IPs, b.host.IPs), slices.Compare(a.mac[:], b.mac[:]))
	})
	for _, x := range suspects {
		r.Hosts = append(r.Hosts, x.host)
	}
	missing := s.missing()
	r.Hosts = append(r.Hosts, missing...)

	r.Findings = s.findings(suspects)
	r.Notes = append(s.turned(suspects), s.notes(r.Findings, s.unexamined(len(suspects)))...)
	var open []string
	r.Tests, open = s.tests(suspects, missing, r.Findings)
	r.Verdict = r.Tests.Reply.Worse(r.Tests.Announce).Worse(r.Tests.Holders)
	for _, f := range r.Findings {
		if f.Severity == Critical {
			r.Verdict = Fail
		}
	}
	r.Summary = s.summary(r, suspects, open)
	if s.cfg.Frames {
		for _, rec := range s.log.Records {
			if s.foreign(rec) {
				continue
			}
			r.Frames = append(r.Frames, Frame{Frame: rec.Number, Time: rec.Time, Sent: rec.Sent, Text: rec.String(), File: rec.File})
		}
	}
	return r
}

// host fills in what is known of a host that was seen or can be named.
func (s *scene) host(x *suspect) Host {
	h := Host{
		MAC: x.mac, IPs: slices.Clone(s.people.ips[x.mac]), Role: x.part.role, RoleReason: x.part.reason,
		AnswersARP: x.class.answersVIP(), HoldsVIP: x.class.holdsVIP(), AnnouncesVIP: x.class.announcesVIP(),
		Replies: len(x.replies), ARPIgnore: x.class.ignore(), ARPAnnounce: x.class.announce(),
	}
	// What was seen counts, whatever the model makes of it.
	if len(x.replies) > 0 {
		h.AnswersARP = Yes
		h.ReplyOrder = 1 + slices.Index(s.claimants(), x.mac)
		if h.ReplyMS = s.latencies(x); len(h.ReplyMS) > 0 {
			h.FirstReplyMS = &h.ReplyMS[0]
		}
	}
	if len(x.echoes)+len(x.synAcks) > 0 && s.own(x) {
		h.HoldsVIP = Yes
	}
	if len(x.announcements) > 0 {
		h.HoldsVIP, h.AnnouncesVIP = Yes, Yes
	}
	h.Causes = s.causes(x)
	return h
}

// own reports whether echo replies of a host are its own: one to a broadcast
// frame is, for no router passes those on.
func (s *scene) own(x *suspect) bool {
	return s.witness || len(x.synAcks) > 0 || slices.ContainsFunc(x.echoes, func(e evidence.Record) bool {
		return slices.ContainsFunc(s.echoed, func(ask evidence.Record) bool {
			return ask.SenderIP == e.TargetIP && ask.Seq == e.Seq && ask.Dst == evidence.Broadcast
		})
	}) || !x.class.any(func(h hypothesis) bool { return !h.Place.holds() })
}

// latencies are the times in milliseconds from each request to its reply. The
// n-th reply is taken for that to the n-th request of the same sender.
func (s *scene) latencies(x *suspect) (all []float64) {
	next := map[netip.Addr]int{} // by sender: the first request that is not answered yet
	prompt := !s.witness && promptReplies(s.asked, x.replies)
	for _, reply := range x.replies {
		for i := next[reply.TargetIP]; i < len(s.asked); i++ {
			ask := s.asked[i]
			if prompt && reply.Time.Sub(ask.Time) >= promptly {
				continue // it did not answer that one
			}
			if ask.Number < reply.Number && ask.SenderIP == reply.TargetIP && (ask.Dst == evidence.Broadcast || ask.Dst == reply.SenderMAC) {
				// The reply carries the kernel's time, the request ours.
				all = append(all, max(0, float64(reply.Time.Sub(ask.Time).Microseconds())/1000))
				next[reply.TargetIP] = i + 1
				break
			}
		}
	}
	return all
}

// missing are the named hosts of which not even the MAC address is known.
func (s *scene) missing() (hosts []Host) {
	add := func(h evidence.Host, role Role, reason string) {
		if _, ok := s.people.find(h); !ok && !h.IsZero() {
			hosts = append(hosts, Host{IPs: []netip.Addr{h.IP}, Role: role, RoleReason: reason + ", and never seen",
				AnswersARP: Unknown, HoldsVIP: Unknown, AnnouncesVIP: Unknown})
		}
	}
	add(s.cfg.Director, Director, "named as the director")
	for _, h := range s.cfg.RealServers {
		add(h, RealServer, "named as a real server")
	}
	return hosts
}

// notes are those of the run that concern this VIP, and what is to be done when
// all that was found is mended.
func (s *scene) notes(findings []Finding, unexamined int) (notes []Note) {
	for _, n := range s.log.Notes {
		if !n.VIP.IsValid() || n.VIP == s.vip {
			notes = append(notes, Note{Text: n.Text})
		}
	}
	for _, h := range s.cfg.named() {
		if s.people.elsewhere(h) {
			notes = append(notes, Note{Text: fmt.Sprintf("%s was named with %s, which was not seen; it is at %s", h.IP, h.MAC, s.people.seenAt[h.IP][0])})
		}
	}
	if s.onSelf() {
		notes = append(notes, Note{Text: "this host has " + s.vip.String() + " itself and cannot see its own answers: run the check from a client"})
	}
	if unexamined > 0 {
		notes = append(notes, Note{Text: fmt.Sprintf("%d more hosts have to do with the address, and were not examined", unexamined)})
	}
	misled := func(f Finding) bool {
		return slices.Contains([]Code{ReplyLeak, AnnounceLeak, GratuitousLeak, OnNIC, Conflict, Bypassed}, f.Code) && !s.shared
	}
	if slices.ContainsFunc(findings, misled) {
		notes = append(notes, Note{
			Text: "when all of this is mended, make every client forget the wrong MAC address, on the director",
			Fix:  announceCommand(s.vip),
		})
	}
	return notes
}

func rank(r Role) int { return slices.Index([]Role{Director, Other, RealServer}, r) }

func compareIPs(a, b []netip.Addr) int {
	if len(a) > 0 && len(b) > 0 {
		return a[0].Compare(b[0])
	}
	return cmp.Compare(len(b), len(a)) // those without an address last
}
