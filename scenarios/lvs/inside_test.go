//go:build lvs

package lvs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// A testCase is one thing to be proven inside of the machine.
type testCase struct {
	name string
	run  func(t *testing.T)
}

// cases are all of them, in their order.
var cases = slices.Concat(clusterCases, keepalivedCases, linkCases, bondCases, kernelCases)

// inside reports whether this is the machine.
func inside() bool {
	info, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && bytes.Contains(info, []byte("User Mode Linux"))
}

func TestMain(m *testing.M) {
	if inside() && os.Getenv("LVS_DO") == "poweroff" {
		unix.Sync()
		err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) // does not return
		fmt.Fprintln(os.Stderr, "power off:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestInside runs the cases; it is what the machine is booted for.
func TestInside(t *testing.T) {
	if !inside() {
		t.Skip("TestMachine runs it inside of the machine")
	}
	start := time.Now()
	passed, failed := 0, 0
	for _, c := range cases {
		ran := false // LVS_ONLY can leave it out
		switch ok := t.Run(c.name, func(t *testing.T) { ran = true; c.run(t) }); {
		case !ok:
			failed++
		case ran:
			passed++
		}
	}
	fmt.Println(closing(passed, failed, time.Since(start)))
}

// on runs a command on a host and returns what it printed.
func on(t *testing.T, h *scenarios.Host, command string) string {
	t.Helper()
	var out []byte
	err := h.Do(func() (err error) {
		out, err = exec.Command("sh", "-ec", command).CombinedOutput()
		return err
	})
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.Name, command, err, out)
	}
	return string(out)
}

// A verdict is what a check said, and how to look at it.
type verdict struct {
	t    *testing.T
	code int
	diagnose.Result
	text string
}

// check runs arpcheck on a host, to its end, and returns its verdict.
func check(t *testing.T, h *scenarios.Host, args ...string) *verdict {
	t.Helper()
	return begin(t, h, args...)()
}

// begin starts arpcheck on a host; what it returns waits for the verdict.
func begin(t *testing.T, h *scenarios.Host, args ...string) func() *verdict {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(filepath.Join(os.Getenv("LVS_DIR"), "arpcheck"), append([]string{"--vip", vip.String(), "-o", "json", "-q"}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := h.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	return func() *verdict {
		t.Helper()
		v := &verdict{t: t}
		if err := cmd.Wait(); err != nil {
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok {
				t.Fatal(err)
			}
			v.code = exit.ExitCode()
		}
		doc, err := report.Read(&stdout)
		if err != nil || len(doc.Results) != 1 {
			t.Fatalf("%s: exit code %d, %d results, %v\n%s", strings.Join(cmd.Args, " "), v.code, len(doc.Results), err, &stderr)
		}
		v.Result = doc.Results[0]
		var text strings.Builder
		if err := report.Write(&text, "text", doc, report.Options{Width: 120}); err != nil {
			t.Fatal(err)
		}
		v.text = strings.Join(cmd.Args[1:], " ") + "\n" + text.String()
		return v
	}
}

// wants compares the exit code and the findings, each as its code and the first
// address of its host.
func (v *verdict) wants(code int, findings ...string) {
	v.t.Helper()
	got := []string{}
	for _, f := range v.Findings {
		text := string(f.Code)
		if len(f.IPs) > 0 {
			text += " " + f.IPs[0].String()
		}
		got = append(got, text)
	}
	slices.Sort(got)
	slices.Sort(findings)
	if v.code != code || !slices.Equal(got, findings) {
		v.t.Errorf("exit code %d, want %d; findings %q, want %q\n%s", v.code, code, got, findings, v.text)
	}
}

// role wants a host to be known in that role, for a reason with those words.
func (v *verdict) role(h *scenarios.Host, role diagnose.Role, reason string) {
	v.t.Helper()
	mac := macOf(v.t, h)
	for i := range v.Hosts {
		if got := &v.Hosts[i]; got.MAC == mac {
			if got.Role != role || !strings.Contains(got.RoleReason, reason) {
				v.t.Errorf("%s is %s (%s), want %s (%s)\n%s", h.Name, got.Role, got.RoleReason, role, reason, v.text)
			}
			return
		}
	}
	v.t.Errorf("%s (%s) is not in sight\n%s", h.Name, mac, v.text)
}

// macOf reads the MAC address of a host's eth1.
func macOf(t *testing.T, h *scenarios.Host) evidence.MAC {
	t.Helper()
	mac, err := evidence.ParseMAC(strings.TrimSpace(on(t, h, "ip -br link show eth1 | awk '{ print $3 }'")))
	if err != nil {
		t.Fatal(err)
	}
	return mac
}
