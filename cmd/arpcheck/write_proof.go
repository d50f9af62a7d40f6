package main

import (
	"fmt"
	"net/netip"
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

// A claim is that an address is at a MAC address.
type claim struct {
	mac evidence.MAC
	ip  netip.Addr
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
	own := map[claim]bool{} // what ties a host to its own address
	for i := range r.Hosts {
		if h := &r.Hosts[i]; len(h.IPs) > 0 && !h.MAC.IsZero() {
			own[claim{h.MAC, h.IPs[0]}] = true
		}
	}
	for i := range records {
		rec := &records[i]
		if c := (claim{rec.SenderMAC, rec.SenderIP}); rec.IsARP() && !rec.Sent && rec.VLANs == vlans && own[c] {
			delete(own, c)
			add(frameID{rec.File, rec.Number}, fmt.Sprintf("name: %s is the host %s", c.mac, c.ip))
		}
		if rec.Kind != evidence.ARPReply || rec.SenderIP != r.VIP || owners[rec.SenderMAC] == 0 || rec.VLANs != vlans {
			continue
		}
		owners[rec.SenderMAC]--
		if ask := askedBy(records[:i], rec); ask != nil {
			add(frameID{ask.File, ask.Number}, fmt.Sprintf("asks for %s, which the owner answers", r.VIP))
		}
		add(frameID{rec.File, rec.Number}, fmt.Sprintf("owner: %s answers for %s, as the director should", rec.SenderMAC, r.VIP))
	}
}

// askedBy finds the last who-has to which a reply is the answer; nil: there is none. A
// reply without it would look as if nobody had asked.
func askedBy(earlier []evidence.Record, reply *evidence.Record) *evidence.Record {
	for i := len(earlier) - 1; i >= 0; i-- {
		if ask := &earlier[i]; ask.Kind == evidence.ARPRequest && ask.TargetIP == reply.SenderIP && ask.SenderIP == reply.TargetIP && ask.VLANs == reply.VLANs {
			return ask
		}
	}
	return nil
}

// vlansOf is the stack of tags that a result names.
func vlansOf(ids []uint16) (v evidence.VLANs) {
	for _, id := range ids {
		v, _ = v.Inside(id)
	}
	return v
}
