package diagnose

import (
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// Fault reports whether the log proves a fault already. Only what the last record
// can have changed is looked at, so it can be asked after each. What two MAC
// addresses did is no fault while they may be one host.
func Fault(wire *evidence.Log, asked Config) bool {
	if len(wire.Records) == 0 {
		return false
	}
	last := wire.Records[len(wire.Records)-1]
	if !last.IsARP() && last.Kind != evidence.TCPSynAck {
		return false // what else a host shows is no fault by itself
	}
	vips := asked.VIPs
	if slices.Contains(vips, last.SenderIP) {
		vips = []netip.Addr{last.SenderIP}
	}
	log, cfg := portsOf(wire, &asked).join(wire, &asked)
	var k *acquaintance
	for _, r := range diagnose(log, cfg, vips...) {
		if r.Verdict != Fail {
			continue
		}
		if k == nil {
			k = acquaint(log)
		}
		if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Critical && k.sure(&f, &r, cfg) }) {
			return true
		}
	}
	return false
}

// sure reports whether a finding stays when more is known of who is who: whoever
// is accused is another host than the director; or of those that are in conflict
// two are different hosts.
func (k *acquaintance) sure(f *Finding, r *Result, cfg *Config) bool {
	if !f.MAC.IsZero() {
		accused := slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == f.MAC })
		return accused < 0 || !slices.ContainsFunc(r.Hosts, func(h Host) bool {
			return h.Role == Director && h.MAC != f.MAC && !h.MAC.IsZero() && !k.apart(&r.Hosts[accused], &h, cfg)
		})
	}
	for i := range r.Hosts {
		for j := range i {
			if a, b := &r.Hosts[i], &r.Hosts[j]; claims(a) && claims(b) && k.apart(a, b, cfg) {
				return true
			}
		}
	}
	return false
}

func claims(h *Host) bool { return h.AnswersARP == Yes || h.AnnouncesVIP == Yes }

// apart reports whether two MAC addresses are surely of different hosts: each has
// shown an address of its own; or both answer for the VIP each time, as two ports
// of a bond never do, and one of them for another address, which a second
// interface of the same host would answer for, too.
func (k *acquaintance) apart(a, b *Host, cfg *Config) bool {
	if len(a.IPs) > 0 && len(b.IPs) > 0 && !slices.ContainsFunc(a.IPs, func(ip netip.Addr) bool { return slices.Contains(b.IPs, ip) }) {
		return true
	}
	return k.both(a.MAC, b.MAC, cfg) && k.unlike(a.MAC, b.MAC)
}
