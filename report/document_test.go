package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/arpcheck/arpcheck/diagnose"
)

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		name    string
		results []diagnose.Verdict
		want    diagnose.Verdict
		exit    int
	}{
		{"no results", nil, diagnose.Inconclusive, 3},
		{"one pass", []diagnose.Verdict{diagnose.Pass}, diagnose.Pass, 0},
		{"pass and inconclusive", []diagnose.Verdict{diagnose.Pass, diagnose.Inconclusive}, diagnose.Inconclusive, 3},
		{"fail beats inconclusive", []diagnose.Verdict{diagnose.Inconclusive, diagnose.Fail, diagnose.Pass}, diagnose.Fail, 1},
		{"no verdict is no pass", []diagnose.Verdict{diagnose.Pass, ""}, diagnose.Inconclusive, 3},
		{"skipped is no pass", []diagnose.Verdict{diagnose.Skipped}, diagnose.Inconclusive, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var results []diagnose.Result
			for _, v := range tt.results {
				results = append(results, diagnose.Result{Verdict: v})
			}
			d := document(results...)
			if d.Verdict != tt.want || d.ExitCode() != tt.exit {
				t.Errorf("got %s, exit %d; want %s, exit %d", d.Verdict, d.ExitCode(), tt.want, tt.exit)
			}
		})
	}
}

// Scripts go over lists without asking whether they are there.
func TestEmptyListsAreNotNull(t *testing.T) {
	results := []diagnose.Result{{
		Verdict: diagnose.Pass, Hosts: []diagnose.Host{{}}, Findings: []diagnose.Finding{{}},
	}}
	got := string(render(t, "json", document(results...), Options{}))
	// A host that never answered has no latency: that null means something.
	if n := strings.Count(got, "null"); n != 1 || !strings.Contains(got, `"first_reply_ms": null`) {
		t.Errorf("null where there should be [] or {}:\n%s", got)
	}
	if results[0].VLAN != nil || results[0].Hosts[0].IPs != nil || results[0].Findings[0].Fix != nil {
		t.Error("New changed the results that it was given")
	}
	if got := string(render(t, "json", document(), Options{})); !strings.Contains(got, `"results": []`) {
		t.Errorf("no results:\n%s", got)
	}
}

func TestJSONGolden(t *testing.T) {
	golden(t, "leak.json", render(t, "json", document(leaking()), Options{}))
}

// A saved result must give in every format what the run itself gave.
func TestRoundTrip(t *testing.T) {
	docs := examples()
	docs["verbose"] = verbose()
	// As a live run makes it: with a monotonic clock and a local time zone.
	live := document(leaking())
	now := time.Now().In(time.FixedZone("", 3600))
	live.Results[0].Findings[0].Evidence[0].Time = now.Add(123456 * time.Nanosecond)
	live.Results[0].Findings[0].Evidence[0].Text = "not UTF-8: \xff\xfe"
	docs["live"] = New("1.0.0", "check", now, 312400*time.Microsecond, live.Results)

	for name, d := range docs {
		saved := render(t, "json", d, Options{})
		read, err := Read(bytes.NewReader(saved))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, format := range Formats() {
			o := Options{Width: 100, Verbose: name == "verbose"}
			if diff := cmp.Diff(string(render(t, format, d, o)), string(render(t, format, read, o))); diff != "" {
				t.Errorf("%s as %s (-run +saved):\n%s", name, format, diff)
			}
		}
		if name == "live" {
			continue // its text is not UTF-8, and JSON must be
		}
		if diff := cmp.Diff(d, read, cmpopts.EquateComparable(vip)); diff != "" {
			t.Errorf("%s (-run +saved):\n%s", name, diff)
		}
	}
}

func TestCheckFormat(t *testing.T) {
	err := Write(&bytes.Buffer{}, "html", document(), Options{})
	if want := `no output format "html": there are text, json, markdown, junit and nagios`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, f := range Formats() {
		if err := CheckFormat(f, Formats()); err != nil {
			t.Error(err)
		}
	}
}
