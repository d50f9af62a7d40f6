package diagnose

import (
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// announced strikes out what does not fit the addresses with which a host asked
// for others.
//
// A broadcast who-has with the VIP as sender comes from arp_announce alone: the
// host has a packet from the VIP at hand, and says so. That it asks with its own
// address tells something only if the packet that waits for the answer is from
// the VIP; which it is if the host had been asked something at the VIP, and
// replied just after it had asked for the way back (arp_solicit).
func (s *scene) announced(mac evidence.MAC, m model, part span, c *class) {
	announcing := c.grid.announcers()
	did := func(vip bool) {
		c.left = slices.DeleteFunc(c.left, func(i int) bool { return announcing[i] != vip })
	}
	recs := s.by[mac]
	for i, rec := range recs {
		if rec.Kind != evidence.ARPRequest || rec.Dst != evidence.Broadcast || rec.IsProbe() || rec.IsGratuitous() ||
			rec.Src != rec.SenderMAC || !part.has(rec.Time) {
			continue
		}
		switch {
		case rec.SenderIP == s.vip:
			did(true)
		case slices.Contains(m.ips, rec.SenderIP) && s.onTheWayBack(mac, recs, i):
			did(false)
		}
	}
}

// waitingTime is how long a packet waits for the answer to a who-has.
const waitingTime = time.Second

// onTheWayBack reports whether who-has number i of a host stands between a
// packet to the VIP and the reply to it, both from and to whom it asks for, and
// is the only reason why the reply had to wait.
func (s *scene) onTheWayBack(mac evidence.MAC, recs []evidence.Record, i int) bool {
	who := recs[i]
	var asked *evidence.Record
	for j := range s.sent {
		ask := &s.sent[j]
		if ask.TargetIP == s.vip && (ask.Kind == evidence.EchoRequest || ask.Kind == evidence.TCPSyn) && ask.SenderIP == who.TargetIP &&
			(ask.Dst == mac || ask.Dst == evidence.Broadcast) && before(*ask, who) && who.Time.Sub(ask.Time) <= waitingTime {
			asked = ask
		}
	}
	if asked == nil {
		return false
	}
	replied := false
	for j, rec := range recs {
		if j == i {
			continue
		}
		switch {
		case rec.Kind == evidence.ARPRequest && rec.TargetIP == who.TargetIP && before(rec, who) && who.Time.Sub(rec.Time) <= 3*waitingTime:
			return false // it had asked before, for another packet
		case rec.TargetIP != who.TargetIP || rec.SenderIP != s.vip || rec.IsARP():
		case before(*asked, rec) && before(rec, who):
			return false // it knew the way back
		case before(who, rec) && rec.Time.Sub(who.Time) <= waitingTime:
			replied = true
		}
	}
	return replied
}
