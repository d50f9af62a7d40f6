package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service that is stopped gets the time to tidy up; one that is killed does not.
func TestStop(t *testing.T) {
	Need(t)
	for name, tc := range map[string]struct {
		run, how string
		tidied   bool
	}{
		"it tidies up":                     {"trap 'echo > FILE; exit' TERM; while :; do sleep 0.1; done", "stop", true},
		"its foreground command tidies up": {`sh -c "trap 'echo > FILE; exit' TERM; while :; do sleep 0.1; done"; echo no`, "stop", true},
		"what it has in the background":    {`sh -c "trap 'sleep 0.2; echo > FILE; exit' TERM; while :; do sleep 0.1; done" & wait`, "stop", true},
		"it does nothing about signals":    {"sleep 60; echo > FILE; sleep 60", "stop", false},
		"it is killed":                     {"trap 'echo > FILE; exit' TERM; while :; do sleep 0.1; done", "kill", false},
	} {
		file := filepath.Join(t.TempDir(), "tidied")
		run := strings.NewReplacer("FILE", file, "\n", " ").Replace(tc.run)
		s := edited(t, "    lo: [192.168.1.99/32]\n", fmt.Sprintf("    lo: [192.168.1.99/32]\n    services: [{name: web, run: %q}]\n", run),
			"steps:\n", "steps:\n  - pause: 200ms\n  - on: r1\n    "+tc.how+": web\n")
		s.Steps = s.Steps[:2]
		o := s.Run(t.Context())
		if err := o.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(file); (err == nil) != tc.tidied {
			t.Errorf("%s: that it tidied up is %t, want %t", name, err == nil, tc.tidied)
		}
		if took := o.Steps[1].Took; took > grace {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}
