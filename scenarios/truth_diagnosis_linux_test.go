package scenarios_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/probe"
)

// diagnosis is the name of what is walked here, in TRUTH_ONLY.
const diagnosis = "diagnosis"

// A misdiagnosis is a set of values that is not the one which fits.
type misdiagnosis struct {
	candidate
	what      string
	said, fit []int
	truth     int
	repeat    string
}

func (m misdiagnosis) String() string {
	return fmt.Sprintf("%s\n\t%s %d is diagnosed as %v\n\twhat fits:  %v\n\tto repeat: %s", m.config, m.what, m.truth, m.said, m.fit, m.repeat)
}

// diagnose takes the target through every configuration that a diagnosis can
// find. In each a whole run asks it, with the stimuli and the further questions
// of the check itself, and what is reported must be all values, and only those,
// for which some configuration of the model does what the target did.
func (p *proof) diagnose(first, last, step int) {
	p.t.Helper()
	// The crowds remember, so each bench has its own.
	crowds := make([][]*crowd, 2)
	for i := range crowds {
		for _, vip := range truthVIPs {
			crowds[i] = append(crowds[i], newCrowd(vip))
		}
	}
	count := 0
	for _, c := range crowds[0] {
		count += len(c.all)
	}
	p.share(diagnosis, min(count, last), first, step, func(w *walked, b *bench, number int) error {
		of, i := crowds[b.processor][0], number
		if i >= len(of.all) {
			of, i = crowds[b.processor][1], i-len(of.all)
		}
		c := of.all[i]
		if c.skip {
			return nil
		}
		before := len(w.mismatches)
		if err := w.diagnosed(p, b, of, c, number); err != nil || len(w.mismatches) == before {
			return err
		}
		// A frame may have got lost; or the host has sent as many ICMP errors
		// as it may for now (icmp_global_allow).
		w.mismatches = w.mismatches[:before]
		w.configs--
		time.Sleep(100 * time.Millisecond)
		return w.diagnosed(p, b, of, c, number)
	})
}

// diagnosed makes one run, and compares.
func (w *walked) diagnosed(p *proof, b *bench, of *crowd, c candidate, number int) error {
	if err := errors.Join(b.g.forget(), b.g.become(c.config)); err != nil {
		return fmt.Errorf("%s: %w", c.config, err)
	}
	link := &fenced{b: b, proxies: c.Interface("eth1").ProxyARP}
	var result diagnose.Result
	var err error
	synctest.Test(p.t, func(t *testing.T) {
		if err = b.pin(); err == nil {
			result, err = inquire(t, link, of.vip, p.seed, uint64(number))
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.config, err)
	}
	w.configs++
	w.stimuli += len(link.heard)
	i := slices.IndexFunc(result.Hosts, func(h diagnose.Host) bool { return h.MAC == targetMAC["eth1"] })
	if i < 0 {
		return fmt.Errorf("%s: it is not in the result\nto repeat: %s", c.config, p.repeat(diagnosis, number))
	}
	said := result.Hosts[i]
	ignore, announce := of.fitting(link.heard)
	for _, q := range []struct {
		what      string
		truth     int
		said, fit []int
	}{{"arp_ignore", c.ignore, said.ARPIgnore, ignore}, {"arp_announce", c.announce, said.ARPAnnounce, announce}} {
		// Of a proxy less is concluded than could be: a reply at once may have
		// waited, and one late have been delayed by the network.
		exact := slices.Equal(q.said, q.fit) || c.proxies && contains(q.said, q.fit)
		if !exact || !slices.Contains(q.said, q.truth) {
			w.mismatches = append(w.mismatches, misdiagnosis{c, q.what, q.said, q.fit, q.truth, p.repeat(diagnosis, number)})
		}
	}
	return nil
}

// inquire is a check from the driver, as Check makes it.
func inquire(t *testing.T, link probe.Link, vip netip.Addr, seed, number uint64) (diagnose.Result, error) {
	t.Helper()
	rs := []evidence.Host{{IP: truthRIP.Addr(), MAC: targetMAC["eth1"]}}
	cfg := diagnose.Config{
		VIPs: []netip.Addr{vip}, RealServers: rs,
		Self: diagnose.Self{Interface: "eth1", MAC: driverMAC, Addr: truthClient, Prefix: truthRIP.Masked(), Local: []netip.Addr{truthClient}},
	}
	run, err := probe.New(probe.Config{
		VIPs: cfg.VIPs, RealServers: rs,
		MAC: driverMAC, Addr: truthClient, Prefix: cfg.Self.Prefix, Avoid: []netip.Addr{truthClient, truthGateway},
		Next: func(log *evidence.Log, vip netip.Addr) []evidence.Question { return diagnose.Next(log, cfg, vip) },
		Owners: func(log *evidence.Log, vip netip.Addr) []evidence.MAC {
			return diagnose.Owners(log, cfg, vip)
		},
		Rand: rand.New(rand.NewPCG(seed, number)),
	})
	if err != nil {
		return diagnose.Result{}, err
	}
	return diagnose.Diagnose(run.Do(t.Context(), link), cfg)[0], nil
}

// contains reports whether all values are among those.
func contains(those, all []int) bool {
	return !slices.ContainsFunc(all, func(v int) bool { return !slices.Contains(those, v) })
}
