package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// answerTime is how long after a who-has a reply to it may still come.
const answerTime = 2 * time.Second

// unasked is how many ARP replies that nobody asked for make a host a spoofer,
// if another host claims the address, too.
const unasked = 5

// A lie is ARP of one Ethernet source that no host has a reason to send.
type lie struct {
	unsolicited []evidence.Record // replies to who did not ask
	forged      []evidence.Record // in the name of another host that speaks for itself
}

// lies finds for each Ethernet source what it sent about the VIP that nobody
// asked for. A gratuitous reply is not meant: announcing oneself is in order
// (RFC 5227, section 2.3).
func (s *scene) lies() map[evidence.MAC]*lie {
	if s.lied != nil || !s.witness {
		return s.lied
	}
	s.lied = map[evidence.MAC]*lie{}
	shown := s.showsRequests()
	lieOf := func(mac evidence.MAC) *lie {
		if s.lied[mac] == nil {
			s.lied[mac] = new(lie)
		}
		return s.lied[mac]
	}
	asked := map[netip.Addr][]evidence.Record{}
	for _, rec := range s.log.Records { // also what is asked from another VIP
		if rec.Kind == evidence.ARPRequest && rec.TargetIP == s.vip && !rec.IsGratuitous() {
			asked[rec.SenderIP] = append(asked[rec.SenderIP], rec)
		}
	}
	look := func(recs []evidence.Record) {
		// By who is told, and by whom, for routers that share a MAC address: the
		// first ask that is not answered yet.
		type telling struct {
			to   netip.Addr
			from evidence.MAC
		}
		next := map[telling]int{}
		for _, rec := range recs {
			if rec.Kind != evidence.ARPReply || rec.IsGratuitous() || rec.Src.IsZero() || !shown || s.sampled(rec.Time) {
				continue
			}
			of := telling{rec.TargetIP, rec.Src}
			asks := asked[rec.TargetIP][next[of]:]
			i := slices.IndexFunc(asks, func(ask evidence.Record) bool { return answersIt(rec, ask) })
			if next[of] += i + 1; i < 0 {
				l := lieOf(rec.Src)
				l.unsolicited = append(l.unsolicited, rec)
			}
		}
	}
	for _, mac := range s.order {
		look(s.deeds[mac].replies)
	}
	for mac, recs := range s.forged {
		lieOf(mac).forged = recs
	}
	return s.lied
}

// showsRequests reports whether who-has is in the log at all. Where replies alone
// were captured, nothing says that nobody had asked.
func (s *scene) showsRequests() bool {
	return slices.ContainsFunc(s.log.Records, func(rec evidence.Record) bool { return rec.Kind == evidence.ARPRequest && !rec.IsGratuitous() }) ||
		slices.ContainsFunc(s.log.Claims, func(c evidence.Claim) bool { return c.Requests+c.Probes > 0 })
}

// answersIt reports whether a reply may be that to a request. A frame may
// overtake another one on its way to the capture.
func answersIt(reply, ask evidence.Record) bool {
	d := reply.Time.Sub(ask.Time)
	return -promptly <= d && d <= answerTime
}

// spoofs reports whether a host draws the VIP to itself by ARP that nobody
// asked for, or speaks in the name of its owner, as tools for ARP spoofing do
// when they end and put things right again.
func (s *scene) spoofs(mac evidence.MAC) bool {
	l := s.lies()[mac]
	if l == nil {
		return false
	}
	if named, ok := s.people.find(s.cfg.Director); ok && named == mac && !s.cfg.Director.IsZero() {
		return false // to draw it to itself is its office
	}
	claims := 0
	others := false
	for other, d := range s.deeds {
		n := len(d.replies) + len(d.gratuitous) + len(d.echoes) + len(d.synAcks)
		if other == mac {
			claims = n
		} else if n > 0 {
			others = true
		}
	}
	others = others || len(l.forged) > 0
	return others && (len(l.unsolicited) >= unasked || claims > 0 && len(l.forged) > 0)
}

// spoofing is the finding on such a host.
func (s *scene) spoofing() (all []Finding) {
	for _, mac := range sortedLies(s.lies()) {
		if !s.spoofs(mac) {
			continue
		}
		l := s.lies()[mac]
		proof := append(slices.Clone(l.unsolicited), l.forged...)
		f := Finding{Code: Spoofing, Severity: Critical, MAC: mac, IPs: s.people.ips[mac]}
		prove(&f, proof)
		name := s.people.call(mac)
		f.Summary = fmt.Sprintf("%s draws %s to itself with ARP replies that nobody asked for: ARP spoofing.", name, s.vip)
		if n := len(l.unsolicited); n > 0 {
			f.Why = fmt.Sprintf("It sent %d ARP replies for which nobody had asked. ", n)
		}
		if n := len(l.forged); n > 0 {
			f.Why += fmt.Sprintf("It sent %d ARP frames in the name of %s, with its own Ethernet source: spoofing tools do so to put things right again when they end. These prove nothing about %s. ",
				n, s.people.call(l.forged[0].SenderMAC), s.people.call(l.forged[0].SenderMAC))
		}
		f.Why += "A host that owns an address answers who-has, or announces itself; it does not answer where nobody asked. Traffic for the address passes through this host, which can read and change it."
		if more := s.people.disputes(mac, s.vip); more > 0 {
			f.Why += fmt.Sprintf(" It claims %d more addresses that other hosts claim, too.", more)
		}
		f.Fix = []string{
			"# find the switch port of " + mac.String() + " in the switch's MAC address table, and shut it",
			fmt.Sprintf("ip neigh flush to %s   # on each client and router, once that is done", s.vip),
		}
		f.Variants = []string{"some cluster software (NLB, old failover scripts) and security scanners send such replies by design; then it is an owner that takes over"}
		all = append(all, f)
	}
	return all
}

func sortedLies(m map[evidence.MAC]*lie) (all []evidence.MAC) {
	for mac := range m {
		all = append(all, mac)
	}
	slices.SortFunc(all, func(a, b evidence.MAC) int { return slices.Compare(a[:], b[:]) })
	return all
}
