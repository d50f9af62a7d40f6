package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// mostReplies is how many of an owner's replies back a verdict.
const mostReplies = 8

// A frameID names a frame of a run, or of several files.
type frameID struct {
	file   string
	number int
}

// proving picks the frames that the results rest on: the evidence of each
// finding, and what shows that the owner answers. Each is commented with all
// that it proves. Those that are not among the records are counted.
func proving(records []evidence.Record, results []diagnose.Result) (frames []capture.Commented, missing int) {
	comments := map[frameID][]string{}
	for i := range results {
		proves(comments, records, &results[i])
	}
	for i := range records {
		rec := &records[i]
		id := frameID{rec.File, rec.Number}
		said, ok := comments[id]
		if !ok {
			continue
		}
		delete(comments, id)
		if rec.Raw == nil {
			missing++
			continue
		}
		frames = append(frames, capture.Commented{Record: *rec, Comment: strings.Join(said, "\n")})
	}
	return frames, missing + len(comments)
}

// proves adds what the frames of one result prove.
func proves(comments map[frameID][]string, records []evidence.Record, r *diagnose.Result) {
	add := func(id frameID, text string) {
		if !slices.Contains(comments[id], text) {
			comments[id] = append(comments[id], text)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, e := range f.Evidence {
			add(frameID{e.File, e.Frame}, fmt.Sprintf("%s (%s): %s", f.Code, f.Severity, f.Summary))
		}
	}
	owners := map[evidence.MAC]int{}
	for i := range r.Hosts {
		if h := &r.Hosts[i]; h.Role == diagnose.Director && h.AnswersARP == diagnose.Yes {
			owners[h.MAC] = mostReplies
		}
	}
	vlans := vlansOf(r.VLAN)
	for i := range records {
		rec := &records[i]
		if rec.Kind != evidence.ARPReply || rec.SenderIP != r.VIP || owners[rec.SenderMAC] == 0 || rec.VLANs != vlans {
			continue
		}
		owners[rec.SenderMAC]--
		add(frameID{rec.File, rec.Number}, fmt.Sprintf("owner: %s answers for %s, as the director should", rec.SenderMAC, r.VIP))
	}
}

// vlansOf is the stack of tags that a result names.
func vlansOf(ids []uint16) (v evidence.VLANs) {
	for _, id := range ids {
		v, _ = v.Inside(id)
	}
	return v
}
