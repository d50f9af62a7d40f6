package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// namesDir is where ip-netns(8) has the names of namespaces, each a file that a
// namespace is mounted on.
const namesDir = "/run/netns"

// madeMount is the file that says that we made the folder a mount.
const madeMount = "netns-mount"

// mayName reports whether this process can give namespaces names. In a mount
// namespace of its own nobody would see them.
func mayName(isolated bool) bool {
	return !isolated && os.MkdirAll(namesDir, 0o755) == nil && unix.Access(namesDir, unix.W_OK) == nil
}

// mountNames gives the namespaces their names.
func (k *keeper) mountNames() error {
	if !k.named {
		return nil
	}
	if err := locked(shareNames); err != nil {
		return fmt.Errorf("prepare %s: %w", namesDir, err)
	}
	for _, h := range k.Hosts {
		path := filepath.Join(namesDir, h.NetNS)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
		if err != nil {
			return err
		}
		f.Close()
		if err := unix.Mount(h.Path, path, "none", unix.MS_BIND, ""); err != nil {
			return &os.PathError{Op: "mount a namespace on", Path: path, Err: err}
		}
	}
	return nil
}

// shareNames makes the folder a shared mount as `ip netns add` does, if it is
// none yet. Did ip do it later, on top of our names, they could not be taken
// away any more.
func shareNames(dir string) error {
	if err := os.MkdirAll(namesDir, 0o755); err != nil {
		return err
	}
	err := unix.Mount("", namesDir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if !errors.Is(err, unix.EINVAL) {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, madeMount), nil, 0o600); err != nil {
		return err
	}
	if err := unix.Mount(namesDir, namesDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.Mount("", namesDir, "none", unix.MS_SHARED|unix.MS_REC, "")
}

// unmountNames takes the names away, and the mount that we made when the last
// is gone. A name that stands for another namespace is not ours any more.
func (s *Standing) unmountNames(dir string) error {
	var errs []error
	for _, h := range s.Hosts {
		if h.NetNS == "" {
			continue
		}
		path := filepath.Join(namesDir, h.NetNS)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			continue // it never came to that
		}
		var fs unix.Statfs_t
		mounted := unix.Statfs(path, &fs) == nil && fs.Type == unix.NSFS_MAGIC
		switch {
		case mounted && st.Ino != h.Inode, !mounted && st.Size > 0:
			continue
		case mounted:
			if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
				errs = append(errs, &os.PathError{Op: "unmount", Path: path, Err: err})
				continue
			}
		}
		errs = append(errs, os.Remove(path))
	}
	left, err := os.ReadDir(namesDir)
	if _, merr := os.Lstat(filepath.Join(dir, madeMount)); merr == nil && err == nil && len(left) == 0 {
		if err := unix.Unmount(namesDir, unix.MNT_DETACH); err == nil {
			_ = os.Remove(filepath.Join(dir, madeMount))
			_ = os.Remove(namesDir) // if it is empty still
		}
	}
	return errors.Join(errs...)
}
