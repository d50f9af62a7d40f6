//go:build lvs

package lvs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kernelCases compare the model with this kernel, which is another one than
// that of the machine outside, and has links that others lack.
var kernelCases = []testCase{
	{"the model of the kernel is this kernel's", func(t *testing.T) { truth(t) }},
	{"on a VLAN, and with VIPs on a dummy interface", func(t *testing.T) { truth(t, "TRUTH_LINKS=1") }},
}

// truth walks a part of what TestTruth does, for a kernel in user mode takes its
// time.
func truth(t *testing.T, env ...string) {
	cmd := exec.Command(filepath.Join(os.Getenv("LVS_DIR"), "scenarios.test"), "-test.run=^TestTruth$", "-test.count=1", "-test.v")
	cmd.Dir = ".."
	cmd.Env = append(append(os.Environ(), "TRUTH_PART=400"), env...)
	out, err := cmd.CombinedOutput()
	text := string(out)
	if err != nil || strings.Contains(text, "--- SKIP") || !strings.Contains(text, "--- PASS: TestTruth ") {
		t.Fatalf("%v\n%s", err, text)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "truth: ") {
			t.Log(strings.TrimSpace(line))
		}
	}
}
