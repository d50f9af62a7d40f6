package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// failover finds a change of owner: hosts that answered at first and then no
// more, and the one that answered from then on.
func (s *scene) failover() (former map[evidence.MAC]bool, heir evidence.MAC) {
	claimants := slices.DeleteFunc(s.claimants(), s.spoofs)
	for _, h := range s.cfg.RealServers {
		if mac, ok := s.people.find(h); ok && slices.Contains(claimants, mac) {
			return nil, heir // a real server has nothing to hand over
		}
	}
	if s.splitBrain() {
		return nil, heir
	}
	masters, heir := s.reigned(claimants)
	if len(masters) < 2 {
		masters, heir = s.inTurns(claimants)
	}
	if len(masters) > 1 {
		former = map[evidence.MAC]bool{}
		for _, mac := range masters {
			former[mac] = mac != heir
		}
		return former, heir
	}
	if a, b, ok := s.passedOn(); ok {
		return map[evidence.MAC]bool{a: true}, b
	}
	if len(claimants) != 2 || !s.cfg.Director.IsZero() || !s.handedOver(claimants[0], claimants[1]) {
		return nil, heir
	}
	return map[evidence.MAC]bool{claimants[0]: true}, claimants[1]
}

// reigned returns the hosts whose claims agree with the adverts: each claimed the
// VIP only while it was the master. In a long capture there may be many such
// changes, back and forth; heir is the last of the masters.
func (s *scene) reigned(claimants []evidence.MAC) (masters []evidence.MAC, heir evidence.MAC) {
	if !s.witness {
		return nil, heir
	}
	var adverts []evidence.Record
	for _, a := range s.adverts {
		if a.Kind != evidence.GLBPHello && (a.Kind != evidence.VRRPAdvert || a.Priority > 0) {
			adverts = append(adverts, a)
		}
	}
	if len(adverts) == 0 {
		return nil, heir
	}
	by := func(a evidence.Record) evidence.MAC {
		for _, mac := range []evidence.MAC{a.Src, s.people.macs[a.SenderIP]} {
			if slices.Contains(claimants, mac) {
				return mac
			}
		}
		return evidence.MAC{}
	}
	fits := func(mac evidence.MAC) bool {
		d := s.deeds[mac]
		for _, claim := range append(slices.Clone(d.replies), d.gratuitous...) {
			if s.sampled(claim.Time) {
				continue // whose advert came before it is not known
			}
			i, _ := slices.BinarySearchFunc(adverts, claim, order)
			now := i > 0 && by(adverts[i-1]) == mac
			// A new master announces the address with its first advert.
			soon := i < len(adverts) && by(adverts[i]) == mac && adverts[i].Time.Sub(claim.Time) <= silence(&adverts[i])
			if !now && !soon {
				return false
			}
		}
		return true
	}
	heir = by(adverts[len(adverts)-1])
	for _, mac := range claimants {
		if fits(mac) {
			masters = append(masters, mac)
		}
	}
	if !slices.Contains(masters, heir) {
		return nil, evidence.MAC{}
	}
	return masters, heir
}

// bothAnswer is how long after the answer of one host that of another may be to
// the same question.
const bothAnswer = 500 * time.Millisecond

// inTurns returns hosts that had the VIP one after the other, in a capture without
// adverts, perhaps there and back: while the one answers, the others do not, though
// each has answered somebody whom another one has answered, too; and each was
// asked in broadcasts, as far as questions are there at all.
func (s *scene) inTurns(claimants []evidence.MAC) (owners []evidence.MAC, heir evidence.MAC) {
	if !s.witness || len(claimants) < 2 || len(s.adverts) > 0 || !s.cfg.Director.IsZero() {
		return nil, heir
	}
	var replies []evidence.Record
	for _, mac := range claimants {
		replies = append(replies, s.deeds[mac].replies...)
	}
	slices.SortFunc(replies, order)
	type turn struct {
		mac         evidence.MAC
		first, last evidence.Record
		n           int
	}
	var turns []turn
	last := map[netip.Addr]evidence.Record{} // by who was told
	met := map[evidence.MAC]bool{}           // has answered somebody whom another one has answered
	for _, rec := range replies {
		if s.sampled(rec.Time) {
			return nil, heir
		}
		if old, ok := last[rec.TargetIP]; ok && old.SenderMAC != rec.SenderMAC {
			if rec.Time.Sub(old.Time) < bothAnswer {
				return nil, heir
			}
			met[old.SenderMAC], met[rec.SenderMAC] = true, true
		}
		last[rec.TargetIP] = rec
		if n := len(turns); n == 0 || turns[n-1].mac != rec.SenderMAC {
			turns = append(turns, turn{mac: rec.SenderMAC, first: rec})
		}
		t := &turns[len(turns)-1]
		t.last = rec
		t.n++
	}
	if len(turns) < 2 || len(met) < len(claimants) || len(replies) < 3*len(turns) {
		return nil, heir
	}
	for _, t := range turns {
		within := func(rec evidence.Record) bool { return before(t.first, rec) && before(rec, t.last) }
		broadcasts := 0
		for _, ask := range s.asked {
			if ask.Dst == evidence.Broadcast && within(ask) {
				broadcasts++
			}
		}
		if t.n < asksNeeded || len(s.asked) > 0 && broadcasts == 0 {
			return nil, heir
		}
		for _, mac := range claimants {
			if d := s.deeds[mac]; mac != t.mac && slices.ContainsFunc(slices.Concat(d.gratuitous, d.announcements, d.echoes), within) {
				return nil, heir // it acts as the owner in the other's turn
			}
		}
	}
	return claimants, turns[len(turns)-1].mac
}

// quietTime is after how long without a word an address that nobody calls a VIP
// may have got another owner.
const quietTime = time.Minute

// passedOn finds an ordinary address that another host got after its first owner
// had gone, as DHCP does it: all that the one says comes before all that the
// other says, and that one looks first whether it is free (RFC 5227), or comes
// much later.
func (s *scene) passedOn() (from, to evidence.MAC, ok bool) {
	if !s.witness || s.people.asked || !s.cfg.Director.IsZero() || len(s.cfg.RealServers) > 0 {
		return from, to, false
	}
	rivals := s.rivals()
	if len(rivals) != 2 {
		return from, to, false
	}
	words := func(mac evidence.MAC) []evidence.Record {
		d := s.deeds[mac]
		all := slices.Concat(d.replies, d.gratuitous, d.announcements, d.echoes, d.synAcks)
		slices.SortFunc(all, order)
		return all
	}
	from, to = rivals[0], rivals[1]
	a, b := words(from), words(to)
	if before(b[0], a[0]) {
		from, to, a, b = to, from, b, a
	}
	last, first := a[len(a)-1], b[0]
	if !before(last, first) || len(s.people.ips[from])+len(s.people.ips[to]) > 0 {
		return from, to, false
	}
	probed := slices.ContainsFunc(s.asked, func(ask evidence.Record) bool {
		return ask.IsProbe() && ask.SenderMAC == to && before(last, ask) && before(ask, first)
	})
	return from, to, probed || first.Time.Sub(last.Time) >= quietTime
}

// handedOver reports whether one host took the VIP over from another.
func (s *scene) handedOver(from, to evidence.MAC) bool {
	a, b := s.deeds[from].replies, s.deeds[to].replies
	if len(a) == 0 || len(b) == 0 || !a[len(a)-1].Time.Before(b[0].Time) {
		return false
	}
	// Both must have been heard being silent: the old owner to a request that
	// the new one answered well after the old one's last word, and the new one
	// to a request that the old one answered.
	var silentB, silentA bool
	for _, ask := range s.asked {
		if ask.Dst != evidence.Broadcast {
			continue
		}
		silentB = silentB || b[0].Time.Sub(ask.Time) > 150*time.Millisecond && ask.Time.Before(a[len(a)-1].Time) && s.wouldShow(to, ask)
		silentA = silentA || ask.Time.After(a[len(a)-1].Time) && b[len(b)-1].Time.After(ask.Time) && s.heard(ask, hearAlone) && s.wouldShow(from, ask)
	}
	if s.witness {
		// A host that takes over says so to everyone; one that only answers
		// when it is asked may have been there before.
		if g := s.deeds[to].gratuitous; len(g) > 0 && !before(b[0], g[0]) {
			silentB = true
		}
		if g := append(slices.Clone(s.deeds[from].gratuitous), s.deeds[from].echoes...); slices.ContainsFunc(g, func(rec evidence.Record) bool { return before(b[0], rec) }) {
			return false // it still acts as the owner
		}
	}
	// Late in a run no request may be left for the old owner to be silent to;
	// then VRRP tells, if the new owner advertised after its last word.
	if mac, advert, ok := s.elected(); ok && mac == to && advert.Time.After(a[len(a)-1].Time) {
		silentA, silentB = true, true
	}
	return silentA && silentB
}

// wouldShow reports whether the answer of a host to an ask would be in the log, if
// the host was there.
func (s *scene) wouldShow(mac evidence.MAC, ask evidence.Record) bool {
	return !s.witness || s.people.shown(mac, &ask, nil)
}

// owners are the former owners, as they were first seen.
func (s *scene) owners() (all []evidence.MAC) {
	for _, mac := range s.order {
		if s.former[mac] {
			all = append(all, mac)
		}
	}
	return all
}

// claimed are the frames in which a host acted as the owner, in order.
func (s *scene) claimed(mac evidence.MAC) []evidence.Record {
	d := s.deeds[mac]
	all := append(slices.Clone(d.replies), d.gratuitous...)
	if len(all) == 0 {
		all = slices.Concat(d.announcements, d.echoes, d.synAcks)
	}
	slices.SortFunc(all, order)
	return all
}

func (s *scene) changed() (Finding, bool) {
	if s.heir.IsZero() {
		return Finding{}, false
	}
	to, owners := s.heir, s.owners()
	var proof []evidence.Record
	for _, mac := range owners {
		claims := s.claimed(mac)
		proof = append(proof, claims[len(claims)-1])
	}
	proof = append(proof, s.claimed(to)[0])
	f := Finding{Code: OwnerChanged, Severity: Warning, MAC: to, IPs: s.people.ips[to]}
	prove(&f, proof)
	f.Summary = fmt.Sprintf("%s moved from %s to %s during the %s.", s.vip, s.names(owners), s.people.call(to), s.run())
	f.Why = "The old owner fell silent before the new one answered, which is how a failover looks; two hosts that fight for an address both keep answering."
	if len(s.adverts) > 0 {
		f.Severity = Info
		last := s.adverts[len(s.adverts)-1]
		if f.Why += " VRRP adverts for it were seen."; last.Kind != evidence.VRRPAdvert {
			f.Why = fmt.Sprintf("%s The last %s", f.Why[:len(f.Why)-len(" VRRP adverts for it were seen.")], advertised(last)+" were seen.")
		}
	}
	f.Fix = []string{s.again("") + "   # once more: the new owner must now be the only one"}
	if s.witness {
		f.Fix = []string{"# from a client, live: the new owner must now be the only one", fmt.Sprintf("arpcheck --vip %s", s.vip)}
	}
	return f, true
}
