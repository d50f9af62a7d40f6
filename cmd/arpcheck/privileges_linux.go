package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shed gives up, on all threads and for good, every capability that is not
// needed once the sockets are open: to send and to receive takes none. Who
// writes files keeps what lets root write into folders of others.
//
// capabilities(7) are of each thread. The Go runtime can change all of them at
// once (syscall.AllThreadsSyscall), but not in a program with cgo in it, where
// the error is ENOTSUP: build with CGO_ENABLED=0, as "make build" does. That
// they cannot be given up is no reason not to check.
func shed(files bool) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // of 32 capabilities each
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	const writing = 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER
	var keep [2]uint32
	if files {
		keep[0] = writing
	}
	needed := false
	for i := range data {
		needed = needed || data[i].Permitted&^keep[i] != 0
		data[i].Permitted &= keep[i]
		data[i].Effective &= keep[i]
		data[i].Inheritable = 0
	}
	if !needed {
		return nil // there was nothing to give up
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0); errno != 0 {
		return errno
	}
	return nil
}
