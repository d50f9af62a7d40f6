package scenarios

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A difference says which address it is about, and what to write about a host
// that a check cannot say anything about.
func TestCompare(t *testing.T) {
	a, b := netip.MustParseAddr("10.20.0.1"), netip.MustParseAddr("10.20.0.2")
	results := []diagnose.Result{{VIP: a, Verdict: diagnose.Pass}, {VIP: b, Verdict: diagnose.Fail, Summary: "it leaks"}}
	want := []Expectation{{Verdict: diagnose.Pass}, {VIP: b, Verdict: diagnose.Pass, Hosts: map[string]HostExpectation{"lb2": {Holds: diagnose.No}}}}
	diffs, of := comparison{}.all(want, results)
	if len(diffs) != 2 || diffs[0] != "10.20.0.2: verdict fail, want pass: it leaks" ||
		!strings.HasPrefix(diffs[1], "10.20.0.2: lb2: the check says nothing about this host") || !strings.Contains(diffs[1], `write "findings: []" about it`) {
		t.Errorf("got %q", diffs)
	}
	if !slices.Equal(of, []netip.Addr{b}) {
		t.Errorf("they are about %v", of)
	}
	// And what it says to write is right.
	want[1] = Expectation{VIP: b, Verdict: diagnose.Fail, Hosts: map[string]HostExpectation{"lb2": {Findings: []diagnose.Code{}}}}
	if diffs, _ := (comparison{}).all(want, results); diffs != nil {
		t.Errorf("got %q", diffs)
	}
}
