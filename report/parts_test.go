package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

func TestExplain(t *testing.T) {
	r := diagnose.Result{Verdict: diagnose.Fail, Summary: "x", Findings: []diagnose.Finding{
		{Code: diagnose.CaptureLoss, Severity: diagnose.Info, Summary: "nothing much"},
		{Code: diagnose.SourceMismatch, Severity: diagnose.Warning, Summary: "odd"},
		{Code: diagnose.ReplyLeak, Severity: diagnose.Critical, Summary: "it\x1b answers", Fix: []string{"sysctl -w x=1"}, Causes: []string{"x is not set"}},
	}}
	text := Explain(r, time.Time{})
	at := 0
	for _, want := range []string{"x\n", "1. critical  vip-reply-leak", `it\x1b answers`, "sysctl -w x=1", "- x is not set", "2. warning  source-mismatch"} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("no %q there, in this order:\n%s", want, text)
		}
		at += i
	}
	if got := Ranked(r.Findings); len(got) != 2 || got[0].Code != diagnose.ReplyLeak || got[1].Code != diagnose.SourceMismatch {
		t.Errorf("got %v", got)
	}
}

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
