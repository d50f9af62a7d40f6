package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Run asks for all VIPs at once. It is used once, by one goroutine.
type Run struct {
	cfg Config
	id  uint16 // ICMP identifier of this run
	seq uint16

	synStart int // where the source ports of SYNs start, among synPorts

	unused unused
	tested map[netip.Addr]*sightings // sources of announce tests that were sent: we answer for them
	vips   map[netip.Addr]*sightings
	rips   map[evidence.MAC]netip.Addr // own addresses of hosts
	macs   map[netip.Addr]evidence.MAC // who claims which other address

	askedRIP map[evidence.MAC]int  // how often a host was asked alone for its own address
	probe    []evidence.Question   // ARP probes that are sent at the end, one by one
	searched map[evidence.MAC]bool // hosts that were asked for every address

	link  Link
	log   evidence.Log
	quota quota
	steps []timed // what is still to be done, in order of time
	queue []frame // what is still to be sent, in order
	slot  time.Time
	until time.Time // when everything that was sent has been listened to
	drew  time.Time // when the last frame was sent that can make another host ask
	stop  bool

	undoing bool         // the asking is over
	mends   []*sightings // VIPs that something has announced
	probes  int          // ARP probes for candidates that were sent,
	probed  time.Time    // and when the last one was
	judged  int          // how long the log was when Stop was last asked
}

// timed is a step with the time at which it is due.
type timed struct {
	due time.Time
	step
}

// New checks the configuration and chooses the addresses that the run may use.
func New(cfg Config) (*Run, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	// Who runs this can be among the named hosts, and cannot be asked.
	self := func(h evidence.Host) bool { return h.IP.IsValid() && h.IP == cfg.Addr || h.MAC == cfg.MAC }
	if self(cfg.Director) {
		cfg.Director = evidence.Host{}
	}
	cfg.RealServers = slices.DeleteFunc(slices.Clone(cfg.RealServers), self)
	r := &Run{
		cfg:      cfg,
		id:       uint16(cfg.Rand.Uint32()),
		synStart: cfg.Rand.IntN(synPorts),
		unused:   findCandidates(cfg),
		tested:   map[netip.Addr]*sightings{},
		vips:     map[netip.Addr]*sightings{},
		rips:     map[evidence.MAC]netip.Addr{},
		macs:     map[netip.Addr]evidence.MAC{},

		askedRIP: map[evidence.MAC]int{},
		searched: map[evidence.MAC]bool{},
	}
	for _, vip := range cfg.VIPs {
		r.vips[vip] = &sightings{vip: vip, hosts: map[evidence.MAC]*sighting{}}
	}
	return r, nil
}

// Temporary returns the addresses that the run may take for its own, for the
// filter of the link.
func (r *Run) Temporary() []netip.Addr { return r.unused.candidates }

// Do runs the schedule and returns what was seen. When ctx ends it stops
// asking, undoes what harm was done, and returns what it has; a lost interface
// ends it at once. Both leave a note in the log, and neither is an error.
func (r *Run) Do(ctx context.Context, link Link) evidence.Log {
	r.link = link
	r.log.Start = time.Now()
	r.slot = r.log.Start
	before := r.own()

	err := r.phase(ctx, r.spread(r.asking, r.controls()...))
	if err == nil && !r.stop {
		err = r.rest(ctx, settle)
	}
	if err == nil && !r.stop {
		err = r.phase(ctx, r.spread(r.testing))
	}
	for n := 0; n < asksOfLate && err == nil && !r.stop; n++ {
		steps := r.late()
		if len(steps) == 0 {
			break
		}
		if err = r.phase(ctx, steps); err == nil && !r.stop {
			err = r.rest(ctx, quick)
		}
	}
	if err == nil && !r.stop {
		err = r.phase(ctx, r.probing())
	}
	if err == nil && !r.stop {
		// At last, listen to the end of what was asked for.
		err = r.rest(ctx, time.Until(r.until))
	}
	r.shortages()
	if r.stop {
		r.note(evidence.Stopped, netip.Addr{}, "the run ended at the first fault, as --fail-fast asks for: there may be more, and who was not seen may be there")
	}
	switch {
	case errors.Is(err, context.Canceled), err == nil && ctx.Err() != nil:
		r.note(evidence.Interrupted, netip.Addr{}, "the run was interrupted before its end")
		err = nil
	case err != nil:
		r.note(evidence.Interrupted, netip.Addr{}, err.Error())
	}
	if err == nil {
		if err = r.undo(); err == nil {
			err = r.restore(before)
		}
		if err == nil {
			err = link.Carrier() // the socket does not tell, and silence means nothing then
		}
		if err != nil {
			r.note(evidence.Interrupted, netip.Addr{}, err.Error())
		}
	} else {
		r.leave(err)
	}
	r.log.End = time.Now()
	r.log.Received, r.log.Lost, r.log.Ignored = link.Counts()
	r.log.Lost.Refused = r.quota.refused
	return r.log
}

// spread makes the steps of one phase for every VIP, starting them so far
// apart that their frames keep to the rate.
func (r *Run) spread(of func(netip.Addr) []step, shared ...step) []timed {
	start := time.Now()
	first := start
	var all []timed
	for _, vip := range r.cfg.VIPs {
		steps := of(vip)
		for _, s := range steps {
			all = append(all, timed{start.Add(s.at), s})
		}
		start = start.Add(time.Duration(len(steps)) * r.gap())
	}
	// Last, so that what is asked about the VIPs goes first.
	for _, s := range shared {
		all = append(all, timed{first.Add(s.at), s})
	}
	slices.SortStableFunc(all, func(a, b timed) int { return a.due.Compare(b.due) })
	return all
}

// gap is the least time between two frames.
func (r *Run) gap() time.Duration { return time.Second / time.Duration(r.cfg.Rate) }

// phase does the steps and listens all the while, until all is sent.
func (r *Run) phase(ctx context.Context, steps []timed) error {
	r.steps = steps
	for len(r.steps)+len(r.queue) > 0 && !r.stop {
		if err := ctx.Err(); err != nil {
			r.steps, r.queue = nil, nil
			return context.Canceled
		}
		if err := r.turn(); err != nil {
			return err
		}
	}
	return nil
}

// rest listens for a while.
func (r *Run) rest(ctx context.Context, d time.Duration) error {
	return r.phase(ctx, []timed{{time.Now().Add(d), step{0, func() []frame { return nil }}}})
}

// turn does what is due, or waits for the next frame until something is.
func (r *Run) turn() error {
	now := time.Now()
	var due time.Time
	mend := r.nextMend()
	switch {
	case len(r.queue) > 0:
		if due = r.slot; !now.Before(due) {
			f := r.queue[0]
			r.queue = r.queue[1:]
			if f.moot != nil && f.moot() {
				return nil
			}
			r.slot = now.Add(r.gap())
			return r.send(f)
		}
	case mend != nil && !now.Before(mend.mend):
		r.queue = r.mend(mend)
		return nil
	case !now.Before(r.steps[0].due):
		// A step is taken up only when nothing waits to be sent: it decides
		// on what was seen, and keeps its distance to what it follows.
		r.queue = r.steps[0].frames()
		r.steps = r.steps[1:]
		return nil
	default:
		due = r.steps[0].due
		if mend != nil && mend.mend.Before(due) {
			due = mend.mend
		}
	}
	return r.listen(due)
}

// patience bounds a wait, so that an interruption is noticed.
const patience = 20 * time.Millisecond

// listen takes one frame in, if one comes until then.
func (r *Run) listen(until time.Time) error {
	if latest := time.Now().Add(patience); until.After(latest) {
		until = latest
	}
	rec, err := r.link.Next(until)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return fmt.Errorf("the interface was lost: %w", err)
	}
	if !r.keep(&rec) {
		return nil
	}
	r.see(rec)
	r.watch(&rec)
	if rec.Kind == evidence.ARPRequest && !rec.IsProbe() && r.tested[rec.TargetIP] != nil && r.unused.taken[rec.TargetIP].IsZero() {
		// At once, before anything that waits: who gets no answer asks
		// everyone twice more.
		if err := r.send(r.isAt(rec.TargetIP, r.answerMAC(), rec)); err != nil {
			return err
		}
	}
	// To judge takes the longer the longer the log is; in a flood not each frame
	// is worth it.
	if n := len(r.log.Records); r.cfg.Stop != nil && r.telling(rec) && (n < 512 || n >= r.judged+r.judged/8) {
		r.judged = n
		r.stop = r.cfg.Stop(&r.log)
	}
	return nil
}

// telling reports whether a record can be the proof of a fault.
func (r *Run) telling(rec evidence.Record) bool {
	return r.vips[rec.SenderIP] != nil || r.named() != nil && rec.IsARP()
}

// answerMAC is where a temporary address is said to be. A host that forwards
// would route the echo reply that comes for it, and ask who has it; so that
// goes to an address that its interface does not accept.
func (r *Run) answerMAC() evidence.MAC {
	if !r.cfg.Forwards {
		return r.cfg.MAC
	}
	mac := r.cfg.MAC
	mac[0] |= 0x02 // locally administered
	mac[5] ^= 0xff
	return mac
}

// send puts a frame on the wire and into the log.
func (r *Run) send(f frame) error {
	f.rec.Time = time.Now()
	if err := r.link.Send(f.bytes); err != nil {
		return fmt.Errorf("could not send %q: %w", f.rec, err)
	}
	r.keep(&f.rec)
	if !f.rec.IsARP() {
		r.drew = f.rec.Time
	}
	if f.rec.IsProbe() && f.rec.Dst == evidence.Broadcast && r.vips[f.rec.TargetIP] == nil {
		r.probes++
		r.probed = f.rec.Time
	}
	wait := hear
	if f.rec.Kind == evidence.ARPRequest && f.rec.Dst == evidence.Broadcast && r.vips[f.rec.TargetIP] != nil {
		wait = r.cfg.Wait
	}
	if heard := f.rec.Time.Add(wait); heard.After(r.until) {
		r.until = heard
	}
	return nil
}

// keep numbers a record and logs it, unless there are too many like it.
func (r *Run) keep(rec *evidence.Record) bool {
	if !r.quota.admits(rec) {
		return false
	}
	rec.Number = len(r.log.Records) + 1
	r.log.Records = append(r.log.Records, *rec)
	r.log.End = time.Now()
	return true
}

func (r *Run) note(code evidence.NoteCode, vip netip.Addr, text string) {
	r.log.Notes = append(r.log.Notes, evidence.Note{Code: code, VIP: vip, Text: text})
}

// shortages notes for which VIPs no unused address was left to test with.
func (r *Run) shortages() {
	for _, vip := range r.cfg.VIPs {
		if why := r.vips[vip].shortage; why != "" {
			r.note(evidence.NoProbeSource, vip, "no announce test: "+why)
		}
	}
}
