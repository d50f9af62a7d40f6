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
// that of the machine outside.
var kernelCases = []testCase{
	{"the model of the kernel is this kernel's", func(t *testing.T) {
		cmd := exec.Command(filepath.Join(os.Getenv("LVS_DIR"), "scenarios.test"), "-test.run=^TestTruth$", "-test.count=1", "-test.v")
		cmd.Dir = ".."
		out, err := cmd.CombinedOutput()
		text := string(out)
		if err != nil || strings.Contains(text, "--- SKIP") || !strings.Contains(text, "--- PASS: TestTruth ") {
			t.Fatalf("%v\n%s", err, text)
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, "reactions compared") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}},
}
