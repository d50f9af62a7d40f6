package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// services are those that run in a lab.
type services struct {
	mu      sync.Mutex
	running map[[2]string]io.Closer // by host and name
	dir     string                  // for files of theirs; empty: none was needed yet
	closed  bool
}

// start starts a service on a host.
func (l *Lab) start(h *Host, s Service) error {
	l.services.mu.Lock()
	defer l.services.mu.Unlock()
	key := [2]string{h.Name, s.name()}
	switch {
	case l.services.closed:
		return fmt.Errorf("the lab: %w", os.ErrClosed)
	case l.services.running[key] != nil:
		return fmt.Errorf("host %s: %s runs already", h.Name, s.name())
	}
	c, err := l.launch(h, s)
	if err != nil {
		return err
	}
	if l.services.running == nil {
		l.services.running = map[[2]string]io.Closer{}
	}
	l.services.running[key] = c
	return nil
}

func (l *Lab) launch(h *Host, s Service) (io.Closer, error) {
	switch {
	case s.TCP.IsValid():
		return h.serveTCP(s.TCP)
	case s.Responder != nil:
		return h.respond(*s.Responder)
	case s.Keepalived != "":
		return l.keepalived(h, s)
	}
	p, err := h.spawn(context.Background(), "sh", "-c", s.Run)
	if err != nil {
		return nil, err
	}
	return p, p.lives(h, s.name())
}

// lives sees to it that a program did not end as soon as it began: what is
// wrong with it is best said before anything rests on it.
func (p *process) lives(h *Host, name string) error {
	select {
	case <-p.ended:
		return fmt.Errorf("host %s: %s ended at once%s", h.Name, name, p.how())
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

// lost says which services have ended although nobody asked them to: a lab
// without them is not the one that was described.
func (l *Lab) lost() error {
	s := &l.services
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for key, c := range s.running {
		p, ok := c.(*process)
		if !ok {
			continue
		}
		select {
		case <-p.ended:
			all = append(all, fmt.Sprintf("host %s: %s has ended by itself%s", key[0], key[1], p.how()))
		default:
		}
	}
	if all == nil {
		return nil
	}
	slices.Sort(all)
	return errors.New(strings.Join(all, "; "))
}

// stop ends a service as an administrator does. One that does not run is
// stopped already.
func (l *Lab) stop(ctx context.Context, host, name string) error {
	switch c := l.services.take(host, name).(type) {
	case nil:
		return nil
	case *process:
		return c.terminate(ctx)
	default:
		return c.Close()
	}
}

// kill ends a service at once; what it has set up stays as it is.
func (l *Lab) kill(host, name string) error {
	if c := l.services.take(host, name); c != nil {
		return c.Close()
	}
	return nil
}

// take gives a service away, to be ended, or nil if it does not run.
func (s *services) take(host, name string) io.Closer {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{host, name}
	c := s.running[key]
	delete(s.running, key)
	return c
}

// close ends all services, and removes their files.
func (s *services) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, c := range s.running {
		errs = append(errs, c.Close())
	}
	s.running = nil
	if s.dir != "" {
		errs = append(errs, removeWorkDir(s.dir))
		s.dir = ""
	}
	return errors.Join(errs...)
}

// keepalived runs the real one, with files of its own instead of those in /run
// that all of them on a machine would share. It speaks VRRP only: there is no
// IPVS to manage.
func (l *Lab) keepalived(h *Host, s Service) (io.Closer, error) {
	if l.services.dir == "" {
		dir, err := newWorkDir()
		if err != nil {
			return nil, err
		}
		l.services.dir = dir
	}
	base := filepath.Join(l.services.dir, h.Name+"-"+filepath.Base(s.name()))
	if err := os.WriteFile(base+".conf", []byte(s.Keepalived), 0o600); err != nil {
		return nil, err
	}
	// One that was killed has left them, and the process id in them is 1, which
	// in the process namespace of the next one is alive.
	pid, vrrpPID := base+".pid", base+".vrrp.pid"
	_, _ = os.Remove(pid), os.Remove(vrrpPID)
	p, err := h.spawn(context.Background(), "keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp",
		"--use-file", base+".conf", "--pid", pid, "--vrrp_pid", vrrpPID)
	if err != nil {
		return nil, err
	}
	p.leads = true // its unit for systemd has KillMode=process as well
	return p, p.lives(h, "keepalived")
}
