package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// An observation is what one host was seen to do about one stimulus, in the
// terms of the model network.
type observation struct {
	stimulus  kernel.Stimulus
	replied   bool
	prompt    bool       // each reply came at once: no proxy waits so little so often
	announced netip.Addr // sender of the who-has that it drew; invalid: none was seen
	refused   bool       // it was told what it had asked for, and still did not reply
	proof     []evidence.Record
}

// Times after which silence counts. That for a who-has for the VIP is
// Config.Wait, for a proxy may be late.
const (
	hearAlone  = 200 * time.Millisecond // what is answered at once
	promptly   = 10 * time.Millisecond
	asksNeeded = 2 // one frame can get lost
)

// views turns what a host was asked, and did, into observations. Questions that
// it may not have heard the end of are left out; so is all silence of a host
// that has never shown itself, and what was asked in another part of the log.
func (s *scene) views(mac evidence.MAC, part span) []observation {
	if !s.people.alive[mac] {
		return nil
	}
	m := s.model(mac)
	type question struct {
		asks    []evidence.Record
		replies []evidence.Record
		said    *evidence.Record
	}
	questions := map[kernel.Stimulus]*question{}
	var order []kernel.Stimulus
	for _, ask := range s.sent {
		if ask.Dst != evidence.Broadcast && ask.Dst != mac || asker(ask) == mac && s.witness || !part.has(ask.Time) {
			continue
		}
		stimulus, ok := m.stimulus(ask)
		if !ok || stimulus.Kind == kernel.Echo && !s.onLink {
			continue
		}
		q := questions[stimulus]
		if q == nil {
			q = new(question)
			questions[stimulus] = q
			order = append(order, stimulus)
		}
		q.asks = append(q.asks, ask)
	}
	for _, stimulus := range order {
		q := questions[stimulus]
		for _, rec := range s.by[mac] {
			if !answersAny(&rec, q.asks, mac) {
				continue
			}
			if rec.Kind == evidence.ARPRequest {
				if s.witness {
					continue // see announced
				}
				if drawn, ok := m.stimulus(s.drawnBy(rec, mac)); !ok || drawn != stimulus {
					continue // by another echo request from the same address
				}
				// For our own address a host may ask on other business, such
				// as an echo request to its own, or an error to send; only the
				// VIP tells.
				if rec.TargetIP != s.cfg.Self.Addr || rec.SenderIP == s.vip && q.asks[0].TargetIP == s.vip {
					q.said = &rec
				}
			} else {
				q.replies = append(q.replies, rec)
			}
		}
	}

	var all []observation
	for _, stimulus := range order {
		q := questions[stimulus]
		o := observation{stimulus: stimulus, replied: len(q.replies) > 0, proof: q.replies}
		switch {
		case q.said != nil:
			o.announced = m.address(q.said.SenderIP)
			o.refused = !o.replied && s.told(*q.said)
			o.proof = []evidence.Record{*q.said}
		case stimulus.Kind == kernel.Echo:
			o.stimulus.Known = true // it need not ask, or said nothing at all
		}
		o.prompt = len(q.replies) > 1 && promptReplies(q.asks, q.replies)
		if o.replied || o.announced.IsValid() || s.silenceCounts(mac, stimulus, m, q.asks) {
			all = append(all, o)
		}
		if silent, ok := s.fellSilent(mac, m, q.asks, q.replies); ok {
			silent.stimulus = o.stimulus
			all = append(all, silent)
		}
	}
	if o, ok := s.unusedView(mac, m); ok {
		all = append(all, o)
	}
	return all
}

// told reports whether a host that asked for an unused address got it at
// this host's MAC address, and had the time to send its echo reply there.
func (s *scene) told(said evidence.Record) bool {
	return slices.ContainsFunc(s.sent, func(rec evidence.Record) bool {
		return rec.Kind == evidence.ARPReply && rec.SenderMAC == s.cfg.Self.MAC &&
			rec.SenderIP == said.TargetIP && rec.TargetMAC == said.SenderMAC && s.heard(rec, hearAlone)
	})
}

// drawnBy is the echo request that made a host ask for its source: the last one
// before it.
func (s *scene) drawnBy(rec evidence.Record, mac evidence.MAC) (last evidence.Record) {
	for _, ask := range s.sent {
		if ask.Kind == evidence.EchoRequest && (ask.Dst == evidence.Broadcast || ask.Dst == mac) && answersTo(&rec, &ask, mac) &&
			(last.Kind == 0 || !ask.Time.After(rec.Time)) {
			last = ask
		}
	}
	return last
}

// answersAny reports whether a record is the host's reaction to one of the asks,
// most likely to a late one.
func answersAny(rec *evidence.Record, asks []evidence.Record, mac evidence.MAC) bool {
	for i := len(asks) - 1; i >= 0; i-- {
		if answersTo(rec, &asks[i], mac) {
			return true
		}
	}
	return false
}

// answersTo reports whether a record is the host's reaction to the ask.
func answersTo(rec, ask *evidence.Record, mac evidence.MAC) bool {
	switch {
	case rec.Time.Before(ask.Time.Add(-promptly)): // the clocks of the two may differ a little
		return false
	case ask.Kind == evidence.ARPRequest:
		return rec.Kind == evidence.ARPReply && rec.SenderMAC == mac && rec.SenderIP == ask.TargetIP && rec.TargetIP == ask.SenderIP
	case ask.Kind == evidence.EchoRequest && rec.Kind == evidence.EchoReply:
		return rec.Src == mac && rec.SenderIP == ask.TargetIP && rec.TargetIP == ask.SenderIP && rec.ID == ask.ID && rec.Seq == ask.Seq
	case ask.Kind == evidence.EchoRequest && rec.Kind == evidence.ARPRequest:
		return rec.SenderMAC == mac && rec.TargetIP == ask.SenderIP && rec.Dst == evidence.Broadcast
	}
	return false
}

// promptReplies reports whether each reply follows an ask at once.
func promptReplies(asks, replies []evidence.Record) bool {
	for i := range replies {
		prompt := false
		for j := len(asks) - 1; j >= 0 && !prompt; j-- {
			d := replies[i].Time.Sub(asks[j].Time)
			prompt = -promptly <= d && d < promptly
		}
		if !prompt {
			return false
		}
	}
	return true
}

// silenceCounts reports whether no reply means that the host did not reply.
func (s *scene) silenceCounts(mac evidence.MAC, stimulus kernel.Stimulus, m model, asks []evidence.Record) bool {
	if s.witness {
		need := asksNeeded
		if stimulus.Broadcast && stimulus.Kind == kernel.WhoHas && stimulus.Target == m.grid.vip {
			need = 1
		}
		return s.silentTo(mac, asks) >= need
	}
	need, wait := asksNeeded, hearAlone
	if stimulus.Kind == kernel.WhoHas && stimulus.Broadcast && stimulus.Target == m.grid.vip {
		wait = s.cfg.wait()
		if !stimulus.Sender.IsUnspecified() && stimulus.Sender != modelFar {
			need = 1 // as often as the user wanted
		}
	}
	return len(asks) >= need && s.heard(asks[len(asks)-1], min(wait, s.cfg.wait()))
}

// unusedView sums up who-has for addresses that nobody has: an answer to one
// of them proves nothing, answers to several do.
func (s *scene) unusedView(mac evidence.MAC, m model) (observation, bool) {
	o := observation{stimulus: kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: netip.IPv4Unspecified(), Target: modelUnused, Broadcast: true}}
	grabbed := s.people.grabbed(mac)
	if len(grabbed) > 0 {
		for _, rec := range grabbed {
			if rec.TargetIP.IsUnspecified() {
				o.replied, o.proof = true, append(o.proof, rec)
			}
		}
		return o, o.replied
	}
	if len(s.people.claimed[mac]) > 0 || len(s.people.unused) < 2 || !m.sameSubnet {
		return o, false
	}
	return o, s.heard(s.people.lastProbe, hearAlone)
}
