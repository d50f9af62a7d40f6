package main

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/scenarios"
)

// Where something may drop ARP, or rules choose the routes, no pass is given,
// and a note says why; a table without rules is nothing.
func TestInspectInconclusive(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("no nft here")
	}
	tests := []struct{ command, note string }{
		{"nft add table arp f", ""},
		{"nft add chain arp f in { type filter hook input priority 0; policy drop; }", "chain arp f in of nftables"},
		{"nft delete table arp f", ""},
		{"nft add table netdev f; add chain netdev f in { type filter hook ingress device eth1 priority 0; }", ""},
		{"nft add rule netdev f in arp daddr ip 192.168.1.99 drop", "chain netdev f in of nftables"},
		{"nft delete table netdev f", ""},
		{"ip rule add from 10.0.0.0/8 table 2", "rules of its own"},
		{"ip rule del from 10.0.0.0/8 table 2", ""},
		{"ip rule del pref 32767", "rules of its own"},
	}
	h := scenarios.Start(t, scenarios.Classic(scenarios.Server{Ignore: 1, Announce: 2})).Host("r1")
	for _, tt := range tests {
		err := h.Do(func() error {
			words := strings.Fields(tt.command)
			if words[0] == "nft" {
				words = []string{"nft", strings.TrimPrefix(tt.command, "nft ")}
			}
			out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
			if err != nil {
				t.Logf("%s: %s", tt.command, out)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		doc, code := inspectedNow(t, h, netip.MustParseAddr("192.168.1.99"))
		notes := ""
		for _, n := range doc.Results[0].Notes {
			notes += n.Text + "\n"
		}
		if want := map[bool]int{false: 0, true: 3}[tt.note != ""]; code != want || !strings.Contains(notes, tt.note) || tt.note == "" && strings.Contains(notes, "filter may") {
			t.Errorf("after %s: exit code %d, want %d; notes: %s", tt.command, code, want, notes)
		}
	}
}
