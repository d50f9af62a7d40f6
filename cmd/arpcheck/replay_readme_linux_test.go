package main

import (
	"fmt"
	"strings"
	"testing"
)

// The sessions with captures in README.md are those of testdata/pcaps.
func TestREADMEReplay(t *testing.T) {
	checkREADME(t, func(t *testing.T) map[string]string {
		var story string
		t.Run("run", func(t *testing.T) { // it changes the folder, and back
			words := strings.Fields("replay classic.pcap --vip 192.168.1.99 --director 02:00:00:00:00:02")
			r := arpcheckIn(t, recordings, nil, words...)
			top, _, _ := strings.Cut(r.stdout, "   why: ")
			_, proof, _ := strings.Cut(r.stdout, "   proof:")
			proof, _, _ = strings.Cut(proof, "\n\n")
			story = fmt.Sprintf("$ arpcheck %s\n%s   […]\n   proof:%s\n", strings.Join(words, " "), top, proof)
		})
		return map[string]string{"replay": fence(story)}
	})
}

// The numbers of the benchmark are what a run of it printed, and its rows are
// those that it prints.
func TestREADMEBench(t *testing.T) {
	text := section(t, "Captures")
	for _, want := range []string{"make bench-replay", "~500 B frames, cat", "all ARP, 10k hosts, cat", "most memory of ours"} {
		if !strings.Contains(text, want) {
			t.Errorf("the section does not have %q", want)
		}
	}
}
