package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// oneBlow is how long after the first signal others count as part of it. GNU
// timeout signals the process and then its group, which comes to two signals
// within a moment; a person who presses Ctrl-C again takes longer.
const oneBlow = 500 * time.Millisecond

// interruptible returns a context that the first signal ends, for the run to
// end in order. A later signal ends the program at once, after the remark. The
// function gives the signals back.
func interruptible(ctx context.Context, stderr io.Writer, remark string) (context.Context, func()) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // it is for nohup to say that a lost terminal is no reason to end
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancel(ctx)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, signals...)
	go func() {
		var first time.Time
		for sig := range caught {
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
			case time.Since(first) >= oneBlow:
				if remark != "" {
					fmt.Fprintf(stderr, "arpcheck: %s\n", remark)
				}
				die(sig)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(caught) // from here on nothing is sent on it
		close(caught)
		cancel()
	}
}

// die ends the program as if it had never caught the signal, so that a shell
// sees what it died of.
func die(sig os.Signal) {
	unfinished.Range(func(name, _ any) bool {
		os.Remove(name.(string))
		return true
	})
	signal.Reset(sig)
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Signal(sig) == nil {
		time.Sleep(oneBlow)
	}
	os.Exit(exitUsage)
}

// notUndone is what is left to do by hand when a check ends at once.
func notUndone(o *checkOptions) string {
	if o.noAnnounceTest {
		return "" // it has changed nothing
	}
	return fmt.Sprintf("ended without undoing what the announce test may have changed; on the director: arping -U -c 3 -I IFACE %s", first(o.vips))
}

// first names the first VIP, and that there are more.
func first(vips []netip.Addr) string {
	if len(vips) == 1 {
		return vips[0].String()
	}
	return fmt.Sprintf("%s  (and so for each of the %d VIPs)", vips[0], len(vips))
}
