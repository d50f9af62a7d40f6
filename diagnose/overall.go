package diagnose

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// mostCrowds is how many hosts that answer for many addresses are reported.
const mostCrowds = 20

// overall is the result about no address in particular: that none is claimed
// twice, or who answers for many.
func (c *captured) overall(conflicts int) Result {
	r := Result{Tests: Tests{Reply: Inconclusive, Announce: Skipped, Holders: Skipped}, Verdict: Inconclusive}
	addrs, frames, mismatched := 0, uint64(0), uint64(0)
	for _, vlans := range c.order {
		s := c.segments[vlans]
		var last evidence.Claim
		for i := range s.claims {
			claim := &s.claims[i]
			if claim.Claims() == 0 {
				continue
			}
			if addrs == 0 || claim.Addr != last.Addr || claim.VLANs != last.VLANs {
				addrs++
			}
			last = *claim
			frames += claim.Claims()
			mismatched += claim.Mismatched
		}
		for _, crowd := range crowds(s.claims) {
			if len(crowd.claims) >= manyAddresses && len(r.Findings) < mostCrowds {
				r.Findings = append(r.Findings, crowd.finding(s.who()))
			}
		}
	}
	losses := lossesOf(c.log)
	for _, n := range c.log.Notes {
		if n.Code == evidence.Interrupted {
			losses = append(losses, "reading was interrupted")
		}
		r.Notes = append(r.Notes, Note{Text: n.Text})
	}
	switch {
	case conflicts > 0:
		r.Verdict, r.Tests.Reply = Pass, Skipped
		r.Summary = count(len(r.Findings), "host answers", "hosts answer") + " for many addresses"
	case c.left > 0:
		r.Summary = fmt.Sprintf("%s by more than one MAC address, and their frames were not kept: name them with --vip", count(c.left, "address is claimed", "addresses are claimed"))
	case addrs == 0 && c.noMACs():
		r.Summary = "the frames have no MAC addresses (raw IP or loopback), so who owns an address cannot be known from them"
	case addrs == 0:
		r.Summary = "the capture has no ARP in which anybody claims an address"
	case len(c.oneWay()) > 0:
		both := c.oneWay()
		r.Summary = fmt.Sprintf("%s is claimed by %s in one VLAN and by %s outside of any: if the capture shows one direction with its tag and the other without, that is one segment and a conflict (name the address with --vip)",
			both[0].Addr, both[0].MAC, both[1].MAC)
	case len(losses) > 0:
		r.Summary = fmt.Sprintf("no address is seen to be claimed by more than one MAC address, but not everything is there: %s", strings.Join(losses, "; "))
	default:
		r.Verdict, r.Tests.Reply = Pass, Pass
		r.Summary = fmt.Sprintf("no address is claimed by more than one MAC address: %s in %s", count(addrs, "address", "addresses"), count(int(frames), "ARP frame", "ARP frames"))
		if len(r.Findings) > 0 {
			r.Summary += "; but " + count(len(r.Findings), "host answers", "hosts answer") + " for many addresses"
		}
	}
	if len(losses) > 0 && conflicts > 0 {
		r.Verdict = Inconclusive
	}
	if len(losses) > 0 && conflicts == 0 {
		if f, ok := loss(c.log, ""); ok {
			r.Findings = append(r.Findings, f)
		}
	}
	if mismatched > 0 {
		r.Notes = append(r.Notes, Note{Text: fmt.Sprintf("in %s the Ethernet source is not the MAC address that the ARP frame names as its sender", count(int(mismatched), "ARP frame", "ARP frames"))})
	}
	return c.finish(r, nil)
}

// oneWay finds an address that one MAC address claims in a VLAN, and another one
// without a tag. Many a port mirror tags what goes the one way alone.
func (c *captured) oneWay() []evidence.Claim {
	untagged := c.segments[0]
	if untagged == nil {
		return nil
	}
	owners := map[netip.Addr]evidence.Claim{}
	for _, claim := range untagged.claims {
		if claim.Claims() > 0 {
			owners[claim.Addr] = claim
		}
	}
	for _, vlans := range c.order {
		for _, claim := range c.segments[vlans].claims {
			if other, ok := owners[claim.Addr]; ok && vlans != 0 && claim.Claims() > 0 && claim.MAC != other.MAC {
				return []evidence.Claim{claim, other}
			}
		}
	}
	return nil
}
