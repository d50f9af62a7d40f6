package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// searchPath is where programs are looked for: an ordinary user's PATH often
// leaves out the folders of what only root usually runs.
func searchPath() string {
	return strings.TrimPrefix(os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ":")
}

// program finds a program, or gives an empty text.
func program(name string) string {
	for dir := range strings.SplitSeq(searchPath(), ":") {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); dir != "" && err == nil && info.Mode().IsRegular() && unix.Access(file, unix.X_OK) == nil {
			return file
		}
	}
	return ""
}

// A process is a program that runs on a host.
type process struct {
	cmd    *exec.Cmd
	output lastWords
	leads  bool // it ends by itself what it has started
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // once it has ended
}

// spawn starts a program on the host. It is the first process of a process
// namespace of its own: with it ends whatever it has started, and it ends when
// this process does, however that dies.
func (h *Host) spawn(ctx context.Context, name string, args ...string) (*process, error) {
	if h == nil {
		return nil, errNoHost
	}
	file := program(name)
	if file == "" {
		return nil, fmt.Errorf("host %s: there is no program %s", h.Name, name)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cancel: cancel, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, file, args...)
	p.cmd.Env = append(os.Environ(), "PATH="+searchPath(), "ARPCHECK_HOST="+h.Name)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID, Pdeathsig: unix.SIGKILL, Setpgid: true}
	p.cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	go func() {
		defer close(p.ended)
		defer cancel()
		// The thread lives for as long as the process, because the end of
		// the thread that started it is what Pdeathsig takes for our own.
		err := h.Do(func() error {
			if err := p.cmd.Start(); err != nil {
				return err
			}
			started <- nil
			p.err = p.cmd.Wait()
			return nil
		})
		if err != nil {
			started <- err
		}
	}()
	if err := <-started; err != nil {
		<-p.ended
		return nil, fmt.Errorf("host %s: start %s: %w", h.Name, name, err)
	}
	return p, nil
}

// how says how a process has ended, and its last words.
func (p *process) how() string {
	return fmt.Sprintf(" (%s)%s", p.cmd.ProcessState, p.output.quote())
}

// Close ends the process and what it has started, at once.
func (p *process) Close() error {
	p.cancel()
	<-p.ended
	return nil
}

// shell runs a command on the host and waits for its end, so long as it is
// within the limit.
func (h *Host) shell(ctx context.Context, command string, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p, err := h.spawn(limited, "sh", "-c", command)
	if err != nil {
		return err
	}
	<-p.ended
	// What it left in the background holds its output open; it is gone now.
	if p.err == nil || errors.Is(p.err, exec.ErrWaitDelay) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	how := p.err.Error()
	if limited.Err() != nil {
		how = fmt.Sprintf("it had not ended after %s", limit)
	}
	return failure{fmt.Errorf("host %s: %q: %s%s", h.Name, strings.TrimSpace(command), how, p.output.quote())}
}

// lastWords keeps the end of what a program prints.
type lastWords struct {
	mu  sync.Mutex
	buf []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	const most = 16 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf, p...)
	if len(w.buf) > most {
		w.buf = w.buf[len(w.buf)-most:]
	}
	return len(p), nil
}

// quote gives the last few lines, for an error, or those that say where a
// configuration is wrong.
func (w *lastWords) quote() string {
	const most = 5
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines, blamed []string
	for line := range strings.Lines(string(w.buf)) {
		line = strings.TrimSpace(strings.Map(printable, line))
		if at := configLine.FindStringSubmatch(line); at != nil {
			blamed = append(blamed, fmt.Sprintf("line %s of its configuration: %s", at[1], at[2]))
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	switch {
	case len(blamed) > 0:
		lines = blamed[:min(len(blamed), most)]
	case len(lines) > most:
		lines = lines[len(lines)-most:]
	case len(lines) == 0:
		return ""
	}
	return ": " + strings.Join(lines, " | ")
}

// configLine is how keepalived says where its configuration is wrong, among much else.
var configLine = regexp.MustCompile(`\(\S*: Line (\d+)\) (.*)`)

func printable(r rune) rune {
	if unicode.IsPrint(r) || r == '\n' {
		return r
	}
	return '\ufffd'
}
