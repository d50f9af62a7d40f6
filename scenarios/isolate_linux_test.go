package scenarios

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// helperMode makes this test binary, started by a test, do something else than
// testing: what a program does that calls Isolate.
const helperMode = "ARPCHECK_SCENARIOS_TEST_HELPER"

func helper(mode string) int {
	if mode == "keep" {
		// What `arpcheck scenario keep` does.
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
		defer stop()
		if err := Keep(ctx, os.Stdin, "x.yaml"); err != nil {
			return 2
		}
		return 0
	}
	if mode == "up" {
		return helpUp()
	}
	again, code, err := Isolate()
	if err != nil {
		fmt.Println("error:", errors.Is(err, os.ErrPermission), withHint(err))
		return 2
	}
	if again {
		return code
	}
	switch mode {
	case "run":
		// Says that it is in the middle of it, and does not come to the end.
		spec := *ByName("vrrp-failover")
		spec.Steps = []Step{{On: "d1", Await: ClassicVIP}, {On: "d1", Run: "echo; sleep 60 & touch \"$0\"; sleep 60"}}
		spec.Steps[1].Run = strings.ReplaceAll(spec.Steps[1].Run, "$0", os.Args[1])
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT)
		defer stop()
		fmt.Println(spec.Run(ctx).Err())
	case "ping":
		lab, err := Build(Classic(Server{Ignore: 1, Announce: 2}))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer lab.Close()
		if err := lab.Host("client").Ping(context.Background(), ClassicVIP); err != nil {
			fmt.Println(err)
			return 1
		}
		mac, _, err := lab.Host("client").Neighbour("eth1", ClassicVIP)
		fmt.Println(os.Getuid(), mac, err)
	case "lo":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			_, err = net.Dial("tcp", l.Addr().String())
		}
		fmt.Println(err)
	case "echo":
		io.Copy(os.Stdout, os.Stdin)
		fmt.Fprint(os.Stderr, os.Args[1:])
		return 42
	case "wait":
		c := make(chan os.Signal, 1)
		signal.Notify(c, unix.SIGTERM)
		fmt.Println(os.Getpid())
		fmt.Println(<-c)
		return 7
	case "die":
		unix.Kill(os.Getpid(), unix.SIGKILL)
		time.Sleep(time.Minute)
	}
	return 0
}

// helpUp has a lab stand, looks into it, and takes it down.
func helpUp() int {
	lab, err := up("classic")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if lab.Hosts[0].NetNS != "" {
		fmt.Println("an ordinary user's namespace has the name", lab.Hosts[0].NetNS)
	}
	out, err := exec.Command("sh", "-c", lab.Enter("client")+" ls /proc/sys/net/ipv4/conf | grep -v -e all -e default").CombinedOutput()
	fmt.Print(string(out))
	if err := errors.Join(err, lab.Down(context.Background())); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// asUser is this binary in helper mode, run by an ordinary user. It skips
// unless we are root in truth: if we are not, Main went that way already.
func asUser(t *testing.T, mode string, args ...string) *exec.Cmd {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || os.Geteuid() != 0 || len(strings.Fields(string(maps))) != 3 || strings.Fields(string(maps))[2] == "1" {
		t.Skip("not root: there is no other user to become")
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperMode+"="+mode)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	return cmd
}

// allowed skips the test where an ordinary user may have no user namespace.
func allowed(t *testing.T) {
	t.Helper()
	out, err := asUser(t, "nothing").CombinedOutput()
	if err != nil && strings.Contains(string(out), "error: true") && os.Getenv(NoSkip) == "" {
		t.Skipf("user namespaces are not allowed: %s", out)
	} else if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestIsolateBuildsALab(t *testing.T) {
	allowed(t)
	out, err := asUser(t, "ping").CombinedOutput()
	if want := fmt.Sprintln(0, macDirector, nil); err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if out, err = asUser(t, "lo").CombinedOutput(); err != nil || string(out) != "<nil>\n" {
		t.Errorf("lo: got %q, %v", out, err)
	}
}

func TestIsolatePassesAllThrough(t *testing.T) {
	allowed(t)
	cmd := asUser(t, "echo", "--vip", "a b")
	var out, errOut strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("input"), &out, &errOut
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 42 || out.String() != "input" || errOut.String() != "[--vip a b]" {
		t.Errorf("got %v, %q, %q", err, out.String(), errOut.String())
	}
	cmd = asUser(t, "die")
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != 128+9 {
		t.Errorf("killed by signal 9: got exit code %d, want 137", got)
	}
}

func TestIsolatePassesSignals(t *testing.T) {
	allowed(t)
	cmd, lines, child := startWaiting(t)
	if child == cmd.Process.Pid {
		t.Fatal("it did not run again")
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "terminated" {
		t.Errorf("got %q, want the signal's name", lines.Text())
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("got %v, want exit code 7", err)
	}
}

func TestIsolatedDiesWithItsParent(t *testing.T) {
	allowed(t)
	cmd, lines, child := startWaiting(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Its end of the pipe closes when it is gone.
	if lines.Scan() {
		t.Errorf("got %q from process %d, want its end", lines.Text(), child)
	}
	cmd.Wait()
}

// startWaiting starts the helper that waits for a signal, and gives the
// process id of the one that does the work.
func startWaiting(t *testing.T) (*exec.Cmd, *bufio.Scanner, int) {
	t.Helper()
	cmd := asUser(t, "wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	var child int
	if !lines.Scan() {
		t.Fatal("no output")
	}
	if _, err := fmt.Sscan(lines.Text(), &child); err != nil {
		t.Fatal(err)
	}
	return cmd, lines, child
}

// Where the kernel refuses, the error says what to do. A limit of zero user
// namespaces is a refusal that can be had without changing the machine: it is
// set in a user namespace, for those within it.
func TestIsolateRefused(t *testing.T) {
	allowed(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--map-root-user", "sh", "-c",
		`echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all "$0"`, self)
	cmd.Env = append(os.Environ(), helperMode+"=nothing")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Fatalf("got %v: %s", err, out)
	}
	for _, want := range []string{"error: true not allowed to make a user namespace", "sudo sysctl -w user.max_user_namespaces=10000"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("got %q, want %q in it", out, want)
		}
	}
}
