package scenarios

import (
	"fmt"
	"time"
)

// A Standing is a lab that goes on without the process that started it. A
// keeper process holds its namespaces and runs its services.
type Standing struct {
	Name    string    `json:"name"`
	File    string    `json:"file"` // of the scenario
	Started time.Time `json:"started"`

	Keeper     int    `json:"keeper"`      // process id
	KeeperTime uint64 `json:"keeper_time"` // when that process began: its id can be used again

	Isolated bool           `json:"isolated"` // the keeper is in a user namespace of its own
	Hosts    []StandingHost `json:"hosts"`

	// Lost says which services have ended by themselves; empty: none.
	Lost string `json:"lost,omitempty"`

	// Damaged says, if it is not empty, why nothing is known but the name.
	Damaged string `json:"-"`
}

// A StandingHost is one host of a lab that stands.
type StandingHost struct {
	Name  string `json:"name"`
	NetNS string `json:"netns"` // name below /run/netns; empty: it has none, as an ordinary user's
	Path  string `json:"path"`  // of the namespace, by the keeper
	Inode uint64 `json:"inode"` // of the namespace
}

// Trouble says what is wrong with the lab, or nothing.
func (s *Standing) Trouble() string {
	switch {
	case s.Damaged != "":
		return s.Damaged
	case !s.alive():
		return fmt.Sprintf("its process %d is gone", s.Keeper)
	}
	return s.Lost
}

// Enter is the command that runs another one on the host: what follows it is
// the command, and without one it is a shell.
func (s *Standing) Enter(host string) string {
	for _, h := range s.Hosts {
		switch {
		case h.Name != host:
		case h.NetNS != "":
			return "ip netns exec " + h.NetNS
		default:
			return s.nsenter(h)
		}
	}
	return ""
}
