package scenarios

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/inspect"
)

// check makes a check, with what happens meanwhile, and compares.
func (r *run) check(ctx context.Context, c *CheckStep, o *StepOutcome) error {
	full := c.CheckSpec.over(r.spec.Check)
	from, dev, err := r.spec.origin(full)
	if err != nil {
		return err
	}
	segment := from.on(dev)
	q, err := r.spec.inquiry(full, segment)
	if err != nil {
		return err
	}
	settings, err := r.settings(segment)
	if err != nil {
		return err
	}
	o.Names = r.spec.onSegment(segment)

	// If something goes wrong meanwhile the check need not go on.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meanwhile := make(chan error, 1)
	go func() {
		for i := range c.During {
			if err := r.step(ctx, &c.During[i]); err != nil {
				cancel()
				_, failed := err.(failure)
				if err = fmt.Errorf("during the check, %s: %w", c.During[i].Describe(), err); failed {
					err = failure{err}
				}
				meanwhile <- err
				return
			}
		}
		meanwhile <- nil
	}()
	o.Results, err = r.lab.Host(from.Name).Check(ctx, dev, q)
	if err != nil {
		cancel()
		<-meanwhile
		return err
	}
	if err := <-meanwhile; err != nil {
		return err
	}
	// What changed meanwhile has no one value.
	after, err := r.settings(segment)
	if err != nil {
		return err
	}
	maps.DeleteFunc(settings, func(name string, s [2]int) bool {
		then, known := after[name]
		return !known || then != s
	})
	o.Differences, o.Differ = comparison{names: o.Names, settings: settings}.all(c.Expect, o.Results)
	return nil
}

// onSegment gives the host behind each MAC address of the segment.
func (s *Spec) onSegment(segment string) map[evidence.MAC]string {
	names := map[evidence.MAC]string{}
	for _, h := range s.Topology().withMACs().Hosts {
		for _, ifc := range h.Interfaces {
			if ifc.Kind == Ethernet && ifc.Segment == segment {
				names[ifc.MAC] = h.Name
			}
		}
	}
	return names
}

// settings reads what arp_ignore and arp_announce are in force on the segment. A
// host is left out that has no interface there any more, or some that differ.
func (r *run) settings(segment string) (map[string][2]int, error) {
	all := map[string][2]int{}
	for i := range r.spec.Hosts {
		m := &r.spec.Hosts[i]
		if !m.isOn(segment) {
			continue
		}
		var host inspect.Host
		if err := r.lab.Host(m.Name).Do(func() (err error) {
			host, err = inspect.ReadHost()
			return err
		}); err != nil {
			return nil, fmt.Errorf("read the settings of host %s: %w", m.Name, err)
		}
		var have [][2]int
		for _, ifc := range m.Interfaces {
			if ifc.Kind != Ethernet || ifc.Segment != segment {
				continue
			}
			if s, ok := host.Effective(ifc.Name); ok { // it may be renamed or gone
				have = append(have, [2]int{s.ARPIgnore, s.ARPAnnounce})
			}
		}
		if len(have) > 0 && !slices.ContainsFunc(have, func(v [2]int) bool { return v != have[0] }) {
			all[m.Name] = have[0]
		}
	}
	return all, nil
}
