package main

import (
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/scenarios"
)

// After a run the client itself still finds the director, however many others
// have answered it meanwhile.
func TestOwnNeighbourEntry(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"in full":          {"--director", "192.168.1.10"},
		"fail fast":        {"--director", "192.168.1.10", "--fail-fast"},
		"no announce test": {"--director", "192.168.1.10", "--no-announce-test"},
		"nobody named":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			lab := start(t, scenarios.Classic(scenarios.Server{}, scenarios.Server{}, scenarios.Server{}))
			client := lab.Host("client")
			if err := client.SetNeighbour("eth1", scenarios.ClassicVIP, directorMAC); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1100 * time.Millisecond) // younger, it would resist (locktime)
			for range 3 {
				o := check(t, client, args...)
				if o.code != 1 {
					t.Errorf("exit code %d, want 1", o.code)
				}
				if mac := neighbour(t, client); mac != directorMAC {
					t.Errorf("the client has the VIP at %s, want the director's %s\n%s", mac, directorMAC, o)
				}
			}
		})
	}
}
