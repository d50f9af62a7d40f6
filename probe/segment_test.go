package probe

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A segment is a link to hosts that react as package kernel says. It lives in
// the time of a synctest bubble, so a run over it takes no time.
type segment struct {
	t     *testing.T
	hosts []*host
	sent  []evidence.Record
	queue []evidence.Record // not yet received, in order of time
	lost  time.Time         // from when the interface is gone; zero: it stays
	flap  error             // what Carrier says
	ahead time.Duration     // by how much the times of frames are wrong
	own   *entry            // this host's own entry for the VIP; nil: it has none
}

// A host of a segment. It remembers who has told it his MAC address.
type host struct {
	mac   evidence.MAC
	k     kernel.Host
	known map[netip.Addr]evidence.MAC
	waits map[netip.Addr]evidence.Record // echo replies that wait for an address
}

// An entry of this host's own neighbour table. It is replaced only when it has
// stood for a second (locktime; arp_process).
type entry struct {
	mac     evidence.MAC
	updated time.Time
}

func (e *entry) hears(rec evidence.Record) {
	if rec.SenderMAC != e.mac && rec.Time.Sub(e.updated) > time.Second {
		e.mac, e.updated = rec.SenderMAC, rec.Time
	}
}

var errGone = errors.New("eth1: interface is down or gone")

// The cast: this host, the director and a real server.
var (
	vip     = netip.MustParseAddr("192.168.1.99")
	client  = netip.MustParseAddr("192.168.1.182")
	dirIP   = netip.MustParseAddr("192.168.1.10")
	r1IP    = netip.MustParseAddr("192.168.1.41")
	subnet  = netip.MustParsePrefix("192.168.1.0/24")
	selfMAC = evidence.MAC{2, 0, 0, 0, 0, 1}
	dirMAC  = evidence.MAC{2, 0, 0, 0, 0, 2}
	r1      = evidence.MAC{2, 0, 0, 0, 0, 3}
)

// newHost has its own address on the NIC, and the VIP there or on lo.
func newHost(mac evidence.MAC, ip netip.Addr, ignore, announce int, onNIC bool) *host {
	lo := kernel.Interface{Name: "lo", Loopback: true}
	nic := kernel.Interface{Name: "nic", Settings: kernel.Settings{ARPIgnore: ignore, ARPAnnounce: announce},
		Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(ip, 24)}}}
	has := kernel.Address{Prefix: netip.PrefixFrom(vip, 32)}
	if onNIC {
		nic.Addresses = append(nic.Addresses, has)
	} else {
		lo.Addresses = append(lo.Addresses, has)
	}
	return &host{mac: mac, k: kernel.Host{Interfaces: []kernel.Interface{lo, nic}},
		known: map[netip.Addr]evidence.MAC{}, waits: map[netip.Addr]evidence.Record{}}
}

func (s *segment) Send(frame []byte) error {
	if s.gone() {
		return errGone
	}
	rec, reason := capture.Decode(frame)
	if reason != "" {
		s.t.Errorf("a frame was sent that is no evidence (%s): %x", reason, frame)
		return nil
	}
	rec.Time = time.Now()
	s.sent = append(s.sent, rec)
	for _, h := range s.hosts {
		if rec.Dst == evidence.Broadcast || rec.Dst == h.mac {
			s.queue = append(s.queue, h.gets(rec)...)
		}
	}
	slices.SortStableFunc(s.queue, func(a, b evidence.Record) int { return a.Time.Compare(b.Time) })
	return nil
}

// gets is what a host sends because of a frame.
func (h *host) gets(rec evidence.Record) (out []evidence.Record) {
	say := func(r evidence.Record) {
		r.Src, r.Time = h.mac, rec.Time.Add(100*time.Microsecond)
		out = append(out, r)
	}
	_, known := h.known[rec.SenderIP]
	switch rec.Kind {
	case evidence.ARPRequest:
		if h.k.React(kernel.Stimulus{Kind: kernel.WhoHas, In: "nic", Sender: rec.SenderIP, Target: rec.TargetIP, Broadcast: rec.Dst.IsGroup()}).Reply != kernel.Silent {
			say(evidence.Record{Kind: evidence.ARPReply, Dst: rec.Src, SenderMAC: h.mac, SenderIP: rec.TargetIP, TargetMAC: rec.SenderMAC, TargetIP: rec.SenderIP})
			h.known[rec.SenderIP] = rec.SenderMAC
		}
	case evidence.ARPReply:
		h.known[rec.SenderIP] = rec.SenderMAC
		if reply, ok := h.waits[rec.SenderIP]; ok {
			delete(h.waits, rec.SenderIP)
			reply.Dst = rec.SenderMAC
			say(reply)
		}
	case evidence.EchoRequest:
		r := h.k.React(kernel.Stimulus{Kind: kernel.Echo, In: "nic", Sender: rec.SenderIP, Target: rec.TargetIP, Broadcast: rec.Dst.IsGroup(), Known: known})
		reply := evidence.Record{Kind: evidence.EchoReply, Dst: h.known[rec.SenderIP], SenderIP: rec.TargetIP, TargetIP: rec.SenderIP, ID: rec.ID, Seq: rec.Seq}
		switch {
		case r.Announces.IsValid():
			say(evidence.Record{Kind: evidence.ARPRequest, Dst: evidence.Broadcast, SenderMAC: h.mac, SenderIP: r.Announces, TargetIP: rec.SenderIP})
			if r.Reply != kernel.Silent {
				h.waits[rec.SenderIP] = reply
			}
		case r.Reply != kernel.Silent:
			say(reply)
		}
	}
	return out
}

func (s *segment) gone() bool { return !s.lost.IsZero() && !time.Now().Before(s.lost) }

func (s *segment) Next(deadline time.Time) (evidence.Record, error) {
	due := deadline
	if len(s.queue) > 0 && s.queue[0].Time.Before(due) {
		due = s.queue[0].Time
	}
	if !s.lost.IsZero() && s.lost.Before(due) {
		due = s.lost
	}
	time.Sleep(time.Until(due))
	switch {
	case s.gone():
		return evidence.Record{}, errGone
	case len(s.queue) > 0 && !s.queue[0].Time.After(time.Now()):
		rec := s.queue[0]
		s.queue = s.queue[1:]
		if s.own != nil && rec.IsARP() && rec.SenderIP == vip {
			s.own.hears(rec)
		}
		rec.Time = rec.Time.Add(s.ahead)
		return rec, nil
	}
	return evidence.Record{}, os.ErrDeadlineExceeded
}

func (s *segment) Carrier() error { return s.flap }

func (s *segment) Neighbour(netip.Addr) (evidence.MAC, bool) {
	if s.own == nil {
		return evidence.MAC{}, false
	}
	return s.own.mac, true
}

func (s *segment) Counts() (received uint64, lost evidence.Lost, ignored map[evidence.Reason]uint64) {
	return 0, evidence.Lost{}, nil
}
