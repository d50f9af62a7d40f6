package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/arpcheck/arpcheck/evidence"
)

// ReplayConfig says what Replay is to keep. The zero value is useful.
type ReplayConfig struct {
	// Watch are the addresses of which records are kept. None: those that
	// turn out to be claimed by more than one MAC address.
	Watch []netip.Addr
	// KeepFrames lets each record have its frame (evidence.Record.Raw).
	KeepFrames bool
	// Octets, if not nil, tells others meanwhile how much was read: of each
	// file as much as its size, and once more where records are looked for in
	// a second pass.
	Octets *atomic.Int64

	// Workers is how many goroutines read a file, and Segment how many
	// octets each takes at once. They change the time that it takes, never
	// the result. Zero is as many as there are processors, up to four, and
	// what suits the file.
	Workers int
	Segment int64
}

// maxConflicts is of how many addresses with several claimants records are
// kept, those with the most; all of them are among the claims.
const maxConflicts = 256

// maxSources is how many files can be one timeline.
const maxSources = math.MaxUint16

// settings are what one pass over all files is to do.
type settings struct {
	watched    *watch // records of these are kept
	asked      *watch // claims of these are listed before others
	trails     int    // how many addresses share the room for records
	keepRaw    bool
	second     bool // the claims have been counted
	workers    int
	segment    int64
	claims     claimLimits
	partClaims int // the most claims that one segment is expected to have
}

// Replay reads captures as one timeline and returns what they show. The files
// are taken in the order of their first frames, streams after them; within a
// file the order of frames is that of the file.
//
// Records holds, of the watched addresses and in this order, the ARP, ICMP
// echo and TCP handshakes from and to them, the who-has that hosts send in
// order to answer those, and all adverts of virtual routers; of an address with
// very many of them the first, the last, and some of each kind from each host.
// Claims says who claimed which address, watched or not. Memory is bounded
// whatever the files hold.
//
// Damage in a file is no error: what can be read around it is, and the Log
// tells the place. A file that is empty or no capture is an error. The end of
// ctx only ends the reading, with a note: the Log is of what was read by then.
func Replay(ctx context.Context, sources []Source, cfg ReplayConfig) (evidence.Log, error) {
	return replayLimited(ctx, sources, cfg, listedClaims)
}

func replayLimited(ctx context.Context, sources []Source, cfg ReplayConfig, limits claimLimits) (evidence.Log, error) {
	if len(sources) > maxSources {
		return evidence.Log{}, fmt.Errorf("%d files; at most %d can be read as one timeline", len(sources), maxSources)
	}
	r := &replay{ctx: ctx, sources: inOrder(sources), streams: map[int]*spool{}, octets: cfg.Octets}
	s := settings{asked: watchOf(cfg.Watch), keepRaw: cfg.KeepFrames, workers: cfg.Workers, segment: cfg.Segment}
	s.watched, s.trails = s.asked, len(s.asked.addrs)
	if s.workers <= 0 {
		s.workers = min(runtime.GOMAXPROCS(0), 4)
	}
	s.claims, s.partClaims = limits, limits.total/s.workers
	r.discover = len(s.asked.addrs) == 0
	if r.discover {
		s.trails = maxConflicts
	}

	if err := r.pass(s, r.discover); err != nil {
		return evidence.Log{}, err
	}
	log := r.log()
	trails := []*tally{r.all}
	if r.discover && len(r.all.claims.conflicts) > 0 {
		s.watched, s.second = new(watch), true
		s.watched.addrs = map[uint32]int{}
		for _, addr := range r.all.claims.disputed(maxConflicts) {
			s.watched.add(addr)
		}
		s.trails = len(s.watched.addrs)
		first := r.all
		if r.interrupted {
			// What was read is looked at once more, and nothing beyond.
			r.ctx = context.WithoutCancel(ctx)
		}
		whole := !r.interrupted
		if err := r.pass(s, false); err != nil {
			return evidence.Log{}, err
		}
		if whole && r.interrupted {
			log.Notes = append(log.Notes, evidence.Note{Code: evidence.Interrupted,
				Text: "Reading was interrupted: who claims what is known, but the frames in conflict were not all looked at."})
		}
		trails = []*tally{r.all}
		if r.spoolsFull() {
			trails = append(trails, first)
		}
	}
	r.records(&log, trails)
	return log, nil
}

// disputed returns the addresses with several claimants, those with the most of
// them in one VLAN first, and no more of them than that.
func (c *claims) disputed(most int) []uint32 {
	claimants := map[uint32]int32{}
	for _, key := range c.conflicts {
		claimants[key.addr] = max(claimants[key.addr], c.addresses[key].claimants)
	}
	addrs := slices.SortedFunc(maps.Keys(claimants), func(a, b uint32) int {
		return cmp.Or(cmp.Compare(claimants[b], claimants[a]), cmp.Compare(a, b))
	})
	return addrs[:min(len(addrs), most)]
}

// A replay is one call of Replay.
type replay struct {
	ctx      context.Context
	sources  []Source
	discover bool
	octets   *atomic.Int64
	reached  []int64        // how far each source was read
	streams  map[int]*spool // of the streams, by index

	all         *tally
	files       []evidence.File
	ignored     map[evidence.Reason]uint64
	interrupted bool
}

// pass reads all sources into r.all. In the second, which is only for records,
// streams are read from their spools.
func (r *replay) pass(s settings, discover bool) error {
	var other *tally
	for i, source := range r.sources {
		if i < 2 {
			other = newTally(&s, s.claims, true)
		}
		if i == 0 {
			r.all = other
		}
		t := other
		t.reset(source.Name, true)
		if sp := r.streams[i]; sp != nil && s.second {
			sp.replay(t)
		} else if err := r.read(i, source, t, s, discover); err != nil {
			return err
		}
		if i > 0 {
			r.all.mergeFile(t, uint16(i))
		}
	}
	return nil
}

// read reads one source into t.
func (r *replay) read(i int, source Source, t *tally, s settings, discover bool) error {
	if s.second && r.reached[i] == 0 {
		return nil // interrupted before it began
	}
	in, err := source.open(r.octets)
	if err != nil {
		return fmt.Errorf("%s: %w", source.Name, err)
	}
	defer in.close()
	if in.file == nil && discover {
		// What is found in a stream is watched from then on, for the case
		// that the spool does not hold all of it.
		t.spool = newSpool(s.keepRaw)
		r.streams[i] = t.spool
		t.watched = &watch{addrs: map[uint32]int{}}
		t.claims.found = func(addr uint32) {
			if len(t.watched.addrs) < maxConflicts {
				t.watched.add(addr)
			}
		}
		defer func() { t.spool, t.watched, t.claims.found = nil, s.watched, nil }()
	}
	if s.second && r.interrupted {
		in.limit = r.reached[i]
	}
	if err := in.read(r.ctx, t, s); err != nil {
		if !errors.Is(err, errInterrupted) {
			return fmt.Errorf("%s: %w", source.Name, err)
		}
		r.interrupted = true
	}
	if s.second {
		return nil
	}
	r.reached = append(r.reached, in.reached)
	f := t.stats.file(source.Name)
	f.Format, f.Compression = in.format, in.compression
	r.files = append(r.files, f)
	if r.ignored == nil {
		r.ignored = map[evidence.Reason]uint64{}
	}
	for reason, n := range t.stats.reasons() {
		r.ignored[reason] += n
	}
	return nil
}

func (r *replay) spoolsFull() bool {
	for _, s := range r.streams {
		if s.full {
			return true
		}
	}
	return false
}

// inOrder sorts files by their first frames; each is opened once for that.
func inOrder(sources []Source) []Source {
	if len(sources) < 2 {
		return sources
	}
	type dated struct {
		Source
		first int64
	}
	all := make([]dated, len(sources))
	for i, source := range sources {
		all[i] = dated{source, math.MaxInt64}
		if first, ok := firstTime(source); ok {
			all[i].first = first
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return cmp.Compare(a.first, b.first) })
	sorted := make([]Source, len(all))
	for i := range all {
		sorted[i] = all[i].Source
	}
	return sorted
}
