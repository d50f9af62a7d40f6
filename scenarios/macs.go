package scenarios

import (
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// withMACs gives the topology with every MAC address filled in, the same ones
// each time, as InterfaceSpec.MAC promises.
func (t Topology) withMACs() Topology {
	taken := map[evidence.MAC]bool{}
	for _, h := range t.Hosts {
		for _, ifc := range h.Interfaces {
			taken[ifc.MAC] = true
		}
	}
	hosts := slices.Clone(t.Hosts)
	for i := range hosts {
		hosts[i].Interfaces = slices.Clone(hosts[i].Interfaces)
		for j := range hosts[i].Interfaces {
			mac := &hosts[i].Interfaces[j].MAC
			if !mac.IsZero() {
				continue
			}
			n := i + 1
			*mac = evidence.MAC{0x02, 0, 0, byte(j), byte(n >> 8), byte(n)}
			// Somebody was given this address by name: step aside.
			for taken[*mac] {
				mac[2]++
			}
			taken[*mac] = true
		}
	}
	return Topology{Hosts: hosts}
}
