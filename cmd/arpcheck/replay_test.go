package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
)

const recordings = "../../testdata/pcaps"

// A replayed is what a run of the program has left.
type replayed struct {
	stdout, stderr string
	code           int
}

// arpcheckIn runs the program in a folder, for 80 columns and in UTC.
func arpcheckIn(t testing.TB, dir string, stdin io.Reader, args ...string) replayed {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	defer func() { time.Local = local }()
	t.Setenv("COLUMNS", "80")
	t.Chdir(dir)
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	stdout, stderr := open("stdout"), open("stderr")
	r := replayed{code: run(args, stdin, stdout, stderr)}
	for f, to := range map[*os.File]*string{stdout: &r.stdout, stderr: &r.stderr} {
		f.Close()
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		*to = string(text)
	}
	return r
}

// facts are what has to come out of a capture, whatever the words: the verdict
// and the findings that fail it, with whom they are about.
type facts struct {
	verdict  diagnose.Verdict
	findings string
}

func factsOf(t testing.TB, json string) facts {
	t.Helper()
	doc, err := report.Read(strings.NewReader(json))
	if err != nil {
		t.Fatalf("%v in\n%s", err, json)
	}
	var all []string
	for _, r := range doc.Results {
		for _, f := range r.Findings {
			if f.Severity == diagnose.Critical {
				about := fmt.Sprintf("%s %s", r.VIP, f.Code)
				if !f.MAC.IsZero() {
					about += " " + f.MAC.String()
				}
				all = append(all, about)
			}
		}
	}
	return facts{doc.Verdict, strings.Join(all, ", ")}
}

// Each capture of testdata/pcaps has its expected result beside it, as a
// session: the command, what it prints, and its exit code.
func TestRecorded(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(recordings, "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no expected results: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			command, _, _ := strings.Cut(string(text), "\n")
			words := strings.Fields(command)
			if len(words) < 3 || words[0] != "$" || words[1] != "arpcheck" {
				t.Fatalf("%s begins with %q, which is no command", name, command)
			}
			r := arpcheckIn(t, recordings, nil, append(words[2:], "-q")...)
			got := fmt.Sprintf("%s\n%s%s[exit code %d]\n", command, replayTook.ReplaceAllString(r.stdout, "took T"), r.stderr, r.code)
			if *updateRecorded {
				if err := os.WriteFile(filepath.Base(name), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-expected +got; if that is right: go test ./cmd/arpcheck -run TestRecorded -update-recorded\n%s", diff)
			}
		})
	}
}

var replayTook = regexp.MustCompile(`took\s+[\d.]+ m?s`)

// What each capture shows, by how it was recorded (record.sh): this has to hold
// whatever the report says it in.
func TestRecordedFacts(t *testing.T) {
	const (
		vip      = "192.168.1.99"
		director = "02:00:00:00:00:02"
		r1       = "02:00:00:00:00:03"
	)
	for _, tc := range []struct {
		args string
		want facts
	}{
		{"classic.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-reply-leak " + r1}},
		{"announce-leak.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-announce-leak " + r1}},
		{"gratuitous-leak.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-gratuitous-leak " + r1}},
		{"cooked.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-reply-leak " + r1}},
		{"cut.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-reply-leak " + r1}},
		{"wide-mask.pcap --vip " + vip + " --director " + director, facts{diagnose.Fail, vip + " vip-reply-leak " + r1}},
		{"spoofing.pcap --vip " + vip, facts{diagnose.Fail, vip + " arp-spoofing 02:00:00:00:00:04"}},
		{"healthy.pcap --vip " + vip + " --director " + director, facts{diagnose.Pass, ""}},
		{"healthy.pcap", facts{diagnose.Pass, ""}},
		{"duplicate.pcap", facts{diagnose.Fail, "192.168.1.50 vip-conflict"}},
		{"vlans.pcap", facts{diagnose.Fail, "10.0.0.99 vip-conflict"}},
		{"split-brain.pcap", facts{diagnose.Fail, vip + " vip-conflict"}},
	} {
		t.Run(tc.args, func(t *testing.T) {
			r := arpcheckIn(t, recordings, nil, append([]string{"replay", "-o", "json"}, strings.Fields(tc.args)...)...)
			if got := factsOf(t, r.stdout); got != tc.want {
				t.Errorf("%+v, want %+v\n%s", got, tc.want, r.stderr)
			}
		})
	}
}

// A file that was cut is no pass, whatever is left of it.
func TestRecordedCut(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(recordings, "healthy.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 17, 60} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cut.pcap"), whole[:len(whole)-n], 0o644); err != nil {
			t.Fatal(err)
		}
		r := arpcheckIn(t, dir, nil, "replay", "cut.pcap")
		if r.code != 3 || !strings.Contains(r.stdout, "damaged at byte ") {
			t.Errorf("cut by %d: exit code %d, want 3 and the place\n%s%s", n, r.code, r.stdout, r.stderr)
		}
	}
}

// A saved replay gives byte for byte what the run itself gave, in each format.
func TestReplayRoundTrip(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(recordings, "*.pcap"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			dir := t.TempDir()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "a.pcap"), data, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, flags := range [][]string{nil, {"-v", "--vip", "192.168.1.99"}} {
				args := append([]string{"replay", "a.pcap", "-q"}, flags...)
				for _, format := range report.Formats() {
					args = append(args, "-o", format+"="+format)
				}
				if ran := arpcheckIn(t, dir, nil, args...); ran.code > 3 || ran.stderr != "" {
					t.Fatalf("exit code %d: %s", ran.code, ran.stderr)
				}
				for _, format := range report.Formats() {
					again := []string{"report", "json", "-o", format}
					if flags != nil {
						again = append(again, "-v")
					}
					want, err := os.ReadFile(format)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(string(want), arpcheckIn(t, dir, nil, again...).stdout); diff != "" {
						t.Errorf("%s (-run +report): %s", format, diff)
					}
				}
			}
		})
	}
}

var updateRecorded = flag.Bool("update-recorded", false, "write fresh results into testdata/pcaps")
