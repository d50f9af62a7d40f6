// Package goroutines tells tests which goroutines something has left behind.
package goroutines

import (
	"runtime"
	"strings"
	"time"
)

// patience is how long a goroutine may take to end after it was told to.
var patience = 5 * time.Second

// Left calls f and returns the stacks of the goroutines that are there after it
// and were not before. It gives them some time to end. No other test may run
// meanwhile.
func Left(f func()) []string {
	before := map[string]bool{}
	for _, g := range all() {
		before[id(g)] = true
	}
	f()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var left []string
		for _, g := range all() {
			if !before[id(g)] {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// all are the stacks of all goroutines of this program's own: the runtime's, and
// what os/signal starts once and for good, are not among them.
func all() (own []string) {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		if !strings.Contains(g, "os/signal.loop") {
			own = append(own, g)
		}
	}
	return own
}

// id is the number that the runtime gave a goroutine: "goroutine 7 [running]:".
func id(stack string) string {
	number, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
	return number
}
