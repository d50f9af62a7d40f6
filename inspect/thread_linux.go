package inspect

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// OnThread calls f on an OS thread that nothing else runs on, before or after,
// so f may change the thread's namespace and need not change it back: the
// runtime ends a thread whose goroutine ends while locked to it. It is an error
// if f ends its goroutine.
func OnThread(f func() error) error {
	err := errors.New("the function ended its goroutine (t.Fatal is for the test's own goroutine: return the error instead)")
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked
		if unix.Gettid() == unix.Getpid() {
			// The first thread of a process cannot end, and /proc/PID/ns
			// shows its namespaces. Keep it busy while f gets another one.
			defer runtime.UnlockOSThread()
			err = OnThread(f)
			return
		}
		err = f()
	}()
	<-done
	return err
}
