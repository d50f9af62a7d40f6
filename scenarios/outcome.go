package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// Status says how a scenario went.
type Status string

// The statuses.
const (
	Passed  Status = "pass"    // every check found what it had to
	Failed  Status = "fail"    // a check found something else, a command failed, an awaited address did not come
	Broken  Status = "error"   // it could not be done: the lab could not be built, a service ended by itself
	Skipped Status = "skipped" // a program is not installed, or namespaces are not allowed
)

// An Outcome is what became of one scenario.
type Outcome struct {
	Name   string        `json:"name"`
	About  string        `json:"about"`
	File   string        `json:"file"`
	Status Status        `json:"status"`
	Reason string        `json:"reason"` // why it is not a pass
	Hint   string        `json:"hint"`   // what to do about that, where it is known
	Took   time.Duration `json:"-"`
	Steps  []StepOutcome `json:"steps"` // those that were done

	// Line is where in the file the step is that Reason is about; 0: not known.
	Line int `json:"line"`
}

// A StepOutcome is what became of one step.
type StepOutcome struct {
	Number int           `json:"number"` // counted from 1
	Title  string        `json:"title"`
	Began  time.Time     `json:"-"`
	Took   time.Duration `json:"-"`
	Line   int           `json:"line"`  // where it is in the file; 0: not known
	Error  string        `json:"error"` // why it could not be done

	// Differences are where what happened is not what had to happen: what a
	// check found, or how a command ended.
	Differences []string `json:"differences"`

	Check   bool              `json:"check"`
	Results []diagnose.Result `json:"results"` // of a check: what it found

	// Names are what the scenario calls the hosts that it can have found, and
	// Differ the addresses whose results are what Differences are about.
	Names  map[evidence.MAC]string `json:"names,omitempty"`
	Differ []netip.Addr            `json:"-"`
}

// A failure is an error that says something about the lab, and not about
// whoever describes or runs it: what was done had another outcome than it should.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// Err is nil for a pass, and otherwise says all that went wrong.
func (o Outcome) Err() error {
	if o.Status == Passed {
		return nil
	}
	var lines []string
	for _, s := range o.Steps {
		for _, d := range s.Differences {
			lines = append(lines, fmt.Sprintf("step %d, %s: %s", s.Number, s.Title, d))
		}
		if s.Error != "" {
			lines = append(lines, fmt.Sprintf("step %d, %s: %s", s.Number, s.Title, s.Error))
		}
	}
	if lines == nil {
		lines = []string{o.Reason}
	}
	return errors.New(o.Name + ": " + strings.Join(lines, "\n"+o.Name+": "))
}

// finish sets what follows from the steps.
func (o *Outcome) finish() {
	o.Status = Passed
	for _, s := range o.Steps {
		switch {
		case s.Error != "":
			o.Status, o.Reason, o.Line = Broken, fmt.Sprintf("step %d: %s", s.Number, s.Error), s.Line
			return
		case len(s.Differences) > 0 && o.Status == Passed:
			o.Status, o.Reason, o.Line = Failed, fmt.Sprintf("step %d: %s", s.Number, s.Differences[0]), s.Line
			if n := len(s.Differences); n > 1 {
				o.Reason += fmt.Sprintf(" (and %d more)", n-1)
			}
		}
	}
}
