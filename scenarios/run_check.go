package scenarios

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// check makes a check, with what happens meanwhile, and compares.
func (r *run) check(ctx context.Context, c *CheckStep) ([]diagnose.Result, []string, error) {
	full := c.CheckSpec.over(r.spec.Check)
	from, dev, err := r.spec.origin(full)
	if err != nil {
		return nil, nil, err
	}
	segment := from.on(dev)
	q, err := r.spec.inquiry(full, segment)
	if err != nil {
		return nil, nil, err
	}
	cmp := comparison{names: r.spec.onSegment(segment), settings: r.settings(segment)}

	// If something goes wrong meanwhile the check need not go on.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meanwhile := make(chan error, 1)
	go func() {
		for i := range c.During {
			if err := r.step(ctx, &c.During[i]); err != nil {
				cancel()
				meanwhile <- fmt.Errorf("during the check, %s: %w", c.During[i].Describe(), err)
				return
			}
		}
		meanwhile <- nil
	}()
	results, err := r.lab.Host(from.Name).Check(ctx, dev, q)
	if err != nil {
		cancel()
		<-meanwhile
		return nil, nil, err
	}
	if err := <-meanwhile; err != nil {
		return results, nil, err
	}
	// What changed meanwhile has no one value.
	after := r.settings(segment)
	maps.DeleteFunc(cmp.settings, func(name string, s [2]int) bool { return after[name] != s })
	return results, cmp.all(c.Expect, results), nil
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

// settings reads what arp_ignore and arp_announce are in force on the segment:
// the larger one of the interface and of "all" (IN_DEV_MAXCONF). A host whose
// interfaces on the segment differ is left out.
func (r *run) settings(segment string) map[string][2]int {
	all := map[string][2]int{}
	for _, m := range r.spec.Hosts {
		h := r.lab.Host(m.Name)
		var have [][2]int
		for _, ifc := range m.Interfaces {
			if ifc.Kind != Ethernet || ifc.Segment != segment {
				continue
			}
			var v [2]int
			for i, name := range []string{"arp_ignore", "arp_announce"} {
				for _, which := range []string{"all", ifc.Name} {
					text, err := h.SysctlGet("net/ipv4/conf/" + which + "/" + name)
					n, nerr := strconv.Atoi(text)
					if err != nil || nerr != nil {
						continue // renamed or gone
					}
					v[i] = max(v[i], n)
				}
			}
			if v[0] >= 4 && v[0] <= 7 {
				v[0] = 0 // they behave alike
			}
			have = append(have, v)
		}
		if len(have) > 0 && !slices.ContainsFunc(have, func(v [2]int) bool { return v != have[0] }) {
			all[m.Name] = have[0]
		}
	}
	return all
}
