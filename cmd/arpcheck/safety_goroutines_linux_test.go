package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/internal/goroutines"
	"github.com/arpcheck/arpcheck/scenarios"
)

// When a command has returned nothing of it goes on.
func TestNoGoroutineIsLeft(t *testing.T) {
	l := scenarios.Start(t, labs["leak"])
	ns := l.Host("client").NetNS()
	proof := filepath.Join(t.TempDir(), "proof.pcapng")
	for _, args := range [][]string{
		{"--netns", ns, "-i", "eth1", "--vip", "192.168.1.99", "--director", "192.168.1.10", "--write", proof},
		{"--netns", ns, "-i", "eth1", "--vip", "192.168.1.99", "--director", "192.168.1.10", "--fail-fast"},
		{"--netns", ns, "-i", "nowhere", "--vip", "192.168.1.99"},
		{"replay", proof},
		{"inspect", "--netns", ns},
		{"scenario", "run", "vip-on-nic"},
	} {
		stdout, stderr := tempFile(t), tempFile(t)
		if left := goroutines.Left(func() { run(args, strings.NewReader(""), stdout, stderr) }); len(left) > 0 {
			t.Errorf("%v: %v", args, left)
		}
	}
}
