package scenarios

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/probe"
)

// A Check is what one run asks, of whom. The zero value of each field is
// useful, but for VIPs.
type Check struct {
	VIPs        []netip.Addr
	Director    evidence.Host   // who should own the VIPs; zero: to be found out
	RealServers []evidence.Host // each gets a verdict, even if it stays silent

	ProbeSource    netip.Addr    // the unused address of the announce test; invalid: found unused
	NoAnnounceTest bool          // never cause a real server to send an ARP request
	FailFast       bool          // end at the first proven fault
	Port           uint16        // a TCP service port of the VIPs; 0: none
	Count          int           // who-has frames per VIP; 0: [probe.DefaultCount]
	Wait           time.Duration // how long to listen after the last frame; 0: [probe.DefaultWait]
	Rate           int           // most frames per second; 0: [probe.DefaultRate]

	Frames     bool   // list every frame in the diagnosis
	KeepFrames bool   // let [Inquiry.Records] have the frames themselves
	NetNS      string // what the diagnosis calls the namespace; empty: nothing
}

// An Inquiry is a check that is ready to send its first frame. It is used once.
type Inquiry struct {
	run       *probe.Run
	link      *capture.Live
	kept      *keptFrames // nil: none are wanted
	records   []evidence.Record
	diagnosis diagnose.Config
}

// Open prepares the check on a segment, which was read in the network
// namespace that Open is called in: there it opens its socket. Without
// CAP_NET_RAW [errors.Is] with [os.ErrPermission] holds for the error.
func (c Check) Open(s *inspect.Segment) (*Inquiry, error) {
	own := s.Near(c.VIPs)
	q := &Inquiry{diagnosis: c.diagnosis(s, own)}
	var err error
	if q.run, err = probe.New(c.probing(s, own, q.diagnosis)); err != nil {
		return nil, err
	}
	q.link, err = capture.Open(s.Interface, capture.Filter{
		MAC: s.MAC, VIPs: c.VIPs, Own: own.Addr(), Temporary: q.run.Temporary(), Port: c.Port,
	})
	if err != nil {
		return nil, err
	}
	if c.KeepFrames {
		q.link.KeepFrames()
		q.kept = &keptFrames{Link: q.link}
	}
	return q, nil
}

// Ask sends the frames and diagnoses what comes back: one result for each VIP.
// It works in any namespace, for the socket stays where it was opened. When
// ctx ends it takes back what it caused and says what is known by then.
func (q *Inquiry) Ask(ctx context.Context) []diagnose.Result {
	var link probe.Link = q.link
	if q.kept != nil {
		link = q.kept
	}
	log := q.run.Do(ctx, link)
	if q.kept != nil {
		q.records = q.kept.in(log.Records)
	}
	return diagnose.Diagnose(log, q.diagnosis)
}

// Records are all frames that Ask has sent and seen, with their octets, if the
// check was to keep them.
func (q *Inquiry) Records() []evidence.Record { return q.records }

// Close closes the socket.
func (q *Inquiry) Close() error { return q.link.Close() }

// probing is what the probing has to know. own is the address to ask with.
func (c Check) probing(s *inspect.Segment, own netip.Prefix, d diagnose.Config) probe.Config {
	cfg := probe.Config{
		VIPs: c.VIPs,
		MAC:  s.MAC, Addr: own.Addr(), Prefix: own.Masked(),
		Forwards: s.Forwards, Avoid: slices.Concat(s.Local, s.Gateways), Neighbours: s.Neighbours,
		Director: c.Director, RealServers: c.RealServers,
		ProbeSource: c.ProbeSource, NoAnnounceTest: c.NoAnnounceTest,
		Port: c.Port, Count: c.Count, Wait: c.Wait, Rate: c.Rate,
		Owners: func(log *evidence.Log, vip netip.Addr) []evidence.MAC {
			return diagnose.Owners(log, d, vip)
		},
		Next: func(log *evidence.Log, vip netip.Addr) []evidence.Question {
			return diagnose.Next(log, d, vip)
		},
	}
	if c.FailFast {
		cfg.Stop = func(log *evidence.Log) bool { return diagnose.Fault(log, d) }
	}
	return cfg
}

// diagnosis is what the diagnosis has to know.
func (c Check) diagnosis(s *inspect.Segment, own netip.Prefix) diagnose.Config {
	return diagnose.Config{
		VIPs:     c.VIPs,
		Director: c.Director, RealServers: c.RealServers,
		Self: diagnose.Self{
			Interface: s.Interface.Name, NetNS: c.NetNS,
			MAC: s.MAC, Addr: own.Addr(), Prefix: own.Masked(), Local: s.Local,
		},
		Neighbours:     s.Neighbours,
		NoAnnounceTest: c.NoAnnounceTest, Wait: c.Wait, Frames: c.Frames,
	}
}
