package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows on w, if it is a terminal, that the check is at work and for
// how long, until the returned function is called. That function erases it.
func progress(w *os.File, text string) (stop func()) {
	return progressOf(w, func() string { return text })
}

// progressOf is progress with a text that changes.
func progressOf(w *os.File, text func() string) (stop func()) {
	if !term.IsTerminal(int(w.Fd())) || os.Getenv("TERM") == "dumb" {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		started := time.Now()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		for i := 0; ; i++ {
			// The first picture comes late: what ends at once needs none.
			select {
			case <-quit:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-tick.C:
			}
			line := fmt.Sprintf("%c %s %.1f s", frames[i%len(frames)], text(), time.Since(started).Seconds())
			if cols, _, err := term.GetSize(int(w.Fd())); err == nil && cols > 0 {
				// A line that wraps could not be erased.
				if r := []rune(line); len(r) >= cols {
					line = string(r[:cols-1])
				}
			}
			fmt.Fprintf(w, "\r\x1b[K%s", line)
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}
