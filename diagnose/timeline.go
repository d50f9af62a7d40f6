package diagnose

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

const (
	mostAsks    = 20 // that a result lists
	mostChanges = 20
	mostMasters = 8 // changes by adverts alone
)

func at(rec evidence.Record) Place {
	return Place{File: rec.File, Frame: rec.Number, Time: rec.Time}
}

// asks lists who asked for the VIP and who answered, the first of them, and
// counts them all.
func (s *scene) asks() (all []Ask, total uint64) {
	waiting := map[netip.Addr][]int{} // by who asked: asks that may still be answered, as positions in all
	for _, rec := range s.log.Records {
		switch {
		case rec.Kind == evidence.ARPRequest && rec.TargetIP == s.vip && !rec.IsGratuitous():
			if total++; len(all) < mostAsks {
				waiting[rec.SenderIP] = append(waiting[rec.SenderIP], len(all))
				all = append(all, Ask{Place: at(rec), MAC: rec.SenderMAC, IP: rec.SenderIP, Answers: []Answered{}})
			} else {
				delete(waiting, rec.SenderIP) // what comes now may be for this one
			}
		case rec.Kind == evidence.ARPReply && rec.SenderIP == s.vip && !rec.IsGratuitous():
			// It is for the last ask of that sender, unless that has it
			// already from this host.
			for _, i := range slices.Backward(waiting[rec.TargetIP]) {
				ask := &all[i]
				if rec.Time.Sub(ask.Time) > answerTime || answeredBy(ask, rec.SenderMAC) {
					continue
				}
				ask.Answers = append(ask.Answers, Answered{Place: at(rec), MAC: rec.SenderMAC,
					DelayMS: max(0, float64(rec.Time.Sub(ask.Time).Microseconds())/1000)})
				break
			}
		}
	}
	return all, total
}

func answeredBy(ask *Ask, mac evidence.MAC) bool {
	for _, a := range ask.Answers {
		if a.MAC == mac {
			return true
		}
	}
	return false
}

// changes lists the moments from which on hosts that had believed one MAC
// address believe another, for the later claim counts (RFC 826; arp_process).
func (s *scene) changes() (all []Change, total uint64) {
	var owner evidence.MAC
	var master sender
	add := func(rec evidence.Record, from, to evidence.MAC, why string) {
		if total++; len(all) < mostChanges {
			all = append(all, Change{Place: at(rec), From: from, To: to, Why: why})
		}
	}
	shown := 0 // adverts; two masters change with each
	mastered := map[evidence.Kind]bool{}
	for _, rec := range s.log.Records {
		switch {
		case (rec.Kind == evidence.VRRPAdvert || rec.Kind == evidence.CARPAdvert) && s.stands(rec):
			now := senderOf(rec)
			if rec.Priority == 0 && rec.Kind == evidence.VRRPAdvert {
				continue // it resigns
			}
			if mastered[rec.Kind] && now != master && shown < mostMasters {
				why := fmt.Sprintf("VRRP advert, router %d priority %d", rec.VRID, rec.Priority)
				if rec.Kind == evidence.CARPAdvert {
					why = fmt.Sprintf("CARP advert, virtual host %d advskew %d", rec.VRID, rec.Priority)
				}
				if now.ip != "" {
					why += ", from " + now.ip
				}
				shown++
				add(rec, master.mac, now.mac, why)
			}
			master, mastered[rec.Kind] = now, true
		case !rec.IsARP() || rec.SenderIP != s.vip || rec.IsProbe() || rec.SenderMAC.IsZero():
		case rec.SenderMAC != owner:
			if !owner.IsZero() {
				add(rec, owner, rec.SenderMAC, s.why(rec))
			}
			owner = rec.SenderMAC
		}
	}
	return all, total
}

// why says by what a claim makes itself believed.
func (s *scene) why(rec evidence.Record) string {
	why := "who-has with it as the sender"
	switch {
	case rec.IsGratuitous():
		why = "gratuitous ARP"
	case rec.Kind == evidence.ARPReply:
		why = "reply to " + rec.TargetIP.String()
	}
	if rec.Src != rec.SenderMAC && !rec.Src.IsZero() {
		why += ", sent by " + rec.Src.String()
	}
	return why
}
