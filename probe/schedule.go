package probe

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A step is one entry of the schedule: what is sent, and when. Its frames are
// made when it is due, so they may depend on what was seen until then.
type step struct {
	at     time.Duration // after the start of its phase
	frames func() []frame
}

// Times within the schedule. The first phase asks who-has and tests candidates
// for unused addresses; the second needs such an address.
const (
	// settle is how long after the last ARP probe an address that nobody
	// answered for counts as unused. With the probes before it that makes
	// one second, more than the 0.8 s of a proxy (RFC 5227 would take 6 s).
	settle = 600 * time.Millisecond
	// oneByOne is the gap between questions whose answers are told apart by their
	// time.
	oneByOne = 60 * time.Millisecond
	// probesEach is how many ARP probes there are for each candidate.
	probesEach = 3
	// hear is how long after a frame that is answered at once silence counts.
	hear = 250 * time.Millisecond
	// quick is the gap between two frames that test the same thing.
	quick = 100 * time.Millisecond
	// synRound is the time for one round of SYNs and their answers.
	synRound  = 40 * time.Millisecond
	synRounds = 8
	synBatch  = 8 // SYNs per round and claimant
	// The SYNs come from ports above those that Linux gives to its own
	// connections.
	firstSynPort = 61000
	synPorts     = 4500
	// mostSearched bounds how many hosts are searched for their own address,
	// and widestSearch (a prefix length) how large the subnet may be for it.
	mostSearched = 3
	widestSearch = 24
	// mostTargets bounds how many hosts are asked alone for each VIP.
	mostTargets = 64
)

// asking is the first phase for one VIP: who answers for it? The probe and the
// sender off the subnet separate causes (arp_ignore, arp_filter, rp_filter).
func (r *Run) asking(vip netip.Addr) []step {
	var steps []step
	for i := range r.cfg.Count {
		steps = append(steps, step{time.Duration(i) * interval, func() []frame {
			return []frame{r.whoHas(vip, r.sender(), evidence.Broadcast)}
		}})
	}
	for i := range 2 {
		twice := time.Duration(i)*interval + interval/2
		steps = append(steps, step{twice, func() []frame {
			return []frame{r.whoHas(vip, nobody, evidence.Broadcast)}
		}})
		if r.cfg.Addr.IsValid() {
			steps = append(steps, step{twice + 5*time.Millisecond, func() []frame {
				return []frame{r.whoHas(vip, r.cfg.farSender(), evidence.Broadcast)}
			}})
		}
	}
	return steps
}

// controls is the first phase for what all VIPs share: the named hosts, and
// the candidates for unused addresses. Who-has for a candidate, from a real
// sender, shows hosts that answer for what they do not have.
func (r *Run) controls() []step {
	var steps []step
	ask := func(at time.Duration, target, sender netip.Addr) {
		steps = append(steps, step{at, func() []frame { return []frame{r.whoHas(target, sender, evidence.Broadcast)} }})
	}
	for i := range probesEach {
		at := time.Duration(i) * interval
		for _, h := range r.named() {
			if h.IP.IsValid() {
				ask(at, h.IP, r.sender())
			}
		}
		for n, addr := range r.unused.candidates {
			// Many candidates must not keep the VIPs waiting.
			ask(at+time.Duration(n)*r.gap(), addr, nobody)
		}
	}
	if r.cfg.Addr.IsValid() {
		for i := range 2 {
			for _, addr := range r.unused.candidates[:min(len(r.unused.candidates), 3)] {
				steps = append(steps, step{time.Duration(i)*interval + interval/2, func() []frame {
					if r.unused.owned(addr) {
						return nil // whoever has it need not get an entry for us
					}
					return []frame{r.whoHas(addr, r.cfg.Addr, evidence.Broadcast)}
				}})
			}
		}
	}
	return steps
}

// testing is the second phase for one VIP: who holds it, what do they announce,
// and what does each host say when it is asked alone?
func (r *Run) testing(vip netip.Addr) []step {
	v := r.vips[vip]
	alone := 2 * quick
	var steps []step
	if !r.cfg.NoAnnounceTest {
		steps = append(steps,
			step{0, func() []frame { return r.announceTest(v) }},
			step{quick, func() []frame {
				if !r.cfg.Addr.IsValid() {
					return nil
				}
				return []frame{r.echo(vip, r.cfg.Addr, evidence.Broadcast)}
			}},
			step{quick + quick/2, func() []frame {
				if v.drawn {
					return nil
				}
				return r.announceTest(v) // once more, from another address
			}},
		)
		if r.cfg.Port != 0 && r.cfg.Addr.IsValid() {
			for i := range synRounds {
				steps = append(steps, step{quick + time.Duration(i+1)*synRound, func() []frame { return r.synRound(v) }})
			}
			alone = 2*quick + synRounds*synRound
		}
	}
	steps = append(steps, step{alone, func() []frame { return r.searchRIPs(v) }})
	// What is asked of a host alone is asked twice, for a frame can get lost;
	// and once more when the silence that followed has been listened to.
	for _, at := range []time.Duration{0, quick, 2*quick + hear, 3*quick + hear} {
		steps = append(steps, step{alone + at, func() []frame {
			frames := r.alone(v, at <= quick)
			if at > quick {
				frames = append(frames, r.signOfLife(v)...)
			}
			return frames
		}})
	}
	return steps
}

// asksOfLate is how often hosts are asked that were seen late.
const asksOfLate = 2

// late asks hosts what they have not been asked yet, for they were seen too late
// for the schedule; of all others nothing is left to be asked.
func (r *Run) late() (steps []timed) {
	for _, vip := range r.cfg.VIPs {
		if frames := r.alone(r.vips[vip], false); len(frames) > 0 {
			steps = append(steps, timed{time.Now(), step{frames: func() []frame { return frames }}})
		}
	}
	return steps
}

// oneByOneEach is how many ARP probes a host is sent alone.
const oneByOneEach = 2

// probing is the last phase, where there is anything to be asked in it: ARP probes
// for one host each. An answer to one does not say who asked, so they go one by
// one, and its time tells.
func (r *Run) probing() []timed {
	at := time.Now()
	var steps []timed
	for range oneByOneEach {
		for _, q := range r.probe {
			steps = append(steps, timed{at, step{frames: func() []frame { return []frame{r.whoHas(q.Target, nobody, q.To)} }}})
			at = at.Add(oneByOne)
		}
	}
	return steps
}

// announceTest is an echo from an unused address: each holder must ask for
// that address, and its who-has shows what it announces.
func (r *Run) announceTest(v *sightings) []frame {
	// The first test is what was asked for, and worth the last address.
	reserve := 0
	if v.tested {
		reserve = len(r.cfg.VIPs)
	}
	source, ok := r.unused.spare(reserve)
	if !ok {
		if !v.tested {
			v.shortage = r.unused.shortage()
		}
		return nil
	}
	v.tested = true
	r.tested[source] = v
	return []frame{r.echo(v.vip, source, evidence.Broadcast)}
}

// searchRIPs asks hosts that have shown nothing but the VIP for every address
// of the subnet, until they answer: a host that announces the VIP hides its own
// address by that. The frames go to that host alone, so nobody else is bothered.
func (r *Run) searchRIPs(v *sightings) (frames []frame) {
	if r.cfg.Prefix.Bits() < widestSearch {
		return nil
	}
	for _, mac := range r.targets(v) {
		if _, known := r.rip(mac); known || r.searched[mac] || len(r.searched) == mostSearched {
			continue
		}
		r.searched[mac] = true
		first, last := r.cfg.Prefix.Masked().Addr(), lastAddr(r.cfg.Prefix)
		for a := first.Next(); a.Less(last); a = a.Next() {
			if r.vips[a] == nil && a != r.cfg.Addr && !slices.Contains(r.unused.candidates, a) {
				f := r.whoHas(a, r.sender(), mac)
				f.moot = func() bool { return r.found(mac) }
				frames = append(frames, f)
			}
		}
	}
	return frames
}

// found reports whether a host that was searched has answered. One that
// answers for what nobody has shows nothing by that: all its answers are wanted.
func (r *Run) found(mac evidence.MAC) bool {
	_, known := r.rips[mac]
	return known && r.unused.claimed[mac] == nil
}

// alone asks each host alone: first for the VIP and, as a control, for its own
// address; then whatever still tells apart what is possible.
func (r *Run) alone(v *sightings, first bool) (frames []frame) {
	for _, mac := range r.targets(v) {
		if !first {
			break
		}
		frames = append(frames, r.whoHas(v.vip, r.sender(), mac))
		// Its own address is the same for all VIPs.
		if rip, ok := r.rip(mac); ok && r.askedRIP[mac] < 2 {
			r.askedRIP[mac]++
			frames = append(frames, r.whoHas(rip, r.sender(), mac))
		}
	}
	if r.cfg.Next == nil || !r.cfg.Addr.IsValid() && !r.cfg.ProbeSource.IsValid() {
		return frames
	}
	questions := r.cfg.Next(&r.log, v.vip)
	// One for all, as it is new to each of them; but another one for each further
	// question to the same host, or its who-has would belong to both.
	var unused []netip.Addr
	asked := map[evidence.MAC]int{}
	nth := make([]int, len(questions))
	for i, q := range questions {
		if q.Sender != evidence.AsUnused {
			continue
		}
		nth[i] = asked[q.To]
		asked[q.To]++
		if nth[i] < len(unused) {
			continue
		}
		if source, ok := r.unused.spare(len(r.cfg.VIPs)); ok {
			unused = append(unused, source)
			r.tested[source] = v
		}
	}
	for i, q := range questions {
		sender := map[evidence.Sender]netip.Addr{evidence.AsSelf: r.cfg.Addr, evidence.AsFar: r.cfg.farSender(), evidence.AsNobody: nobody}[q.Sender]
		if q.Sender == evidence.AsUnused && nth[i] < len(unused) {
			sender = unused[nth[i]]
		}
		switch {
		case !sender.IsValid():
		case q.Sender == evidence.AsNobody:
			if !slices.Contains(r.probe, q) {
				r.probe = append(r.probe, q)
			}
		case q.Kind == evidence.ARPRequest:
			frames = append(frames, r.whoHas(q.Target, sender, q.To))
		case !r.cfg.NoAnnounceTest:
			frames = append(frames, r.echo(q.Target, sender, q.To))
		}
	}
	return frames
}

// signOfLife asks each claimant for the VIP, behind all that was asked before:
// its answer shows that the silence of others is theirs, and not that of a
// segment which has gone.
func (r *Run) signOfLife(v *sightings) (frames []frame) {
	for _, mac := range r.targets(v) {
		if s := v.hosts[mac]; s != nil && s.claims {
			frames = append(frames, r.whoHas(v.vip, r.sender(), mac))
		}
	}
	return frames
}

// synRound sends SYNs by way of each claimant, from new ports; another round
// follows only while the last one showed a new member of the pool. No port is
// used twice for a VIP: it tells by way of which claimant a SYN-ACK has come.
func (r *Run) synRound(v *sightings) (frames []frame) {
	if v.synRounds > 0 && v.pool == v.poolBefore {
		return nil
	}
	v.synRounds++
	v.poolBefore = v.pool
	for _, mac := range v.order {
		if !v.hosts[mac].claims {
			continue
		}
		for range synBatch {
			if v.syns == synPorts {
				return frames
			}
			frames = append(frames, r.syn(v.vip, firstSynPort+uint16((r.synStart+v.syns)%synPorts), mac))
			v.syns++
		}
	}
	return frames
}

// sender is whom a who-has comes from: this host, or nobody when it has no
// address.
func (r *Run) sender() netip.Addr {
	if r.cfg.Addr.IsValid() {
		return r.cfg.Addr
	}
	return nobody
}
