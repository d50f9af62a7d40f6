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
	// hear is how long after a frame that is answered at once silence counts.
	hear = 250 * time.Millisecond
	// quick is the gap between two frames that test the same thing.
	quick = 100 * time.Millisecond
	// synRound is the time for one round of SYNs and their answers.
	synRound  = 40 * time.Millisecond
	synRounds = 8
	synBatch  = 8 // SYNs per round and claimant
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
		steps = append(steps, step{time.Duration(i) * Interval, func() []frame {
			return []frame{r.whoHas(vip, r.sender(), evidence.Broadcast)}
		}})
	}
	for i := range 2 {
		twice := time.Duration(i)*Interval + Interval/2
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
	for i := range 3 {
		at := time.Duration(i) * Interval
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
				ask(time.Duration(i)*Interval+Interval/2, addr, r.cfg.Addr)
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
			step{0, func() []frame { return r.announceTest(v, evidence.Broadcast) }},
			step{quick, func() []frame {
				if !r.cfg.Addr.IsValid() {
					return nil
				}
				return []frame{r.echo(vip, r.cfg.Addr, evidence.Broadcast)}
			}},
		)
		if r.cfg.Port != 0 && r.cfg.Addr.IsValid() {
			for i := range synRounds {
				steps = append(steps, step{quick + time.Duration(i+1)*synRound, func() []frame { return r.synRound(v) }})
			}
			alone = 2*quick + synRounds*synRound
		}
		// Twice: once to all that drew nothing yet, from a new address, then
		// to those that stay silent even so.
		steps = append(steps,
			step{alone, func() []frame { return r.announceAlone(v) }},
			step{alone + quick, func() []frame { return r.echoAlone(v) }},
		)
	}
	steps = append(steps, step{alone + 5*time.Millisecond, func() []frame { return r.searchRIPs(v) }})
	for i := range 2 {
		steps = append(steps, step{alone + time.Duration(i)*quick + 10*time.Millisecond, func() []frame { return r.whoHasAlone(v) }})
	}
	return append(steps, step{alone + quick + hear, func() []frame { return nil }})
}

// announceTest is an echo from an unused address: each holder must ask for
// that address, and its who-has shows what it announces.
func (r *Run) announceTest(v *sightings, to ...evidence.MAC) (frames []frame) {
	if len(to) == 0 {
		return nil
	}
	source, ok := r.unused.take()
	if !ok {
		v.shortage = r.unused.shortage()
		return nil
	}
	r.tested[source] = v
	for _, mac := range to {
		frames = append(frames, r.echo(v.vip, source, mac))
	}
	return frames
}

// announceAlone repeats the announce test, from another unused address, for
// the hosts that have shown nothing yet.
func (r *Run) announceAlone(v *sightings) []frame {
	var quiet []evidence.MAC
	for _, mac := range r.targets(v) {
		if s := v.hosts[mac]; s == nil || !s.announced {
			quiet = append(quiet, mac)
		}
	}
	return r.announceTest(v, quiet...)
}

// echoAlone asks each host that has not shown yet that it holds the VIP, and
// for comparison whether it answers echo requests to its own address at all.
func (r *Run) echoAlone(v *sightings) (frames []frame) {
	if !r.cfg.Addr.IsValid() {
		return nil
	}
	for _, mac := range r.targets(v) {
		if s := v.hosts[mac]; s != nil && s.holds {
			continue
		}
		frames = append(frames, r.echo(v.vip, r.cfg.Addr, mac))
		if rip, ok := r.rip(mac); ok {
			frames = append(frames, r.echo(rip, r.cfg.Addr, mac))
		}
	}
	return frames
}

// searchRIPs asks hosts that have shown nothing but the VIP for every address
// of the subnet: a host that announces the VIP hides its own address by that.
// The frames go to that host alone, so nobody else is bothered.
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
				frames = append(frames, r.whoHas(a, r.sender(), mac))
			}
		}
	}
	return frames
}

// whoHasAlone asks each host alone, for the VIP and for its own address.
func (r *Run) whoHasAlone(v *sightings) (frames []frame) {
	for _, mac := range r.targets(v) {
		frames = append(frames, r.whoHas(v.vip, r.sender(), mac))
		// Its own address is the same for all VIPs.
		if rip, ok := r.rip(mac); ok && r.askedRIP[mac] < 2 {
			r.askedRIP[mac]++
			frames = append(frames, r.whoHas(rip, r.sender(), mac))
			if r.cfg.Addr.IsValid() {
				frames = append(frames, r.whoHas(rip, r.cfg.farSender(), mac))
			}
		}
	}
	return frames
}

// synRound sends SYNs by way of each claimant, from new ports; another round
// follows only while the last one showed a new member of the pool.
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
			// Above the ports that Linux gives to its own connections.
			port := uint16(61000 + r.cfg.Rand.IntN(4500))
			frames = append(frames, r.syn(v.vip, port, mac))
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
