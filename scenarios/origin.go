package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// over fills what is left out from what all checks have in common.
func (c CheckSpec) over(common CheckSpec) CheckSpec {
	if c.From == "" {
		c.From = common.From
		if c.Interface == "" {
			c.Interface = common.Interface
		}
	}
	if c.VIPs == nil {
		c.VIPs = common.VIPs
	}
	if c.Director == "" {
		c.Director = common.Director
	}
	if c.RealServers == nil {
		c.RealServers = common.RealServers
	}
	if c.Port == 0 {
		c.Port = common.Port
	}
	if c.Count == 0 {
		c.Count = common.Count
	}
	if c.Wait == 0 {
		c.Wait = common.Wait
	}
	c.NoAnnounceTest = c.NoAnnounceTest || common.NoAnnounceTest
	return c
}

// origin is the host and the interface that a check is made from.
func (s *Spec) origin(c CheckSpec) (from *Member, dev string, err error) {
	if c.From == "" {
		i := slices.IndexFunc(s.Hosts, func(m Member) bool { return m.Role == RoleClient })
		if i < 0 {
			return nil, "", errors.New(`the check is made from which host? there is no client, and "from" is missing`)
		}
		from = &s.Hosts[i]
	} else if from = s.member(c.From); from == nil {
		return nil, "", fmt.Errorf("there is no host %q", c.From)
	}
	for _, ifc := range from.Interfaces {
		if ifc.Kind == Ethernet && (c.Interface == "" || c.Interface == ifc.Name) {
			return from, ifc.Name, nil
		}
	}
	return nil, "", fmt.Errorf("host %s, where the check is made, has no such interface on a segment", from.Name)
}

// isOn reports whether the host has an interface on the segment.
func (m *Member) isOn(segment string) bool {
	return slices.ContainsFunc(m.Interfaces, func(ifc InterfaceSpec) bool { return ifc.Kind == Ethernet && ifc.Segment == segment })
}

// on is the segment that an interface is plugged into.
func (m *Member) on(dev string) string {
	for _, ifc := range m.Interfaces {
		if ifc.Name == dev {
			return ifc.Segment
		}
	}
	return ""
}

// inquiry is the check in the terms of the program's own.
func (s *Spec) inquiry(c CheckSpec, segment string) (Check, error) {
	out := Check{VIPs: c.VIPs, Port: c.Port, Count: c.Count, Wait: time.Duration(c.Wait), NoAnnounceTest: c.NoAnnounceTest}
	var err error
	if c.Director != "" {
		if out.Director, err = s.named(c.Director, segment, c.VIPs); err != nil {
			return out, err
		}
	}
	for _, ref := range c.RealServers {
		var h evidence.Host
		if h, err = s.named(ref, segment, c.VIPs); err != nil {
			return out, err
		}
		out.RealServers = append(out.RealServers, h)
	}
	return out, nil
}

// named finds who is meant by a host's name, or by what --director takes.
func (s *Spec) named(ref, segment string, vips []netip.Addr) (evidence.Host, error) {
	if m := s.member(ref); m != nil {
		return s.segmentName(m, segment, vips)
	}
	if ip, err := netip.ParseAddr(ref); err == nil && ip.Is4() {
		return evidence.Host{IP: ip}, nil
	}
	if mac, err := evidence.ParseMAC(ref); err == nil {
		return evidence.Host{MAC: mac}, nil
	}
	var names []string
	for _, m := range s.Hosts {
		names = append(names, m.Name)
	}
	return evidence.Host{}, fmt.Errorf("there is no host %q, only %s; and it is no IP or MAC address", ref, list(names))
}

// segmentName is how a host would be named by someone on the segment: by an
// address of its own there, or else by its MAC.
func (s *Spec) segmentName(m *Member, segment string, vips []netip.Addr) (evidence.Host, error) {
	var h evidence.Host
	for i, built := range s.Topology().withMACs().Hosts {
		if s.Hosts[i].Name != m.Name {
			continue
		}
		for _, ifc := range built.Interfaces {
			if ifc.Segment != segment || ifc.Kind != Ethernet {
				continue
			}
			for _, a := range ifc.Addresses {
				if !slices.Contains(vips, a.Prefix.Addr()) {
					return evidence.Host{IP: a.Prefix.Addr()}, nil
				}
			}
			if h.MAC.IsZero() {
				h.MAC = ifc.MAC
			}
		}
	}
	if h.IsZero() {
		return h, fmt.Errorf("host %s is not on segment %q, where the check is made", m.Name, segment)
	}
	return h, nil
}
