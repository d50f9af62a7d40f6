package diagnose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// captureOf is what there is to say about the files themselves.
func captureOf(log *evidence.Log) Capture {
	c := Capture{Received: log.Received, Dropped: log.Lost.Total(), Analysed: uint64(len(log.Records)), Ignored: log.Ignored,
		Unlisted: log.Unlisted, Shortened: log.Shortened}
	for i := range log.Files {
		f := &log.Files[i]
		file := CaptureFile{
			Name: f.Name, Format: f.Format, Compression: f.Compression, Frames: f.Frames, First: f.First, Last: f.Last,
			Dropped: f.Dropped, Cut: f.Cut, NoMACs: f.NoMACs, OtherLinks: f.OtherLinks,
			Damaged: f.Damaged, Backwards: f.Backwards, MostBackMS: float64(f.MaxBack.Microseconds()) / 1000,
		}
		for _, d := range f.Damage {
			file.Damage = append(file.Damage, Damage(d))
		}
		if f.Backwards > 0 {
			at := placeOf(f.FirstBack)
			file.FirstBack = &at
		}
		c.Files = append(c.Files, file)
	}
	return c
}

func placeOf(p evidence.Place) Place { return Place(p) }

// mostClaims is how many claimants of an address a result lists.
const mostClaims = 64

// claimsOf lists who claimed an address in a VLAN, in the order of first frames,
// and how many there are.
func claimsOf(s *segment, of netip.Addr) (all []Claim, total uint64) {
	first, _ := slices.BinarySearchFunc(s.claims, of, byAddr)
	for i := first; i < len(s.claims) && s.claims[i].Addr == of; i++ {
		c := &s.claims[i]
		if total++; total <= mostClaims {
			all = append(all, Claim{MAC: c.MAC, First: placeOf(c.First), Last: placeOf(c.Last),
				Replies: c.Replies, Requests: c.Requests, Gratuitous: c.Gratuitous, Probes: c.Probes, Mismatched: c.Mismatched})
		}
	}
	return all, total
}

// notes are what is to be known of the files, whatever is asked of them.
func (c *captured) notes() (notes []Note) {
	add := func(format string, args ...any) { notes = append(notes, Note{Text: fmt.Sprintf(format, args...)}) }
	for i := range c.log.Files {
		f := &c.log.Files[i]
		for _, d := range f.Damage[:min(len(f.Damage), 3)] {
			add("%s is damaged at byte %d, before frame %d: %s", f.Name, d.Offset, d.Frame, d.What)
		}
		if more := int(f.Damaged) - min(len(f.Damage), 3); more > 0 {
			add("%s is damaged in %d more places", f.Name, more)
		}
		if f.Dropped > 0 {
			add("the program that captured %s says that it lost %d frames", f.Name, f.Dropped)
		}
		if f.NoMACs > 0 {
			add("%d frames of %s have no MAC addresses (raw IP or loopback): they tell nothing of who owns an address", f.NoMACs, f.Name)
		}
		for _, link := range slices.Sorted(maps.Keys(f.OtherLinks)) {
			add("%d frames of %s are of the link type %s, which arpcheck does not read", f.OtherLinks[link], f.Name, link)
		}
		if f.Backwards > 0 {
			add("in %s the time runs backwards %s, first before frame %d, by up to %s", f.Name, times(f.Backwards), f.FirstBack.Frame, f.MaxBack)
		}
	}
	if c.log.Unlisted > 0 {
		add("%d frames claim more addresses than arpcheck lists: somebody invents them, or the capture is of a very large network", c.log.Unlisted)
	}
	if c.log.Repeats > 0 {
		add("%d frames only repeat what the same hosts did before and after; they were looked at as they came, and counts here leave them out", c.log.Repeats)
	}
	if c.log.Shortened > 0 {
		add("%d frames were counted, but not looked at one by one: the first, the last and some of each kind are", c.log.Shortened)
	}
	if c.capture.Repeated > 0 {
		add("%s in the capture more than once (a port mirrored both ways, several interfaces, or a loop) and count as one", count(int(c.capture.Repeated), "frame is", "frames are"))
	}
	return notes
}

// times says how often.
func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
