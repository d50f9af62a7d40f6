package capture

import (
	"os"

	"golang.org/x/sys/unix"
)

// enlargePipe lets more than 64 KiB wait in a pipe: its writer and we then
// change places a sixteenth as often. It is as much as an ordinary user may
// ask for (/proc/sys/fs/pipe-max-size); what is no pipe refuses.
func enlargePipe(f *os.File) {
	const most = 1 << 20
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, most)
	})
}
