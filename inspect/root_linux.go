package inspect

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// OpenRoot opens a folder to read the files of another system below it: links
// lead where they would if it were the root, never out of it, and only folders,
// regular files and /dev/null are opened. Close the result.
func OpenRoot(dir string) (Root, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Root{}, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	return Root{os.NewFile(uintptr(fd), dir)}, nil
}

// A Root is an [fs.FS] of one folder.
type Root struct{ dir *os.File }

// Close closes the folder.
func (r Root) Close() error { return r.dir.Close() }

// Open implements [fs.FS].
func (r Root) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	// It does not wait for the other end of a FIFO.
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Openat2(int(r.dir.Fd()), name, &unix.OpenHow{Flags: flags, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 5.6; in some sandboxes
		return r.openSlowly(name)
	}
	if err != nil {
		return fail(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err == nil {
		kind, null := st.Mode&unix.S_IFMT, uint64(st.Rdev) == unix.Mkdev(1, 3)
		if kind == unix.S_IFREG || kind == unix.S_IFDIR || kind == unix.S_IFCHR && null {
			return os.NewFile(uintptr(fd), name), nil
		}
	}
	unix.Close(fd)
	return fail(errors.New("it is not a regular file"))
}

// openSlowly does without openat2: a link that leads out, or that is absolute,
// is refused.
func (r Root) openSlowly(name string) (fs.File, error) {
	root, err := os.OpenRoot(r.dir.Name())
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is not a regular file")}
	}
	return root.Open(name)
}
