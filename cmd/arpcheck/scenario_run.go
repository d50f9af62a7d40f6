package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/scenarios"
)

// scenarioRunOptions are the flags of scenario run.
type scenarioRunOptions struct {
	all    bool
	jobs   int
	quiet  bool
	github bool
	render renderOptions
}

// perCore is how many scenarios one core can carry: mostly they wait for
// answers that may still come.
const perCore = 4

func (a *app) scenarioRunCommand() *cobra.Command {
	var o scenarioRunOptions
	cmd := &cobra.Command{
		Use:   "run NAME or FILE ... | --all",
		Short: "Builds labs, makes checks in them and compares what they find",
		Long: `Builds the lab of each scenario, does its steps, and compares what the checks
find with what they have to find. Several go on at once. Nothing stays behind.

Exit codes: 0 all found what they had to, 1 one did not or a command in it failed,
2 one could not be done, 3 one that was named had to be skipped (with --all: all of
them; or any, where ARPCHECK_NO_SKIP is set).`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     completeScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runScenarios(cmd.Context(), &o, args)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVar(&o.all, "all", false, "run every scenario that is part of the program")
	number(fs, &o.jobs, "jobs", "j", "run at most `N` at once", perCore*runtime.NumCPU(), 1000)
	o.render.registerOutput(cmd, scenarioFormats())
	o.render.registerColor(cmd)
	fs.BoolVar(&o.github, "github", false, "annotate the files of scenarios that fail, as GitHub Actions reads it from standard error")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "no progress: the result alone")
	return cmd
}

// leftStanding is said when a command that builds labs has to end at once.
const leftStanding = "ended without taking down what it has built; arpcheck scenario down --all finds what is left"

func (a *app) runScenarios(ctx context.Context, o *scenarioRunOptions, args []string) error {
	specs, err := o.candidates(args)
	if err != nil {
		return err
	}
	if err := o.render.validate(); err != nil {
		return err
	}
	again, code, err := scenarios.Isolate()
	if again {
		a.code = code
		return nil
	}
	if err != nil {
		return err
	}
	files, err := openOutputs(o.render.outputs)
	if err != nil {
		return err
	}
	defer files.discard()
	ctx, stop := interruptible(ctx, a.stderr, leftStanding)
	defer stop()

	started := time.Now()
	r := newScenarioReport(started, a.runAll(ctx, o, specs))
	a.code = r.exitCode(o.all)
	if o.github {
		fmt.Fprint(a.stderr, r.annotations())
	}
	return a.render(&o.render, files, r.write)
}

// runAll runs the scenarios, several at once, and gives the outcomes in the
// order in which they were asked for.
func (a *app) runAll(ctx context.Context, o *scenarioRunOptions, specs []candidate) []scenarios.Outcome {
	outcomes := make([]scenarios.Outcome, len(specs))
	board := newBoard(a, o.quiet, len(specs))
	defer board.close()
	// Those with the most to do first, so that none of them is left over.
	order := make([]int, len(specs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(specs[j].work(), specs[i].work()) })
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(o.jobs, len(specs)) {
		wg.Go(func() {
			for i := range next {
				if specs[i].Spec == nil {
					outcomes[i] = specs[i].none
					continue
				}
				board.begins(specs[i].Name)
				outcomes[i] = specs[i].Run(ctx)
				board.ends(specs[i].Name)
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	wg.Wait()
	return outcomes
}

// A board shows on a terminal what goes on.
type board struct {
	a     *app
	quiet bool
	total int

	mu    sync.Mutex
	done  int
	now   []string
	erase func()
}

func newBoard(a *app, quiet bool, total int) *board {
	return &board{a: a, quiet: quiet, total: total, erase: func() {}}
}

func (b *board) begins(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = append(b.now, name)
	b.show()
}

func (b *board) ends(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	b.now = slices.DeleteFunc(b.now, func(s string) bool { return s == name })
	b.show()
}

func (b *board) show() {
	b.erase()
	b.erase = func() {}
	if !b.quiet && b.done < b.total {
		b.erase = progress(b.a.stderr, fmt.Sprintf("%d of %d done, now %s;", b.done, b.total, strings.Join(b.now, ", ")))
	}
}

func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	b.erase = func() {}
}
