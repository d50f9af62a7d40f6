//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// memory returns how many octets a program had in memory at most.
func memory(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return usage.Maxrss // octets there
	}
	return int64(usage.Maxrss) * 1024
}
