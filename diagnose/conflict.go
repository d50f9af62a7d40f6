package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// ownerly are the frames in which a host acts as the owner of the VIP.
func (s *scene) ownerly(x *suspect) []evidence.Record {
	if claims := append(slices.Clone(x.replies), x.gratuitous...); len(claims) > 0 {
		return claims
	}
	var all []evidence.Record
	for _, d := range s.directly(x.mac) {
		all = append(all, d.answer)
	}
	if len(all) == 0 {
		return x.announcements
	}
	return all
}

func (s *scene) conflict(rivals []*suspect, claims []evidence.Record) Finding {
	var macs []evidence.MAC
	for _, x := range rivals {
		macs = append(macs, x.mac)
	}
	slices.SortFunc(claims, order)
	f := Finding{Code: Conflict, Severity: Critical}
	prove(&f, claims)
	verb := "claim"
	if slices.ContainsFunc(rivals, func(x *suspect) bool { return len(x.replies)+len(x.gratuitous)+len(x.announcements) == 0 }) {
		verb = "answer as"
	}
	f.Summary = fmt.Sprintf("%s both %s %s, and nothing shows which is right.", s.names(macs), verb, s.vip)
	if len(macs) > 2 {
		f.Summary = fmt.Sprintf("%d hosts %s %s, and nothing shows which is right: %s.", len(macs), verb, s.vip, s.names(macs))
	}
	if len(macs) == 0 {
		f.Summary = fmt.Sprintf("Two routers advertise %s at the same time.", s.vip)
	}
	if s.splitBrain() && len(macs) > 0 {
		f.Summary = fmt.Sprintf("%s advertise %s at the same time, each as the master.", s.names(macs), s.vip)
	}
	f.Why = "Each client keeps the answer that reaches it first, so clients are spread over these hosts at random. "
	switch {
	case s.splitBrain():
		f.Why += "Both advertise it as the master of a virtual router at the same time (split brain): they do not hear each other."
		f.Fix = []string{"journalctl -u keepalived -n 50   # on both: does each see the other's adverts?",
			"# IP protocol 112 to 224.0.0.18 must pass the switch (IGMP snooping) and both firewalls"}
		return f
	case s.witness && s.plain(rivals):
		s.shared = true
		f.Why += "None of them shows any other address of its own, as the hosts of a cluster do sooner or later. So this may well be a plain address that was given out twice: by hand, or by hand and by DHCP. " + s.shows(rivals)
		f.Fix = []string{"# find each by its switch port (MAC address table), and give all but one another address"}
		f.Variants = []string{
			"if it is a VIP, a real server answers for it that should not (arp_ignore is 0 there); name the owner: " + s.again("--director MAC"),
		}
		if s.onOwnInterfaces(rivals) {
			f.Variants = slices.Insert(f.Variants, 0, twoNetworks)
		}
		return f
	default:
		f.Why += "One may be the director and the others real servers that should not answer (arp_ignore is 0 there), or the address is in use twice."
	}
	if s.witness {
		f.Why += " " + s.shows(rivals)
	}
	for _, mac := range macs[:min(len(macs), 3)] {
		name := s.people.call(mac)
		f.Fix = append(f.Fix, fmt.Sprintf("# if %s is the director, ask again with its name:", name), s.again("--director "+name))
	}
	f.Variants = []string{
		"with a TCP service on the VIP, --port N finds the director by itself",
		"VRRP: two masters (split brain) look like this; compare `ip addr show to " + s.vip.String() + "` on both",
	}
	if len(macs) == 2 && s.people.same(macs[0], macs[1]) {
		f.Variants = append(f.Variants, "both answer for the same addresses: they may be two interfaces of one host on one segment (set arp_ignore or arp_filter there)")
	}
	if len(macs) == 2 && s.byTurns(macs[0], macs[1]) {
		f.Variants = append(f.Variants, "each who-has is answered by one of them alone: a bond of mode balance-alb does so, and is one host (`cat /proc/net/bonding/*` there)")
	}
	if s.onOwnInterfaces(rivals) {
		f.Variants = append(f.Variants, twoNetworks)
	}
	if s.witness {
		f.Variants[0] = "a capture of connections to the VIP shows who passes them on: that is the director"
	}
	return f
}

// twoNetworks is said where rivals are onOwnInterfaces.
const twoNetworks = "each of them was captured on another interface: if these are two networks that use the same addresses, it is no conflict; capture each alone"

// onOwnInterfaces reports whether nothing of two rivals was captured on the same
// interface.
func (s *scene) onOwnInterfaces(rivals []*suspect) bool {
	seen := map[view]bool{}
	for _, x := range rivals {
		own := map[view]bool{}
		for _, rec := range s.by[x.mac] {
			for _, v := range s.people.views(&rec) {
				own[v] = true
			}
		}
		for v := range own {
			if v.file != "" && seen[v] {
				return false
			}
			seen[v] = true
		}
	}
	return s.witness && len(rivals) > 1
}

// byTurns reports whether two hosts have answered several times what all were
// asked, and never both of them.
func (s *scene) byTurns(a, b evidence.MAC) bool {
	type turn struct{ a, b bool }
	open := map[netip.Addr]*turn{} // by who asked: who has answered the last question
	times := map[turn]int{}
	end := func(asker netip.Addr) {
		if t := open[asker]; t != nil {
			times[*t]++
		}
	}
	for _, rec := range s.log.Records {
		switch {
		case rec.Kind == evidence.ARPRequest && rec.TargetIP == s.vip && rec.Dst == evidence.Broadcast && !rec.IsGratuitous():
			end(rec.SenderIP)
			open[rec.SenderIP] = new(turn)
		case rec.Kind == evidence.ARPReply && rec.SenderIP == s.vip && open[rec.TargetIP] != nil:
			t := open[rec.TargetIP]
			t.a, t.b = t.a || rec.SenderMAC == a, t.b || rec.SenderMAC == b
		}
	}
	for asker := range open {
		end(asker)
	}
	return times[turn{true, true}] == 0 && min(times[turn{a: true}], times[turn{b: true}]) >= asksNeeded
}

// plain reports whether nothing shows that the address is a VIP: nobody called
// it one, and no rival has an address besides.
func (s *scene) plain(rivals []*suspect) bool {
	return !s.people.asked && len(s.adverts) == 0 && !slices.ContainsFunc(rivals, func(x *suspect) bool {
		return len(s.people.claims[x.mac]) > 1 || len(s.people.ips[x.mac]) > 0 || s.isNamed(x.mac)
	})
}

// shows says what each rival did.
func (s *scene) shows(rivals []*suspect) string {
	var all []string
	for _, x := range rivals[:min(len(rivals), 4)] {
		var did []string
		add := func(n int, one, several string) {
			switch {
			case n == 1:
				did = append(did, one)
			case n > 1:
				did = append(did, fmt.Sprintf(several, n))
			}
		}
		add(len(x.replies), "answers one who-has", "answers %d who-has")
		add(len(x.gratuitous), "announces it once", "announces it %d times")
		add(len(x.announcements), "asks as it once", "asks as it %d times")
		add(len(x.echoes), "answers one ping", "answers %d pings")
		add(len(x.synAcks), "accepts one connection", "accepts %d connections")
		all = append(all, s.people.call(x.mac)+" "+strings.Join(did, ", "))
	}
	return strings.Join(all, "; ") + "."
}

// again is the command that repeats the diagnosis, with more flags.
func (s *scene) again(flags string) string {
	if !s.witness {
		return strings.TrimSpace(fmt.Sprintf("arpcheck --vip %s%s %s", s.vip, s.onInterface(), flags))
	}
	var names []string
	for i := range s.log.Files {
		switch name := s.log.Files[i].Name; {
		case name == evidence.StandardInput: // which cannot be read again
			names = append(names, "capture.pcap")
			flags = strings.TrimSpace(flags + "   # with tcpdump -w capture.pcap before")
		case strings.HasPrefix(name, "-"):
			names = append(names, quote("./"+name))
		default:
			names = append(names, quote(name))
		}
	}
	return strings.TrimSpace(fmt.Sprintf("arpcheck replay %s --vip %s %s", strings.Join(names, " "), s.vip, flags))
}

// run is what the log is of, for a sentence.
func (s *scene) run() string {
	if s.witness {
		return "capture"
	}
	return "run"
}

// order sorts records as they were seen.
func order(a, b evidence.Record) int {
	switch {
	case before(a, b):
		return -1
	case before(b, a):
		return 1
	}
	return 0
}

// onInterface is the -i flag of the run, for commands to repeat it.
func (s *scene) onInterface() string {
	if s.cfg.Self.Interface == "" {
		return ""
	}
	return " -i " + s.cfg.Self.Interface
}
