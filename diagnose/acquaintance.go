package diagnose

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A talk is what one address asks about another.
type talk struct{ asker, target netip.Addr }

// An acquaintance is what a log shows of MAC addresses, to tell hosts by it.
type acquaintance struct {
	asks    map[evidence.MAC]bool                  // has sent who-has as itself
	answers map[evidence.MAC]map[netip.Addr]bool   // the addresses it has answered for
	is      map[evidence.MAC]int                   // how often it answered who-has
	echoed  map[[2]uint16]evidence.MAC             // to whom alone an echo request went
	crossed map[evidence.MAC]map[evidence.MAC]bool // who has answered what another was asked alone, and that other

	asked map[talk]*round
	alone bool // somebody was asked alone
}

// A round is what the hosts did about one question.
type round struct {
	all   int                  // how often all were asked
	alone map[evidence.MAC]int // how often one was
	ever  map[evidence.MAC]int // who answered how often

	// The same until the first of all questions that went to one alone.
	early   int
	replied map[evidence.MAC]int
}

// acquaint learns that from the log of a run that has asked.
func acquaint(log *evidence.Log) *acquaintance {
	k := &acquaintance{
		asks: map[evidence.MAC]bool{}, answers: map[evidence.MAC]map[netip.Addr]bool{}, is: map[evidence.MAC]int{},
		echoed: map[[2]uint16]evidence.MAC{}, crossed: map[evidence.MAC]map[evidence.MAC]bool{},
		asked: map[talk]*round{},
	}
	for i := range log.Records {
		rec := &log.Records[i]
		switch {
		case rec.Sent && rec.Kind == evidence.EchoRequest && !rec.Dst.IsGroup():
			k.echoed[[2]uint16{rec.ID, rec.Seq}] = rec.Dst
		case rec.Sent && rec.Kind == evidence.ARPRequest:
			k.ask(rec)
		case rec.Sent:
		case rec.Kind == evidence.EchoReply:
			if to, ok := k.echoed[[2]uint16{rec.ID, rec.Seq}]; ok {
				note(k.crossed, rec.Src, to)
			}
		case rec.Kind == evidence.ARPReply:
			note(k.answers, rec.SenderMAC, rec.SenderIP)
			k.is[rec.SenderMAC]++
			if r := k.asked[talk{rec.TargetIP, rec.SenderIP}]; r != nil {
				r.ever[rec.SenderMAC]++
				if !k.alone {
					r.replied[rec.SenderMAC]++
				}
			}
		case rec.Kind == evidence.ARPRequest && !rec.IsProbe():
			k.asks[rec.SenderMAC] = true
		}
	}
	for _, r := range k.asked {
		for only := range r.alone {
			if r.all > 0 || len(r.alone) > 1 || r.ever[only] > 0 {
				break // others were asked, too, or it answers itself
			}
			for mac := range r.ever {
				note(k.crossed, mac, only)
			}
		}
	}
	return k
}

// ask notes a who-has of the run.
func (k *acquaintance) ask(rec *evidence.Record) {
	of := talk{rec.SenderIP, rec.TargetIP}
	r := k.asked[of]
	if r == nil {
		r = &round{alone: map[evidence.MAC]int{}, ever: map[evidence.MAC]int{}, replied: map[evidence.MAC]int{}}
		k.asked[of] = r
	}
	if rec.Dst != evidence.Broadcast {
		k.alone = true
		r.alone[rec.Dst]++
		return
	}
	r.all++
	if !k.alone {
		r.early++
	}
}

// speaks reports whether a MAC address answers for itself what it is asked
// alone, each time or never: then it is an interface. That of a port is not
// listened to, or answered with another one now and then.
func (k *acquaintance) speaks(mac evidence.MAC) bool {
	answers := false
	for _, r := range k.asked {
		if n := r.alone[mac]; n > 0 && r.ever[mac] > 0 {
			if r.ever[mac] != r.all+n {
				return false
			}
			answers = true
		}
	}
	return answers
}

// note adds to a set in a map.
func note[A, B comparable](all map[A]map[B]bool, a A, b B) {
	if all[a] == nil {
		all[a] = map[B]bool{}
	}
	all[a][b] = true
}

// both reports whether each of two MAC addresses has answered for a VIP as often
// as all were asked, whoever asked: as itself, or in ARP probes.
func (k *acquaintance) both(a, b evidence.MAC, cfg *Config) bool {
	asked := false
	for of, r := range k.asked {
		if r.early == 0 || !slices.Contains(cfg.VIPs, of.target) || of.asker != cfg.Self.Addr && !of.asker.IsUnspecified() || r.replied[a]+r.replied[b] == 0 {
			continue
		}
		if asked = true; r.replied[a] < r.early || r.replied[b] < r.early {
			return false
		}
	}
	return asked
}

// differ reports whether each of two MAC addresses has answered for an address
// for which the other one has not.
func (k *acquaintance) differ(a, b evidence.MAC) bool {
	lacks := func(a, b evidence.MAC) bool {
		for ip := range k.answers[b] {
			if !k.answers[a][ip] {
				return true
			}
		}
		return false
	}
	return lacks(a, b) && lacks(b, a)
}

// order sorts the MAC addresses of one interface: first the one at which it can be
// found; where that are several, the one with which it asks, for that is its own.
func (k *acquaintance) order(a, b evidence.MAC) int {
	first := func(is func(evidence.MAC) bool) int {
		switch {
		case is(a) == is(b):
			return 0
		case is(a):
			return -1
		}
		return 1
	}
	return cmp.Or(
		first(func(mac evidence.MAC) bool { return k.is[mac] > 0 }),
		first(func(mac evidence.MAC) bool { return k.asks[mac] }),
		cmp.Compare(k.is[b], k.is[a]),
		bytes.Compare(a[:], b[:]))
}

// unlike reports whether there is an address for which one of two MAC addresses
// has answered each time that all were asked, and the other never.
func (k *acquaintance) unlike(a, b evidence.MAC) bool {
	for _, r := range k.asked {
		if r.early >= asksNeeded && min(r.replied[a], r.replied[b]) == 0 && max(r.replied[a], r.replied[b]) >= r.early {
			return true
		}
	}
	return false
}
