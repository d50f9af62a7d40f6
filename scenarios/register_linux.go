package scenarios

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// locked runs f while no other process of this user changes the list of labs.
// When nothing is on the list any more, the folder goes as well.
func locked(f func(dir string) error) error {
	dir, lock, err := lockList()
	if err != nil {
		return err
	}
	defer lock.Close()
	defer func() {
		if left, err := os.ReadDir(dir); err == nil && len(left) == 1 {
			_ = os.Remove(lock.Name())
			_ = os.Remove(dir)
		}
	}()
	return f(dir)
}

// lockList opens the folder's lock file and waits until it is ours.
func lockList() (dir string, lock *os.File, err error) {
	for {
		if dir, err = stateDir(); err != nil {
			return "", nil, err
		}
		lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			continue // the last one has just taken the folder away
		}
		if err != nil {
			return "", nil, err
		}
		if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil && err != unix.EINTR {
			lock.Close()
			return "", nil, os.NewSyscallError("flock", err)
		}
		// It counts only if it is still the file of that name.
		if held, herr := lock.Stat(); err == nil && herr == nil {
			if named, nerr := os.Stat(lock.Name()); nerr == nil && os.SameFile(held, named) {
				return dir, lock, nil
			}
		}
		lock.Close()
	}
}

// Labs lists the labs of this user that stand or were left behind, by name.
func Labs() (all []*Standing, err error) {
	err = locked(func(dir string) error {
		all, err = labs(dir)
		return err
	})
	return all, err
}

func labs(dir string) (all []*Standing, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "lab-*.json"))
	for _, file := range files {
		text, rerr := os.ReadFile(file)
		if errors.Is(rerr, os.ErrNotExist) {
			continue
		}
		s := new(Standing)
		if rerr == nil {
			rerr = json.Unmarshal(text, s)
		}
		// One that cannot be read must not keep the others from being found.
		if name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "lab-"), ".json"); rerr != nil || s.Name != name {
			s = &Standing{Name: name, Damaged: fmt.Sprintf("%s is damaged", file)}
			if rerr != nil {
				s.Damaged += ": " + rerr.Error()
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Standing) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

// unnamedEntry is the file of an entry until it is complete.
const unnamedEntry = "new"

// register puts the lab on the list, under a name that is still free.
func (k *keeper) register(name string) error {
	return locked(func(dir string) error {
		for n := 1; ; n++ {
			k.Name = name
			if n > 1 {
				k.Name = fmt.Sprintf("%s-%d", name, n)
			}
			if k.taken(dir) {
				continue
			}
			return k.enter(dir)
		}
	})
}

// enter writes the lab's entry, complete or not at all.
func (s *Standing) enter(dir string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, unnamedEntry)
	err = os.WriteFile(tmp, text, 0o600)
	if err == nil {
		err = os.Rename(tmp, s.file(dir))
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}

func (s *Standing) file(dir string) string { return filepath.Join(dir, "lab-"+s.Name+".json") }

// taken reports whether the lab's name, or that of a namespace, is in use, and
// names the namespaces on the way.
func (k *keeper) taken(dir string) bool {
	if _, err := os.Lstat(k.file(dir)); err == nil {
		return true
	}
	if !k.named {
		return false
	}
	for i := range k.Hosts {
		h := &k.Hosts[i]
		h.NetNS = k.Name + "-" + h.Name
		if _, err := os.Lstat(filepath.Join(namesDir, h.NetNS)); err == nil {
			return true
		}
	}
	return false
}

// cleanUp takes away the names of the lab's namespaces and its entry.
func (s *Standing) cleanUp() error {
	return locked(func(dir string) error {
		errs := []error{s.unmountNames(dir)}
		if err := os.Remove(s.file(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
		return errors.Join(append(errs, sweep(dir))...)
	})
}

// Sweep takes away the files of runs that were killed, and gives their number.
func Sweep() (n int, err error) {
	err = locked(func(dir string) error {
		dead, err := abandoned(dir)
		n = len(dead)
		return errors.Join(err, sweep(dir))
	})
	return n, err
}

func sweep(dir string) error {
	dead, err := abandoned(dir)
	errs := []error{err}
	// Whoever wrote it held the lock, and is dead.
	if err := os.Remove(filepath.Join(dir, unnamedEntry)); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	for _, d := range dead {
		errs = append(errs, os.RemoveAll(d))
	}
	return errors.Join(errs...)
}

// abandoned lists the working folders whose process is no more.
func abandoned(dir string) (dead []string, err error) {
	all, err := filepath.Glob(filepath.Join(dir, "work-*"))
	for _, d := range all {
		var pid int
		var started uint64
		_, err := fmt.Sscanf(strings.TrimPrefix(filepath.Base(d), "work-"), "%d-%d-", &pid, &started)
		if err == nil && startTime(pid) != started {
			dead = append(dead, d)
		}
	}
	return slices.Clip(dead), err
}
