package main

import (
	"fmt"
	"os"
	"sync/atomic"

	"github.com/arpcheck/arpcheck/capture"
)

// readingOf returns what to show while captures are read: how much was, and
// what part of all that is if their sizes are known.
func readingOf(sources []capture.Source, octets *atomic.Int64) func() string {
	what, all := "reading "+oneLine(several(sources)), int64(0)
	for _, source := range sources {
		info, err := os.Stat(source.Name)
		if source.Stream != nil || err != nil || !info.Mode().IsRegular() {
			all = 0
			break
		}
		all += info.Size()
	}
	return func() string {
		n := octets.Load()
		switch {
		case all == 0:
			return fmt.Sprintf("%s: %s,", what, size(n))
		case n <= all:
			return fmt.Sprintf("%s: %d%% of %s,", what, n*100/all, size(all))
		}
		// Where addresses are in conflict, their frames are read in a
		// second pass.
		return fmt.Sprintf("%s, once more for what is in conflict: %d%% of %s,", what, min((n-all)*100/all, 100), size(all))
	}
}

// size is a number of octets for people.
func size(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%d kB", n/1e3)
	case n < 1e9:
		return fmt.Sprintf("%d MB", n/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
