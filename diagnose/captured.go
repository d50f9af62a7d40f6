package diagnose

import (
	"cmp"
	"fmt"
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
// seen. Where nothing is in conflict there is one result without an address,
// and one follows the others if some host answers for many addresses.
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
	if len(cfg.VIPs) == 0 {
		if overall := c.overall(len(results)); len(results) == 0 || len(overall.Findings) > 0 {
			results = append(results, overall)
		}
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

func newCaptured(log *evidence.Log, cfg *Config) *captured {
	c := &captured{log: log, cfg: cfg, segments: map[evidence.VLANs]*segment{}, capture: captureOf(log)}
	tagged := slices.ContainsFunc(log.Claims, func(claim evidence.Claim) bool { return claim.VLANs != log.Claims[0].VLANs })
	if len(log.Claims) > 0 && !tagged {
		c.segment(log.Claims[0].VLANs).claims = log.Claims
	}
	for i := range log.Claims {
		if tagged {
			s := c.segment(log.Claims[i].VLANs)
			s.claims = append(s.claims, log.Claims[i])
		}
	}
	once := newOnce()
	for i := range log.Records {
		rec := &log.Records[i]
		if first, again := once.seen(rec); again {
			c.capture.Repeated++
			c.segment(rec.VLANs).addAgain(rec, first)
			continue
		}
		c.segment(rec.VLANs).add(rec)
	}
	slices.Sort(c.order)
	if c.addrs = slices.Compact(slices.Clone(cfg.VIPs)); len(c.addrs) == 0 {
		c.conflicts()
	}
	// All of them are VIPs to each other: addresses that tell no host's name.
	vips := *cfg
	vips.VIPs = c.addrs
	for _, s := range c.segments {
		s.cfg, s.asked = &vips, len(cfg.VIPs) > 0
	}
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
		s = newSegment(vlans, c.log)
		c.segments[vlans] = s
		c.order = append(c.order, vlans)
	}
	return s
}

// conflicts picks the addresses that more than one MAC address claims, those
// with the most claimants first. Without its frames none can be judged.
func (c *captured) conflicts() {
	most := map[netip.Addr]int{}
	for _, s := range c.segments {
		n := 0 // of the address of the claim before; they are sorted
		for i := range s.claims {
			claim := &s.claims[i]
			if i > 0 && claim.Addr != s.claims[i-1].Addr {
				n = 0
			}
			if claim.Claims() > 0 && !twin(s.claims, i) {
				n++
			}
			if n > 1 {
				most[claim.Addr] = max(most[claim.Addr], n)
			}
		}
	}
	for _, s := range c.segments {
		for _, addr := range s.contested() {
			most[addr] = max(most[addr], 2)
			s.virtual[addr] = true
		}
	}
	for addr := range most {
		if c.kept(addr) {
			c.addrs = append(c.addrs, addr)
		}
	}
	slices.SortFunc(c.addrs, func(a, b netip.Addr) int { return cmp.Or(most[b]-most[a], a.Compare(b)) })
	c.addrs = c.addrs[:min(len(c.addrs), mostConflicts)]
	c.left = len(most) - len(c.addrs)
}

// kept reports whether the frames about an address are among the records.
func (c *captured) kept(addr netip.Addr) bool {
	for _, s := range c.segments {
		if len(s.about[addr]) > 0 || s.virtual[addr] {
			return true
		}
	}
	return false
}

// twin reports whether a claim is one of several by which the routers of one
// GLBP group share an address, as they are meant to, and not the first of them.
func twin(claims []evidence.Claim, i int) bool {
	if by, _, _ := claims[i].MAC.Virtual(); by != evidence.GLBP {
		return false
	}
	for j := i - 1; j >= 0 && claims[j].Addr == claims[i].Addr; j-- {
		if sameGroup(claims[i].MAC, claims[j].MAC) {
			return true
		}
	}
	return false
}

// mostVLANs is in how many VLANs one address is looked at. More than that have
// it only where somebody invents them.
const mostVLANs = 64

// about diagnoses one address in each VLAN in which it was seen.
func (c *captured) about(vip netip.Addr) (results []Result) {
	open := Tests{Reply: Inconclusive, Announce: Inconclusive, Holders: Inconclusive}
	left := 0
	for _, vlans := range c.order {
		switch s := c.segments[vlans]; {
		case !s.has(vip):
		case len(results) == mostVLANs:
			left++
		default:
			results = append(results, c.finish(s.diagnose(vip), s))
		}
	}
	if left > 0 {
		results = append(results, c.finish(Result{VIP: vip, Verdict: Inconclusive, Tests: open,
			Summary: fmt.Sprintf("it is seen in %d more VLANs, which were not looked at", left)}, nil))
	}
	if len(results) == 0 {
		r := Result{VIP: vip, Verdict: Inconclusive, Summary: "the capture has no frame about it", Tests: open}
		switch losses := lossesOf(c.log); {
		case c.noMACs():
			r.Summary += " that has MAC addresses: who owns it cannot be known from it"
		case len(losses) > 0:
			r.Summary += ", and not everything is there: " + strings.Join(losses, "; ")
		}
		results = append(results, c.finish(r, nil))
	}
	return results
}

// noMACs reports whether no frame of the capture has MAC addresses.
func (c *captured) noMACs() bool {
	var all, without uint64
	for i := range c.log.Files {
		all += c.log.Files[i].Frames
		without += c.log.Files[i].NoMACs
	}
	return all > 0 && without == all
}

// finish adds what there is to say about the files and the VLAN.
func (c *captured) finish(r Result, s *segment) Result {
	r.File, r.Capture, r.VLAN = c.files, c.capture, []uint16{}
	if s != nil {
		r.VLAN = s.vlans.IDs()
		r.Capture.Analysed = uint64(len(s.records))
		r.Claims, r.ClaimsTotal = claimsOf(s, r.VIP)
	}
	r.Notes = append(c.notes(), r.Notes...)
	if c.left > 0 {
		r.Notes = append(r.Notes, Note{Text: count(c.left, "more address is claimed by several MAC addresses; name it with --vip to see it",
			"more addresses are claimed by several MAC addresses; name them with --vip to see them")})
	}
	return r
}
