package capture

import (
	"math"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// noTime is the time of a frame whose record has none.
const noTime = math.MinInt64

// A tally is what was found in a file, or in a part of one. The parts of a file
// are merged in order, and the result is the same as if the whole had been
// read into one tally, or the part says that it must be read again (stale).
type tally struct {
	name     string // of the file
	watched  *watch
	keepRaw  bool
	stats    stats
	claims   *claims           // nil: they have been counted
	trails   map[uint32]*trail // of watched addresses
	adverts  *trail            // of all virtual routers
	asks     asks
	limits   trailLimits
	spool    *spool // nil: the file can be read again
	overflow bool   // a part alone has reached a limit
}

func newTally(cfg *settings, limits claimLimits, whole bool) *tally {
	t := &tally{
		watched: cfg.watched, keepRaw: cfg.keepRaw,
		limits: trailsFor(cfg.trails),
	}
	if !cfg.second {
		t.claims = newClaims(limits, cfg.asked, whole)
	}
	t.reset("", whole)
	return t
}

// reset empties the tally, for the beginning of a file or for a later part.
func (t *tally) reset(name string, whole bool) {
	t.name, t.overflow = name, false
	t.stats = stats{}
	if t.claims != nil {
		t.claims.reset()
	}
	t.trails = map[uint32]*trail{}
	t.adverts = newTrail(trailLimits{head: 512, tail: 128, acts: 128, sample: 4})
	t.asks.reset(!whole)
}

// frame counts a frame and hands it to the decoders.
func (t *tally) frame(link linkType, octets []byte, origLen uint32, ns int64, iface int) {
	s := &t.stats
	s.frames++
	if ns < s.lastTime || !s.timed {
		s.unordered(ns, s.frames)
	}
	if ns != noTime {
		s.lastTime = ns
	}
	if origLen > uint32(len(octets)) {
		s.cut++
	}
	if link == linkEthernet {
		if len(octets) >= dullLen && isDull((*[dullLen]byte)(octets)) {
			s.dull++
			return
		}
		t.ethernet(octets, origLen, ns, iface)
		return
	}
	if !link.hasMACs() {
		s.noMACs++
	}
	t.decode(link, octets, origLen, ns, iface)
}

// decode takes a frame of any kind.
func (t *tally) decode(link linkType, f []byte, origLen uint32, ns int64, iface int) {
	rec, reason := decodeLink(link, f)
	if reason != "" {
		t.stats.ignore(reason)
		if reason == evidence.OtherLink {
			t.stats.otherLink(link)
		}
		return
	}
	if rec.IsARP() {
		op := uint64(rec.Kind) // 1 and 2, as on the wire
		t.claim(op, macBits(rec.SenderMAC), macBits(rec.Src), uint64(rec.VLANs),
			number(rec.SenderIP), number(rec.TargetIP), ns)
		if rec.Kind == evidence.ARPRequest && rec.Dst == evidence.Broadcast {
			t.asks.whoHas++
		}
	}
	t.keep(&rec, link, f, origLen, ns, iface)
}

// claim counts an ARP request (op 1) or reply (op 2).
func (t *tally) claim(op, sha, src, vlans uint64, spa, tpa uint32, ns int64) {
	// Requests and replies come in no order that a processor could foresee:
	// no branch for these.
	kind, addr := (2-op)&1, spa // kindRequest or kindReply
	if spa == tpa {
		kind = kindGratuitous
	}
	if spa == 0 && op == 1 {
		kind, addr = kindProbe, tpa
	}
	if addr == 0 || t.claims == nil {
		return // nobody's address
	}
	e := t.claims.find(addr, vlans, sha)
	if e == nil {
		like := entry{mac: sha, vlans: vlans, addr: addr}
		if e = t.claims.add(&like, first{time: ns, frame: t.stats.frames}); e == nil {
			t.claims.unlisted++
			t.overflow = true
			return
		}
	}
	if kind != kindProbe && !e.counts.claims() {
		t.claims.claimed(e)
	}
	e.timeLast, e.frameLast = ns, t.stats.frames
	e.counts[kind&3] += min(1, ^e.counts[kind&3])
	if src != sha {
		e.counts[kindMismatched] += min(1, ^e.counts[kindMismatched])
	}
}

// keep puts a record into the trails that it belongs to.
func (t *tally) keep(rec *evidence.Record, link linkType, f []byte, origLen uint32, ns int64, iface int) {
	rec.Number = int(t.stats.frames)
	rec.File = t.name
	if iface >= 0 {
		rec.Interface = iface
	}
	if ns != noTime {
		rec.Time = time.Unix(0, ns)
	}
	if t.spool != nil {
		t.spool.add(rec, link, f, origLen, ns)
	}
	spa, tpa := number(rec.SenderIP), number(rec.TargetIP)
	if rec.IsAdvert() {
		t.raw(rec, link, f, origLen)
		t.put(t.adverts, rec, 0)
		return
	}
	var solicited []uint32
	if rec.Kind == evidence.ARPRequest && rec.Dst == evidence.Broadcast && t.asks.whoHas <= t.asks.pending {
		solicited = t.asks.follows(spa, tpa, ns)
	}
	bySender, byTarget := t.watched.has(spa), t.watched.has(tpa)
	if !bySender && !byTarget && len(solicited) == 0 {
		return
	}
	t.raw(rec, link, f, origLen)
	if bySender {
		t.put(t.trail(spa), rec, spa)
	}
	if byTarget && tpa != spa {
		t.put(t.trail(tpa), rec, tpa)
	}
	for _, addr := range solicited {
		t.put(t.trail(addr), rec, addr)
	}
	if byTarget && (rec.Kind == evidence.EchoRequest || rec.Kind == evidence.TCPSyn) {
		t.asks.asked(rec, ns)
	}
}

func (t *tally) put(to *trail, rec *evidence.Record, addr uint32) {
	to.add(rec, actOf(rec, addr))
	t.overflow = t.overflow || to.full
}

func (t *tally) trail(addr uint32) *trail {
	tr := t.trails[addr]
	if tr == nil {
		tr = newTrail(t.limits)
		t.trails[addr] = tr
	}
	return tr
}

// rawLimit is how many octets of a frame are kept: enough for any ARP frame,
// advert or handshake.
const rawLimit = 2048

// raw lets the record have its frame, if that is wanted.
func (t *tally) raw(rec *evidence.Record, link linkType, f []byte, origLen uint32) {
	if !t.keepRaw || rec.Raw != nil {
		return
	}
	octets := append([]byte(nil), f[:min(len(f), rawLimit)]...)
	rec.Raw = &evidence.Raw{LinkType: uint32(link), Octets: octets, Len: max(int(origLen), len(f))}
}

// stale reports whether what a later part of the file has found cannot be
// merged into t, so that the part must be read again, into t.
func (t *tally) stale(later *tally) bool { return later.overflow || t.asks.reaches(&later.asks) }

// merge adds what the next part of the file has found.
func (t *tally) merge(later *tally) {
	base := t.stats.frames
	t.stats.merge(&later.stats)
	if t.claims != nil {
		t.claims.merge(later.claims, base)
	}
	for addr, tr := range later.trails {
		t.trail(addr).merge(tr, int(base))
	}
	t.adverts.merge(later.adverts, int(base))
	t.asks.merge(&later.asks)
}

// mergeFile adds what another file, of that index, has found; its counts of
// frames are told for each file on its own.
func (t *tally) mergeFile(other *tally, file uint16) {
	if t.claims != nil {
		t.claims.mergeFile(other.claims, file)
	}
	for addr, tr := range other.trails {
		t.trail(addr).merge(tr, 0)
	}
	t.adverts.merge(other.adverts, 0)
}
