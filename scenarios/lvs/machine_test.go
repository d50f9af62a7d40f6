//go:build lvs

package lvs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bootLimit is how long the machine may take for everything; less than half of
// it is what a slow one needs. The tests inside give up a little earlier, with
// the stacks of what hangs.
const (
	bootLimit   = 8 * time.Minute
	insideLimit = bootLimit - 20*time.Second
)

// programs are what the machine runs of the host's, and the packages they are in.
var programs = []struct{ name, debian string }{
	{"linux.uml", "user-mode-linux"},
	{"ipvsadm", "ipvsadm"},
	{"keepalived", "keepalived"},
	{"ip", "iproute2"},
	{"modprobe", "kmod"},
	{"sysctl", "procps"},
}

// only is a pattern for the names of the cases to run, with _ for a space;
// empty: all.
var only = os.Getenv("LVS_ONLY")

// TestMachine boots the machine and wants its closing line, with every case in
// it: a kernel that panics or hangs writes none.
func TestMachine(t *testing.T) {
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where an ordinary user has not
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p.name); err != nil {
			missing = append(missing, p.debian)
		}
	}
	if len(missing) > 0 {
		t.Fatalf("missing: %s\nin Debian and Ubuntu: sudo apt-get install %[1]s", strings.Join(missing, " "))
	}

	dir := t.TempDir()
	build(t, dir)
	passed, failed := boot(t, dir)
	switch {
	case failed > 0:
		t.Errorf("%d cases failed", failed)
	case only != "":
		if passed == 0 {
			t.Errorf("no case is called %s", only)
		}
	case passed < len(cases):
		t.Errorf("%d cases passed, and there are %d", passed, len(cases))
	}
}

// build makes the programs that the machine runs of ours.
func build(t *testing.T, dir string) {
	for _, args := range [][]string{
		{"build", "-buildvcs=false", "-o", filepath.Join(dir, "arpcheck"), "github.com/arpcheck/arpcheck/cmd/arpcheck"},
		{"test", "-c", "-o", filepath.Join(dir, "scenarios.test"), "github.com/arpcheck/arpcheck/scenarios"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	// The machine cannot rename this one away while it runs.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "lvs.test"), data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cc := "cc"
	if _, err := exec.LookPath(cc); err != nil {
		cc = "gcc"
	}
	if out, err := exec.Command(cc, "-O2", "-Wall", "-shared", "-fPIC", "-o", filepath.Join(dir, "xstate.so"), "testdata/xstate.c").CombinedOutput(); err != nil {
		t.Fatalf("cannot compile testdata/xstate.c: %v\n%sin Debian and Ubuntu: sudo apt-get install gcc libc6-dev", err, out)
	}
}

// boot runs the machine and returns what its closing line counts.
func boot(t *testing.T, dir string) (passed, failed int) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), bootLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "linux.uml", "mem=768M", "umid=lvs", "uml_dir="+dir+"/",
		"root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "con=null", "con0=fd:0,fd:1",
		"init="+filepath.Join(here, "testdata/init.sh"),
		// What the kernel does not know it hands to init as environment.
		"LVS_DIR="+dir, "LVS_PACKAGE="+here, "LVS_TIMEOUT="+insideLimit.String(), "LVS_ONLY="+only)
	// Its memory is a file in TMPDIR.
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "LD_PRELOAD="+filepath.Join(dir, "xstate.so"))
	// The processes of the machine are processes here. They are in a group of
	// their own, so that all of them end, and none but them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)

	closed, panicked := false, ""
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if m := closingLine.FindStringSubmatch(line); m != nil && !closed {
			closed = true
			passed, _ = strconv.Atoi(m[1])
			failed, _ = strconv.Atoi(m[2])
		}
		if strings.Contains(line, "Kernel panic") {
			panicked = line
		}
		if line != "" {
			fmt.Println(line)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Log(err)
			}
			break
		}
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		t.Fatalf("the machine did not end within %s", bootLimit)
	case panicked != "":
		t.Fatal("the machine: ", panicked)
	case !closed:
		t.Fatalf("the machine ended without its closing line: %v", err)
	}
	return passed, failed
}

// closing is the last line of a machine that did all its work.
func closing(passed, failed int, took time.Duration) string {
	return fmt.Sprintf("lvs: %d passed, %d failed, in %.0f s", passed, failed, took.Seconds())
}

var closingLine = regexp.MustCompile(`^lvs: (\d+) passed, (\d+) failed, `)
