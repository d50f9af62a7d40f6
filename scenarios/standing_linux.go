package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func (s *Standing) nsenter(h StandingHost) string {
	out := fmt.Sprintf("nsenter --net=%s", h.Path)
	if s.Isolated {
		out += fmt.Sprintf(" -t %d -U --preserve-credentials", s.Keeper)
	}
	return out
}

// isolatedKeeper tells a keeper that it was given a user namespace.
const isolatedKeeper = "ARPCHECK_KEEPER_ISOLATED"

// Up starts a keeper for a lab of the scenario and returns when it stands. The
// keeper is this program with the given arguments, and has to call [Keep] with
// the scenario's text on its standard input. Where this process may not make
// namespaces, the keeper gets a user namespace.
//
// The lab is called like the scenario, with a number if there is one already.
func (s *Spec) Up(ctx context.Context, keeper ...string) (*Standing, error) {
	if s.source == nil {
		return nil, errors.New("only a scenario that was read from YAML can be kept standing")
	}
	if err := s.Missing(); err != nil {
		return nil, err
	}
	answer, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	defer theirs.Close()

	cmd := exec.Command("/proc/self/exe", keeper...)
	cmd.Args[0] = os.Args[0]
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(s.source)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if !mayBuild() {
		// See runAgain, which does the same for a child that ends with us.
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
			return nil, os.NewSyscallError("prctl", err)
		}
		isolate(cmd.SysProcAttr)
		cmd.Env = append(os.Environ(), isolatedKeeper+"=1")
	}
	if err := cmd.Start(); err != nil {
		return nil, startError(err)
	}
	theirs.Close()
	// Until it has answered it is ours to end.
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(unix.SIGTERM) })
	text, err := io.ReadAll(answer)
	interrupted := !stop()
	if err == nil && len(text) > 0 && text[0] == '{' && !interrupted {
		st := new(Standing)
		if err = json.Unmarshal(text, st); err == nil {
			return st, cmd.Process.Release()
		}
	}
	cmd.Process.Signal(unix.SIGTERM)
	werr := cmd.Wait()
	switch {
	case interrupted:
		return nil, context.Cause(ctx)
	case err == nil && len(text) > 0:
		return nil, errors.New(string(text))
	}
	return nil, fmt.Errorf("the keeper of the lab ended without a word: %w", errors.Join(err, werr))
}

// Keep is the keeper's part of [Spec.Up]: it reads the scenario, builds the
// lab, tells by the file descriptor 3 how that went, and keeps the lab until
// ctx ends.
func Keep(ctx context.Context, in io.Reader, file string) error {
	answer := os.NewFile(3, "answer")
	defer answer.Close()
	unix.CloseOnExec(3)
	k, err := raise(in, file)
	if err != nil {
		fmt.Fprint(answer, withHint(err))
		return err
	}
	text, err := json.Marshal(k.Standing)
	if err == nil {
		_, err = answer.Write(text)
	}
	answer.Close()
	if err == nil {
		k.watch(ctx)
	}
	return errors.Join(err, k.Close())
}

// a keeper is the lab with what was entered about it.
type keeper struct {
	Standing
	lab   *Lab
	named bool // its namespaces get names
}

// watch enters which services have ended, until ctx does.
func (k *keeper) watch(ctx context.Context) {
	for pause(ctx, time.Second) == nil {
		lost := ""
		if err := k.lab.lost(); err != nil {
			lost = err.Error()
		}
		if lost != k.Lost {
			k.Lost = lost
			_ = locked(k.enter) // for people alone: without it the lab is no worse
		}
	}
}

func raise(in io.Reader, file string) (*keeper, error) {
	spec, err := Read(in, file)
	if err != nil {
		return nil, err
	}
	lab, err := spec.build()
	if err != nil {
		return nil, err
	}
	k := &keeper{lab: lab, Standing: Standing{
		File: file, Started: time.Now().Round(time.Second),
		Keeper: os.Getpid(), KeeperTime: startTime(os.Getpid()),
		Isolated: os.Getenv(isolatedKeeper) != "",
	}}
	k.named = mayName(k.Isolated)
	for _, h := range lab.hosts {
		var st unix.Stat_t
		if err := unix.Fstat(int(h.ns.Fd()), &st); err != nil {
			return nil, errors.Join(err, lab.Close())
		}
		k.Hosts = append(k.Hosts, StandingHost{Name: h.Name, Path: h.NetNS(), Inode: st.Ino})
	}
	// First on the list, then the names: so nothing can be lost, whenever
	// this process is killed.
	if err := k.register(spec.Name); err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	if err := k.mountNames(); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// Close takes the lab down and everything about it away.
func (k *keeper) Close() error {
	return errors.Join(k.lab.Close(), k.cleanUp())
}

// Down ends a lab that stands, and takes away what is left of one whose keeper
// was killed.
func (s *Standing) Down(ctx context.Context) error {
	if s.alive() {
		if err := s.signal(unix.SIGTERM); err != nil {
			return err
		}
		for deadline := time.Now().Add(5 * time.Second); s.alive(); {
			if time.Now().After(deadline) {
				if err := s.signal(unix.SIGKILL); err != nil {
					return err
				}
				deadline = time.Now().Add(time.Minute)
			}
			if err := pause(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return s.cleanUp()
}

// alive reports whether the keeper is still the process that it was.
func (s *Standing) alive() bool {
	t := startTime(s.Keeper)
	return t != 0 && t == s.KeeperTime
}

func (s *Standing) signal(sig syscall.Signal) error {
	if err := unix.Kill(s.Keeper, sig); err != nil && err != unix.ESRCH {
		return fmt.Errorf("end the keeper of lab %s, process %d: %w", s.Name, s.Keeper, err)
	}
	return nil
}
