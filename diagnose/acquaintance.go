package diagnose

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A talk is what one address asks about another.
type talk struct{ asker, target netip.Addr }

// An acquaintance is what the log of a run that has asked shows of MAC addresses,
// to tell hosts by it.
type acquaintance struct {
	asks    map[evidence.MAC]map[netip.Addr]bool   // has sent who-has as itself, with these addresses
	owns    map[evidence.MAC]map[netip.Addr]bool   // the addresses it has answered for
	replies map[evidence.MAC]int                   // how often it answered who-has
	echoed  map[[2]uint16]evidence.MAC             // to whom alone an echo request went
	pinged  map[evidence.MAC]int                   // how often
	ponged  map[evidence.MAC]int                   // how often that was answered, by whomever
	own     map[evidence.MAC]bool                  // has answered one that went to itself, or to all
	passed  map[evidence.MAC]map[evidence.MAC]bool // who has answered echo requests to another, and that other
	crossed map[evidence.MAC]map[evidence.MAC]bool // the same for who-has, which nobody passes on

	talks map[talk]*exchange
	later bool // somebody has been asked alone
}

// An exchange is what the hosts did about one question.
type exchange struct {
	last    evidence.Record      // the last question
	alone   bool                 // it went to one, and none soon before it to another
	one     map[evidence.MAC]int // how often one was
	answers map[evidence.MAC]int // who answered how often

	// Until the first question of the run that went to one alone: how many broadcasts
	// there were, and who answered them how often.
	each  int
	early map[evidence.MAC]int
}

// apartEnough is between two questions so far from each other that an answer is
// known to be to the last one.
const apartEnough = 50 * time.Millisecond

// acquaint learns that.
func acquaint(log *evidence.Log) *acquaintance {
	k := &acquaintance{
		asks: map[evidence.MAC]map[netip.Addr]bool{}, owns: map[evidence.MAC]map[netip.Addr]bool{}, replies: map[evidence.MAC]int{},
		echoed: map[[2]uint16]evidence.MAC{}, pinged: map[evidence.MAC]int{}, ponged: map[evidence.MAC]int{}, own: map[evidence.MAC]bool{},
		passed: map[evidence.MAC]map[evidence.MAC]bool{}, crossed: map[evidence.MAC]map[evidence.MAC]bool{},
		talks: map[talk]*exchange{},
	}
	for i := range log.Records {
		rec := &log.Records[i]
		switch {
		case rec.Sent && rec.Kind == evidence.EchoRequest && !rec.Dst.IsGroup():
			k.echoed[[2]uint16{rec.ID, rec.Seq}] = rec.Dst
			k.pinged[rec.Dst]++
		case rec.Sent && rec.Kind == evidence.ARPRequest:
			k.question(rec)
		case rec.Sent:
		case rec.Kind == evidence.EchoReply:
			to, alone := k.echoed[[2]uint16{rec.ID, rec.Seq}]
			if !alone || to == rec.Src {
				k.own[rec.Src] = true
			}
			if alone {
				k.ponged[to]++
				insert(k.passed, rec.Src, to)
			}
		case rec.Kind == evidence.ARPReply:
			k.answer(rec)
		case rec.Kind == evidence.ARPRequest && !rec.IsProbe():
			insert(k.asks, rec.SenderMAC, rec.SenderIP)
		}
	}
	return k
}

// unclear asks what ports still has to know. Where another MAC address, which never
// asks, answers for an address with which a host asks, each of the two is sent ARP
// probes alone: who answers shows whether they are one.
func (k *acquaintance) unclear(cfg *Config) (all []evidence.Question) {
	for of, e := range k.talks {
		if of.asker != cfg.Self.Addr || slices.Contains(cfg.VIPs, of.target) {
			continue
		}
		for mac := range e.one {
			for other := range e.answers {
				if !k.asks[mac][of.target] || len(k.asks[other]) > 0 || !couldBePort(mac, other, cfg) {
					continue
				}
				for _, to := range []evidence.MAC{mac, other} {
					probes := k.talks[talk{netip.IPv4Unspecified(), of.target}]
					if probes == nil || probes.one[to] < asksNeeded {
						all = append(all, evidence.Question{To: to, Kind: evidence.ARPRequest, Target: of.target, Sender: evidence.AsNobody})
					}
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b evidence.Question) int {
		return cmp.Or(a.Target.Compare(b.Target), bytes.Compare(a.To[:], b.To[:]))
	})
	all = slices.Compact(all)
	return all[:min(len(all), 2*mostRelated)]
}

// couldBePort reports whether two MAC addresses may be ports of one interface. What is
// sent to a group's address goes to all.
func couldBePort(a, b evidence.MAC, cfg *Config) bool {
	for _, mac := range []evidence.MAC{a, b} {
		if mac.IsGroup() || shared(mac) || mac == cfg.Self.MAC {
			return false
		}
	}
	return true
}

// question notes a who-has of the run.
func (k *acquaintance) question(rec *evidence.Record) {
	of := talk{rec.SenderIP, rec.TargetIP}
	e := k.talks[of]
	if e == nil {
		e = &exchange{one: map[evidence.MAC]int{}, answers: map[evidence.MAC]int{}, early: map[evidence.MAC]int{}}
		k.talks[of] = e
	}
	soon := e.last.Kind != 0 && rec.Time.Sub(e.last.Time) < apartEnough && e.last.Dst != rec.Dst
	e.last, e.alone = *rec, rec.Dst != evidence.Broadcast && !soon
	if rec.Dst != evidence.Broadcast {
		k.later = true
		e.one[rec.Dst]++
		return
	}
	if !k.later {
		e.each++
	}
}

// answer notes an is-at.
func (k *acquaintance) answer(rec *evidence.Record) {
	insert(k.owns, rec.SenderMAC, rec.SenderIP)
	k.replies[rec.SenderMAC]++
	e := k.talks[talk{rec.TargetIP, rec.SenderIP}]
	if e == nil {
		return
	}
	e.answers[rec.SenderMAC]++
	// Who sends an ARP probe is hardly ever told anything unasked.
	if e.alone && rec.TargetIP.IsUnspecified() && rec.Time.Sub(e.last.Time) < apartEnough {
		if rec.SenderMAC != e.last.Dst {
			insert(k.crossed, rec.SenderMAC, e.last.Dst)
		}
	}
	if e.each > 0 && !k.later {
		e.early[rec.SenderMAC]++
	}
}

// insert adds to a set in a map.
func insert[A, B comparable](all map[A]map[B]bool, a A, b B) {
	if all[a] == nil {
		all[a] = map[B]bool{}
	}
	all[a][b] = true
}

// both reports whether two MAC addresses both answer for a VIP, and not the one now
// and then: each ARP probe, or all that was asked as another than this host, but for one
// frame that may be lost. To who asks as itself a bond tells another address unasked,
// soon after it has answered, and once in a while to others.
func (k *acquaintance) both(a, b evidence.MAC, cfg *Config) bool {
	asked, missed := 0, 0
	for of, e := range k.talks {
		if of.asker == cfg.Self.Addr || !slices.Contains(cfg.VIPs, of.target) {
			continue
		}
		lacks := max(0, e.each-min(e.early[a], e.early[b]))
		if of.asker.IsUnspecified() && e.each >= asksNeeded && lacks == 0 {
			return true
		}
		asked, missed = asked+e.each, missed+lacks
	}
	return asked-missed >= asksNeeded && missed <= 1
}

// differ reports whether each of two MAC addresses has answered for an address
// for which the other one has not.
func (k *acquaintance) differ(a, b evidence.MAC) bool {
	lacks := func(a, b evidence.MAC) bool {
		for ip := range k.owns[b] {
			if !k.owns[a][ip] {
				return true
			}
		}
		return false
	}
	return lacks(a, b) && lacks(b, a)
}

// compare sorts the MAC addresses of one interface: first the one with which it asks,
// for that is its own; where none does, the one at which it can be found.
func (k *acquaintance) compare(a, b evidence.MAC) int {
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
		first(func(mac evidence.MAC) bool { return len(k.asks[mac]) > 0 }),
		cmp.Compare(k.replies[b], k.replies[a]),
		bytes.Compare(a[:], b[:]))
}

// unlike reports whether there is an address for which one of two MAC addresses
// has answered each time that all were asked, and the other never.
func (k *acquaintance) unlike(a, b evidence.MAC) bool {
	for _, e := range k.talks {
		if n := e.each; n >= asksNeeded && min(e.early[a], e.early[b]) == 0 && max(e.early[a], e.early[b]) >= n {
			return true
		}
	}
	return false
}
