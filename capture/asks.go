package capture

import (
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// asks remembers the echo requests and SYNs that were last sent to watched
// addresses, for the who-has that they draw: a host that answers one, and does
// not know the MAC address of the sender, asks for it, and shows by the sender
// address of that question what its arp_announce is (arp_solicit).
//
// Such a who-has is a broadcast, one of the next asksFollowed, and within
// asksTime. Counting frames besides time bounds what the parts of a file have
// to know of the parts before them.
type asks struct {
	recent  [asksKept]ask // a ring
	n       uint64        // asks so far
	whoHas  uint64        // broadcast who-has so far
	pending uint64        // who-has beyond this one follow no ask

	// Of a part of a file that is not its beginning: who-has that may follow
	// an ask in the part before.
	later    bool
	orphaned []orphan
}

const (
	asksKept     = 64
	asksFollowed = 256
	asksTime     = int64(time.Second)
)

type ask struct {
	from, to uint32
	time     int64
	whoHas   uint64 // how many there had been
}

// An orphan is a who-has early in a part.
type orphan struct {
	sender, target uint32
	time           int64
	whoHas         uint64 // its position among the who-has of the part
	asked          uint64 // how many asks the part had before it
}

// reset empties a, for the beginning of a file or for a later part.
func (a *asks) reset(later bool) {
	*a = asks{later: later, orphaned: a.orphaned[:0]}
	if later {
		a.pending = asksFollowed
	}
}

// asked notes an echo request or a SYN to a watched address.
func (a *asks) asked(rec *evidence.Record, ns int64) {
	a.remember(ask{from: number(rec.SenderIP), to: number(rec.TargetIP), time: ns, whoHas: a.whoHas})
}

func (a *asks) remember(q ask) {
	a.recent[a.n%asksKept] = q
	a.n++
	a.pending = q.whoHas + asksFollowed
}

// follows returns the watched addresses to which the sought host spoke before
// a who-has, the one counted last.
func (a *asks) follows(sender, target uint32, ns int64) (watched []uint32) {
	o := orphan{sender: sender, target: target, time: ns, whoHas: a.whoHas}
	watched = a.match(&o, asksKept, 0)
	if a.later && a.n < asksKept && a.whoHas <= asksFollowed {
		o.asked = a.n
		a.orphaned = append(a.orphaned, o)
	}
	return watched
}

// match searches the most recent asks, not more than most of them; base is
// added to the position of the orphan.
func (a *asks) match(o *orphan, most, base uint64) (watched []uint32) {
	for i := a.n; i > 0 && a.n-i < most; i-- {
		q := &a.recent[(i-1)%asksKept]
		late := o.time - q.time
		if q.from != o.target || base+o.whoHas > q.whoHas+asksFollowed || late > asksTime || late < -asksTime ||
			q.to == o.sender || q.to == o.target {
			continue // the last two are kept anyway
		}
		if !contains(watched, q.to) {
			watched = append(watched, q.to)
		}
	}
	return watched
}

func contains(addrs []uint32, addr uint32) bool {
	for _, a := range addrs {
		if a == addr {
			return true
		}
	}
	return false
}

// reaches reports whether a who-has of a later part follows an ask in a.
func (a *asks) reaches(later *asks) bool {
	for i := range later.orphaned {
		o := &later.orphaned[i]
		if len(a.match(o, asksKept-o.asked, a.whoHas)) > 0 {
			return true
		}
	}
	return false
}

// merge adds the asks of a later part, whose orphans were found to follow none.
func (a *asks) merge(later *asks) {
	for i := later.n - min(later.n, asksKept); i < later.n; i++ {
		q := later.recent[i%asksKept]
		q.whoHas += a.whoHas
		a.remember(q)
	}
	a.whoHas += later.whoHas
}
