package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// captureOf is what there is to say about the files themselves.
func captureOf(log *evidence.Log) Capture {
	c := Capture{Received: log.Received, Dropped: log.Dropped, Analysed: uint64(len(log.Records)), Ignored: log.Ignored,
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
	first, _ := slices.BinarySearchFunc(s.claims, of, func(c evidence.Claim, addr netip.Addr) int { return c.Addr.Compare(addr) })
	for i := first; i < len(s.claims) && s.claims[i].Addr == of; i++ {
		c := &s.claims[i]
		if total++; total <= mostClaims {
			all = append(all, Claim{MAC: c.MAC, First: placeOf(c.First), Last: placeOf(c.Last),
				Replies: c.Replies, Requests: c.Requests, Gratuitous: c.Gratuitous, Probes: c.Probes, Mismatched: c.Mismatched})
		}
	}
	return all, total
}
