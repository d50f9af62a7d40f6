package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
)

func TestComplete(t *testing.T) {
	in := []diagnose.Result{{Hosts: []diagnose.Host{{}}, Findings: []diagnose.Finding{{}}}}
	text, err := json.Marshal(Complete(in))
	if err != nil || strings.Contains(strings.ReplaceAll(string(text), `_ms":null`, ""), "null") || in[0].Hosts[0].IPs != nil {
		t.Errorf("%v: %s", err, text)
	}
	if none := Complete(nil); none == nil || len(none) > 0 {
		t.Errorf("of nothing it makes %#v", none)
	}
}
