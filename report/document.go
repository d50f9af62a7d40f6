package report

import (
	"math"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// Schema is the schema that New writes and the only one that Read accepts.
const Schema = "arpcheck/v1"

// A Document is all that one run has to say; its JSON form is the schema
// arpcheck/v1. Documents come from New or Read, which see to it that there is
// a verdict and that JSON has [] and {} where a list or a map is empty.
type Document struct {
	Schema     string            `json:"schema"`
	Version    string            `json:"version"` // of the program
	Command    string            `json:"command"` // check, replay or inspect
	Started    time.Time         `json:"started"`
	DurationMS float64           `json:"duration_ms"`
	Verdict    diagnose.Verdict  `json:"verdict"` // the worst of the results
	Results    []diagnose.Result `json:"results"`
}

// New makes the document of a run that began at started and took that long.
// Its verdict is the worst of the results, and inconclusive without any. The
// results are not changed: what New has to complete it copies first.
func New(version, command string, started time.Time, took time.Duration, results []diagnose.Result) Document {
	d := Document{
		Schema:  Schema,
		Version: version,
		Command: command,
		// Without the monotonic clock, which JSON loses: offsets would
		// differ between the run and its saved result.
		Started:    started.Round(0),
		DurationMS: math.Round(float64(took)/float64(time.Microsecond)) / 1000,
		Verdict:    worst(results),
		Results:    slices.Clone(results),
	}
	d.complete()
	return d
}

// ExitCode is the exit code that the verdict stands for: 0 pass, 1 fail,
// 3 inconclusive. Anything that is not clearly a pass or a fail is 3.
func (d Document) ExitCode() int {
	switch d.Verdict {
	case diagnose.Pass:
		return 0
	case diagnose.Fail:
		return 1
	}
	return 3
}

// worst is the verdict of a run with these results. A result without a usable
// verdict decided nothing.
func worst(results []diagnose.Result) diagnose.Verdict {
	if len(results) == 0 {
		return diagnose.Inconclusive
	}
	v := diagnose.Pass
	for i := range results {
		if !known(results[i].Verdict) {
			v = v.Worse(diagnose.Inconclusive)
		}
		v = v.Worse(results[i].Verdict)
	}
	return v
}

// known reports whether v can be the verdict of a result.
func known(v diagnose.Verdict) bool {
	return v == diagnose.Pass || v == diagnose.Fail || v == diagnose.Inconclusive
}

// complete makes every nil list and map an empty one, in copies of the slices
// that hold them.
func (d *Document) complete() {
	fill(&d.Results)
	for i := range d.Results {
		r := &d.Results[i]
		fill(&r.VLAN)
		r.Hosts, r.Findings = slices.Clone(r.Hosts), slices.Clone(r.Findings)
		fill(&r.Hosts)
		fill(&r.Findings)
		for j := range r.Hosts {
			h := &r.Hosts[j]
			fill(&h.IPs)
			fill(&h.ARPIgnore)
			fill(&h.ARPAnnounce)
			fill(&h.Causes)
		}
		r.Interfaces = slices.Clone(r.Interfaces)
		for j := range r.Interfaces {
			fill(&r.Interfaces[j].Addresses)
		}
		for j := range r.Findings {
			f := &r.Findings[j]
			fill(&f.IPs)
			fill(&f.Fix)
			fill(&f.Evidence)
		}
		if r.Capture.Ignored == nil {
			r.Capture.Ignored = map[evidence.Reason]uint64{}
		}
	}
}

// fill makes a nil list an empty one.
func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
