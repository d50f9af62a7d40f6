package scenarios

import "testing"

// What could not be done is told beside what was found before.
func TestOutcomeErr(t *testing.T) {
	o := Outcome{Name: "x", Steps: []StepOutcome{{Number: 1, Title: "check", Differences: []string{"a", "b"}}, {Number: 2, Title: "r1: y", Error: "c"}}}
	o.finish()
	const want = "x: step 1, check: a\nx: step 1, check: b\nx: step 2, r1: y: c"
	if err := o.Err(); o.Status != Broken || err == nil || err.Error() != want {
		t.Errorf("got %s, %v\nwant %s", o.Status, err, want)
	}
	if err := (Outcome{Name: "x", Status: Skipped, Reason: "why"}).Err(); err == nil || err.Error() != "x: why" {
		t.Errorf("got %v", err)
	}
}
