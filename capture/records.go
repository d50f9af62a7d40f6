package capture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// log returns what the first pass has found, without the records.
func (r *replay) log() evidence.Log {
	log := evidence.Log{Files: r.files, Ignored: r.ignored}
	for i := range r.files {
		f := &r.files[i]
		log.Received += f.Frames
		log.Lost.Noted += f.Dropped
		if !f.First.IsZero() && (log.Start.IsZero() || f.First.Before(log.Start)) {
			log.Start = f.First
		}
		if f.Last.After(log.End) {
			log.End = f.Last
		}
	}
	if r.interrupted {
		log.Notes = append(log.Notes, evidence.Note{Code: evidence.Interrupted,
			Text: "Reading was interrupted: what the capture shows later is not known."})
	}
	log.Claims = r.claims()
	log.Unlisted = r.all.claims.unlisted
	return log
}

// claims returns the claims, sorted by address, VLANs, and the order in which
// they were first made.
func (r *replay) claims() []evidence.Claim {
	c := r.all.claims
	order := make([]int32, len(c.entries))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &c.entries[i], &c.entries[j]
		if a.addr != b.addr {
			return cmp.Compare(a.addr, b.addr)
		}
		return cmp.Or(cmp.Compare(a.vlans, b.vlans), cmp.Compare(i, j))
	})
	place := func(file uint16, frame uint64, ns int64) evidence.Place {
		return evidence.Place{File: r.sources[file].Name, Frame: int(frame), Time: timeOf(ns)}
	}
	all := make([]evidence.Claim, len(order))
	for i, n := range order {
		e, at := &c.entries[n], &c.firsts[n]
		all[i] = evidence.Claim{
			Addr: addrOf(e.addr), VLANs: evidence.VLANs(e.vlans), MAC: macOf(e.mac),
			First:   place(at.file, at.frame, at.time),
			Last:    place(e.fileLast, e.frameLast, e.timeLast),
			Replies: uint64(e.counts[kindReply]), Requests: uint64(e.counts[kindRequest]),
			Gratuitous: uint64(e.counts[kindGratuitous]), Probes: uint64(e.counts[kindProbe]),
			Mismatched: uint64(e.counts[kindMismatched]),
		}
	}
	return all
}

// records puts the records of all trails into the log as one timeline, with
// what is to be said of those that are not kept.
func (r *replay) records(log *evidence.Log, tallies []*tally) {
	perFile := make([][]evidence.Record, len(r.sources))
	index := map[string]int{}
	for i, source := range r.sources {
		index[source.Name] = i
	}
	for n, t := range tallies {
		trails := map[uint32]*trail{0: t.adverts}
		maps.Copy(trails, t.trails)
		for _, addr := range slices.Sorted(maps.Keys(trails)) {
			tr := trails[addr]
			recs := tr.records()
			for _, rec := range recs {
				i := index[rec.File]
				perFile[i] = append(perFile[i], rec)
			}
			if n < len(tallies)-1 {
				continue
			}
			switch left := tr.seen - uint64(distinct(recs)); {
			case tr.full:
				log.Shortened += left
			case left > 0:
				log.Repeats += left
				log.Gaps = append(log.Gaps, tr.gap(addr))
			}
		}
	}
	for i := range perFile {
		slices.SortFunc(perFile[i], byNumber)
		perFile[i] = slices.CompactFunc(perFile[i], func(a, b evidence.Record) bool { return a.Number == b.Number })
	}
	log.Records = timeline(perFile)
}

func byNumber(a, b evidence.Record) int { return cmp.Compare(a.Number, b.Number) }

// distinct counts frames, which a trail may have more than once.
func distinct(recs []evidence.Record) int {
	type frame struct {
		file   string
		number int
	}
	frames := make(map[frame]bool, len(recs))
	for i := range recs {
		frames[frame{recs[i].File, recs[i].Number}] = true
	}
	return len(frames)
}

// timeline merges files by time, without changing the order in any of them.
func timeline(perFile [][]evidence.Record) []evidence.Record {
	var all []evidence.Record
	for {
		best := -1
		for i, recs := range perFile {
			if len(recs) > 0 && (best < 0 || recs[0].Time.Before(perFile[best][0].Time)) {
				best = i
			}
		}
		if best < 0 {
			return all
		}
		all = append(all, perFile[best][0])
		perFile[best] = perFile[best][1:]
	}
}
