package main

import (
	"errors"
	"os"
	"slices"

	"github.com/arpcheck/arpcheck/scenarios"
)

// A candidate is a scenario that was asked for.
type candidate struct {
	*scenarios.Spec                   // nil: it is none
	none            scenarios.Outcome // then this is what became of it
}

// candidates are all of them. A file that is no scenario is an outcome as any other,
// so that the others are run all the same and no report of theirs is missing; a
// name that is none was mistyped.
func (o *scenarioRunOptions) candidates(args []string) (all []candidate, err error) {
	if len(args) == 0 && !o.all {
		return nil, withHint(errors.New("scenario run: which scenario?"), "arpcheck scenario run classic, or --all; arpcheck scenario list names them")
	}
	if o.all {
		for _, s := range scenarios.All() {
			all = append(all, candidate{Spec: s})
		}
	}
	for _, arg := range args {
		s, err := scenario(arg)
		if err != nil {
			none := scenarios.Outcome{Name: arg, File: arg, Status: scenarios.Broken, Reason: err.Error(), Hint: hint(err)}
			wrong, isWrong := errors.AsType[*scenarios.SpecError](err)
			if isWrong {
				none.Line = wrong.Line
			} else if _, serr := os.Stat(arg); serr != nil {
				return nil, err
			}
			all = append(all, candidate{none: none})
			continue
		}
		// A file of one's own may be called like one that is part of the program.
		if !slices.ContainsFunc(all, func(have candidate) bool {
			return have.Spec != nil && have.File() == s.File() && have.Source() == s.Source()
		}) {
			all = append(all, candidate{Spec: s})
		}
	}
	return all, nil
}

// work is how much there is to do.
func (s candidate) work() int {
	if s.Spec == nil {
		return 0
	}
	return len(s.Steps)
}
