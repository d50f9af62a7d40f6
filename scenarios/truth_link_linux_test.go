package scenarios_test

import (
	"cmp"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
)

// A fenced is a probe.Link to the target on which nothing is waited for: behind
// each frame goes the fence, and what comes until then is the whole reaction.
// In a synctest bubble, where time is not real, a run of three seconds takes as
// long as its frames.
type fenced struct {
	b       *bench
	proxies bool // the target may answer late
	coming  []evidence.Record
	heard   []heard
}

// A heard is one frame that was sent, with all that the target did about it.
type heard struct {
	sent    evidence.Record
	replied bool
	late    bool // only after a proxy's delay
	asked   evidence.Record
}

// proxyWait is how late a late reply is said to be, of the 0.8 s that it may take.
const proxyWait = 400 * time.Millisecond

func (l *fenced) Send(frame []byte) error {
	sent, reason := capture.Decode(frame)
	if reason != "" {
		return os.ErrInvalid
	}
	l.heard = append(l.heard, heard{sent: sent})
	h := &l.heard[len(l.heard)-1]
	if err := l.exchange(frame, func(rec evidence.Record) {
		l.deliver(rec, 0)
		l.note(rec)
	}); err != nil {
		return err
	}
	// A proxy has a delay that is never over. Whoever answers only without it
	// answers late.
	if l.proxies && sent.Kind == evidence.ARPRequest && sent.Dst == evidence.Broadcast && !h.replied {
		if err := l.b.g.write("neigh/eth1/proxy_delay", 0); err != nil {
			return err
		}
		if err := l.exchange(frame, func(rec evidence.Record) {
			l.deliver(rec, proxyWait)
			l.note(rec)
			h.late = h.replied
		}); err != nil {
			return err
		}
		if err := l.b.g.write("neigh/eth1/proxy_delay", never); err != nil {
			return err
		}
	}
	return nil
}

// exchange puts a frame on the wire and takes what comes until the fence. Who
// asks for the client itself, or the gateway, gets their answer.
func (l *fenced) exchange(frame []byte, take func(evidence.Record)) error {
	d := l.b.d
	if err := d.send(d.eth1, frame); err != nil {
		return err
	}
	return d.listen(func(rec evidence.Record) error {
		take(rec)
		if rec.Kind == evidence.ARPRequest && (rec.TargetIP == truthClient || rec.TargetIP == truthGateway) {
			return d.tell(rec)
		}
		return nil
	})
}

// note adds what the host did to what it did it about: the last frame, or the
// echo request of which the reply had to wait for that.
func (l *fenced) note(rec evidence.Record) {
	last := &l.heard[len(l.heard)-1]
	if rec.Kind == evidence.ARPRequest {
		last.asked = rec
		return
	}
	for i := range slices.Backward(l.heard) {
		h := &l.heard[i]
		kind := map[evidence.Kind]evidence.Kind{evidence.ARPReply: evidence.ARPRequest, evidence.EchoReply: evidence.EchoRequest}[rec.Kind]
		if h.sent.Kind == kind && rec.SenderIP == h.sent.TargetIP && rec.TargetIP == h.sent.SenderIP {
			h.replied = true
			return
		}
	}
}

func (l *fenced) deliver(rec evidence.Record, after time.Duration) {
	rec.Time = time.Now().Add(after)
	l.coming = append(l.coming, rec)
	slices.SortStableFunc(l.coming, func(a, b evidence.Record) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
}

// Next lets time pass until something is there.
func (l *fenced) Next(deadline time.Time) (evidence.Record, error) {
	if len(l.coming) == 0 || l.coming[0].Time.After(deadline) {
		time.Sleep(time.Until(deadline))
		return evidence.Record{}, os.ErrDeadlineExceeded
	}
	rec := l.coming[0]
	l.coming = l.coming[1:]
	time.Sleep(time.Until(rec.Time))
	return rec, nil
}

func (l *fenced) Carrier() error { return nil }

func (l *fenced) Neighbour(netip.Addr) (evidence.MAC, bool) { return evidence.MAC{}, false }

func (l *fenced) Counts() (received uint64, lost evidence.Lost, ignored map[evidence.Reason]uint64) {
	return 0, evidence.Lost{}, nil
}
