package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// isAsk reports whether a record is a question of which the diagnosis knows
// what each host would have done about it.
func (s *scene) isAsk(rec evidence.Record) bool {
	if !s.witness {
		return rec.Sent
	}
	switch rec.Kind {
	case evidence.ARPRequest:
		return !rec.IsGratuitous()
	case evidence.EchoRequest, evidence.TCPSyn:
		return true
	}
	return false
}

// asker is the MAC address to which the answers to an ask go.
func asker(ask evidence.Record) evidence.MAC {
	if ask.IsARP() {
		return ask.SenderMAC
	}
	return ask.Src
}

// A way is that of a frame from one host to another.
type way struct{ from, to evidence.MAC }

// wayOf is the way of a frame to one host; ok is false if it went to several,
// or nobody knows to whom.
func wayOf(rec evidence.Record) (w way, ok bool) {
	w = way{rec.Src, rec.Dst}
	if w.to.IsZero() && rec.Kind == evidence.ARPReply {
		w.to = rec.TargetMAC // Linux cooked capture: the link header has no receiver
	}
	return w, !w.from.IsZero() && !w.to.IsZero() && !w.to.IsGroup()
}

// alivePeriod is how long before or after a question a host must have sent
// something, for its silence to be more than absence.
const alivePeriod = time.Minute

// visible reports whether an answer of a host to the ask would be in the log:
// some frame from the host to the asker is, in the same file and from the same
// interface, so it was made where such frames come by; and the host was there at
// the time. Where a run has asked by itself, the answers come to itself.
func (s *scene) visible(mac evidence.MAC, ask evidence.Record) bool {
	if !s.witness {
		return true
	}
	return s.people.shown(mac, &ask, func(v view) bool {
		return slices.ContainsFunc(s.by[mac], func(rec evidence.Record) bool {
			return ask.Time.Sub(rec.Time).Abs() <= alivePeriod && slices.Contains(s.people.views(&rec), v)
		})
	})
}

// end is until when the log goes on after a record: the end of the run, or of
// the file that the record is in.
func (s *scene) end(rec evidence.Record) time.Time {
	if s.ends == nil {
		s.ends = map[string]time.Time{}
		for i := range s.log.Files {
			if f := &s.log.Files[i]; !f.Last.IsZero() {
				s.ends[f.Name] = f.Last
			}
		}
	}
	if end, ok := s.ends[rec.File]; ok {
		return end
	}
	return s.log.End
}

// before reports whether a frame comes before another one: by its number
// within a file, whose clock may have been set back, else by time.
func before(a, b evidence.Record) bool {
	if a.File == b.File {
		return a.Number < b.Number
	}
	return a.Time.Before(b.Time)
}

// belongsHere reports whether the VIP is an address of this segment: somebody
// asks for it by ARP or claims it here, or a neighbour of it does not go by way
// of a router. Else the frames may come from far away, and their MAC addresses
// are those of routers.
func (s *scene) belongsHere() bool {
	near := netip.PrefixFrom(s.vip, likelyBits).Masked()
	return slices.ContainsFunc(s.log.Records, func(rec evidence.Record) bool {
		switch {
		case rec.SenderIP != s.vip && rec.TargetIP != s.vip:
			return false
		case rec.IsARP() || rec.Dst == evidence.Broadcast:
			return true
		case rec.SenderIP == s.vip:
			return near.Contains(rec.TargetIP)
		}
		return near.Contains(rec.SenderIP)
	})
}

// stands reports whether an advert is about the VIP. CARP does not tell its
// addresses, but the MAC address at which they are.
func (s *scene) stands(advert evidence.Record) bool {
	if slices.Contains(advert.Virtual, s.vip) {
		return s.witness || advert.Kind == evidence.VRRPAdvert
	}
	if !s.witness || advert.Kind != evidence.CARPAdvert {
		return false
	}
	at := func(mac evidence.MAC) bool {
		vrid, ok := mac.VirtualRouter()
		return ok && vrid == advert.VRID
	}
	return slices.ContainsFunc(s.log.Records, func(rec evidence.Record) bool {
		return rec.IsARP() && rec.SenderIP == s.vip && at(rec.SenderMAC)
	}) || slices.ContainsFunc(s.log.Claims, func(c evidence.Claim) bool {
		return c.Addr == s.vip && c.Claims() > 0 && at(c.MAC)
	})
}

// forgery reports whether an ARP frame speaks in the name of a host that speaks
// for itself: its Ethernet source is another one. It is no evidence of what
// that host does. Virtual routers have two MAC addresses by design.
func (s *scene) forgery(rec evidence.Record) bool {
	if !s.witness || !rec.IsARP() || rec.Src == rec.SenderMAC || rec.Src.IsZero() || rec.SenderIP != s.vip {
		return false
	}
	return !shared(rec.Src) && !shared(rec.SenderMAC) && s.people.speaks[rec.SenderMAC]
}

// shared reports whether several routers share a MAC address.
func shared(mac evidence.MAC) bool {
	_, _, ok := mac.Virtual()
	return ok
}
