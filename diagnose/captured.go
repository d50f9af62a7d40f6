package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// mostConflicts is how many addresses with several claimants are diagnosed
// where none was asked for; the rest are counted.
const mostConflicts = 100

// Captured says what captures show: about each VIP of the configuration, or
// where it has none about each address that several MAC addresses claim, those
// with the most claimants first; and that in each VLAN in which the address was
// seen. If there is no such address, there is one result without an address.
//
// It is Diagnose for a log of which nobody here asked the questions. What
// anybody asked is a stimulus then, and silence counts only where the capture
// would have shown the answer.
func Captured(log evidence.Log, cfg Config) []Result {
	cfg.Self = Self{}
	c := newCaptured(&log, &cfg)
	var results []Result
	for _, addr := range c.addrs {
		results = append(results, c.about(addr)...)
	}
	if len(results) == 0 {
		results = append(results, c.overall())
	}
	return results
}

// A captured is a log of files, taken apart.
type captured struct {
	log      *evidence.Log
	cfg      *Config
	segments map[evidence.VLANs]*segment
	order    []evidence.VLANs
	addrs    []netip.Addr // to be diagnosed
	left     int          // addresses with several claimants that are not
	capture  Capture
	files    string // their names
}

// A segment is what was captured in one VLAN: one broadcast domain, in which
// alone ARP means something.
type segment struct {
	vlans   evidence.VLANs
	records []evidence.Record
	claims  []evidence.Claim
	addrs   map[netip.Addr]bool // that some frame was about
}

func newCaptured(log *evidence.Log, cfg *Config) *captured {
	c := &captured{log: log, cfg: cfg, segments: map[evidence.VLANs]*segment{}}
	for _, claim := range log.Claims {
		s := c.segment(claim.VLANs)
		s.claims = append(s.claims, claim)
		s.addrs[claim.Addr] = true
	}
	for _, rec := range log.Records {
		s := c.segment(rec.VLANs)
		s.records = append(s.records, rec)
		s.addrs[rec.SenderIP], s.addrs[rec.TargetIP] = true, true
		for _, addr := range rec.Virtual {
			s.addrs[addr] = true
		}
	}
	slices.Sort(c.order)
	if c.addrs = cfg.VIPs; len(c.addrs) == 0 {
		c.conflicts()
	}
	c.capture = captureOf(log)
	var names []string
	for _, f := range log.Files {
		names = append(names, f.Name)
	}
	c.files = strings.Join(names, ", ")
	return c
}

func (c *captured) segment(vlans evidence.VLANs) *segment {
	s := c.segments[vlans]
	if s == nil {
		s = &segment{vlans: vlans, addrs: map[netip.Addr]bool{}}
		c.segments[vlans] = s
		c.order = append(c.order, vlans)
	}
	return s
}

// conflicts picks the addresses that more than one MAC address claims, those
// with the most claimants first.
func (c *captured) conflicts() {
	most := map[netip.Addr]int{}
	for _, s := range c.segments {
		n := map[netip.Addr]int{}
		for i := range s.claims {
			if s.claims[i].Claims() > 0 {
				n[s.claims[i].Addr]++
			}
		}
		for addr, n := range n {
			if n > 1 {
				most[addr] = max(most[addr], n)
			}
		}
	}
	for addr := range most {
		c.addrs = append(c.addrs, addr)
	}
	slices.SortFunc(c.addrs, func(a, b netip.Addr) int { return cmp.Or(most[b]-most[a], a.Compare(b)) })
	if len(c.addrs) > mostConflicts {
		c.left = len(c.addrs) - mostConflicts
		c.addrs = c.addrs[:mostConflicts]
	}
}

// about diagnoses one address in each VLAN in which it was seen.
func (c *captured) about(vip netip.Addr) (results []Result) {
	for _, vlans := range c.order {
		if s := c.segments[vlans]; s.addrs[vip] {
			log := *c.log
			log.Records, log.Claims = s.records, s.claims
			results = append(results, c.finish(diagnose(log, *c.cfg, []netip.Addr{vip})[0], s))
		}
	}
	if len(results) == 0 {
		r := Result{VIP: vip, Verdict: Inconclusive, Summary: "the capture has no frame about it",
			Tests: Tests{Reply: Inconclusive, Announce: Inconclusive, Holders: Inconclusive}}
		results = append(results, c.finish(r, nil))
	}
	return results
}

// overall is the result where no address is to be diagnosed.
func (c *captured) overall() Result {
	r := Result{Verdict: Inconclusive, Summary: "the capture has no ARP in which an address is claimed",
		Tests: Tests{Reply: Inconclusive, Announce: Skipped, Holders: Skipped}}
	if len(c.log.Claims) > 0 {
		r.Verdict, r.Tests.Reply = Pass, Pass
		r.Summary = "no address is claimed by more than one MAC address"
	}
	return c.finish(r, nil)
}

// finish adds what there is to say about the files and the VLAN.
func (c *captured) finish(r Result, s *segment) Result {
	r.File, r.Capture, r.VLAN = c.files, c.capture, []uint16{}
	if s != nil {
		r.VLAN = s.vlans.IDs()
		r.Claims, r.ClaimsTotal = claimsOf(s, r.VIP)
	}
	return r
}
