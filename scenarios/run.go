package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// Run builds the lab, does the steps, and takes everything down again. It goes
// on after a check that found something else than expected, and ends with the
// first command that failed or step that could not be done.
func (s *Spec) Run(ctx context.Context) Outcome {
	started := time.Now()
	o := Outcome{Name: s.Name, About: s.About, File: s.file, Steps: []StepOutcome{}}
	if err := ctx.Err(); err != nil { // not even a lab, which would be gone at once
		o.Status, o.Reason = Broken, interruption(err).Error()
		return o
	}
	lab, err := s.build()
	switch missing := (*MissingError)(nil); {
	case errors.As(err, &missing) || err != nil && cannot(err):
		o.Status, o.Reason, o.Hint = Skipped, err.Error(), hint(err)
	case err != nil:
		o.Status, o.Reason, o.Hint = Broken, err.Error(), hint(err)
		if wrong, ok := errors.AsType[*SpecError](err); ok {
			o.Line = wrong.Line
		}
	default:
		r := &run{s, lab}
		o.Steps = r.all(ctx)
		o.finish()
		if err := lab.Close(); err != nil && o.Status == Passed {
			o.Status, o.Reason = Broken, "take the lab down: "+err.Error()
		}
	}
	o.Took = time.Since(started)
	return o
}

// a run is a scenario that is going on.
type run struct {
	spec *Spec
	lab  *Lab
}

func (r *run) all(ctx context.Context) (done []StepOutcome) {
	for i := range r.spec.Steps {
		s := &r.spec.Steps[i]
		o := StepOutcome{Began: time.Now(), Number: i + 1, Title: s.Describe(), Check: s.Check != nil, Line: r.spec.positions[fmt.Sprintf("steps[%d]", i)].line}
		err := ctx.Err()
		switch {
		case err != nil:
		case s.Check != nil:
			err = r.check(ctx, s.Check, &o)
			if err == nil {
				err = ctx.Err() // it was cut short
			}
		default:
			err = r.step(ctx, s)
		}
		err = r.withLost(ctx, err)
		o.Took = time.Since(o.Began)
		if f, ok := err.(failure); ok { // with a service that has ended it is none: that may be why
			o.Differences = append(o.Differences, f.Error())
		} else if err != nil {
			o.Error = interruption(err).Error()
		}
		done = append(done, o)
		if err != nil {
			break
		}
	}
	return done
}

// interruption words the end of a context for people; other errors stay as they are.
func interruption(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	return err
}

// withLost adds to what went wrong in a step, if anything did, the services that
// have ended meanwhile: their end may be why.
func (r *run) withLost(ctx context.Context, err error) error {
	lost := r.lab.lost()
	switch {
	case lost == nil || ctx.Err() != nil:
		return err
	case err == nil:
		return lost
	}
	return fmt.Errorf("%w; %w", err, lost)
}

// step does what is not a check.
func (r *run) step(ctx context.Context, s *Step) error {
	if s.Pause > 0 {
		return pause(ctx, time.Duration(s.Pause))
	}
	h, m := r.lab.Host(s.On), r.spec.member(s.On)
	switch {
	case s.Run != "":
		return h.shell(ctx, s.Run, time.Duration(cmp.Or(s.Timeout, Duration(time.Minute))))
	case s.Sysctls != nil:
		for _, key := range slices.Sorted(maps.Keys(s.Sysctls)) {
			if err := h.Sysctl(key, s.Sysctls[key]); err != nil {
				return fmt.Errorf("host %s: %w", h.Name, err)
			}
		}
	case s.Add != nil:
		return h.AddAddress(s.Add.Interface, s.Add.AddressSpec)
	case s.Remove != nil:
		return h.DelAddress(s.Remove.Interface, s.Remove.AddressSpec)
	case s.Down == everything:
		return r.crash(h, m)
	case s.Up == everything:
		return r.boot(h, m)
	case s.Down != "":
		return h.SetUp(s.Down, false)
	case s.Up != "":
		return h.SetUp(s.Up, true)
	case s.Forget != "":
		return h.FlushNeighbours(s.Forget)
	case s.Announce != nil:
		return h.announce(s.Announce.Interface, s.Announce.Address)
	case s.Await.IsValid():
		return r.await(ctx, h, s)
	case s.Start != "":
		return r.lab.start(h, *m.service(s.Start))
	case s.Stop != "":
		return r.lab.stop(ctx, h.Name, s.Stop)
	case s.Kill != "":
		return r.lab.kill(h.Name, s.Kill)
	}
	return nil
}

// crash takes a host down as a power cut does: nothing says goodbye.
func (r *run) crash(h *Host, m *Member) error {
	for _, ifc := range m.Interfaces {
		if ifc.Kind == Ethernet {
			if err := h.SetUp(ifc.Name, false); err != nil {
				return err
			}
		}
	}
	for i := range m.Services {
		if err := r.lab.kill(m.Name, m.Services[i].name()); err != nil {
			return err
		}
	}
	return nil
}

// boot takes it up again; the routes that went with the interfaces come back.
func (r *run) boot(h *Host, m *Member) error {
	for _, ifc := range m.Interfaces {
		if ifc.Kind == Ethernet {
			if err := h.SetUp(ifc.Name, true); err != nil {
				return err
			}
		}
	}
	for _, route := range m.Routes {
		if err := h.AddRoute(route); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return m.start(r.lab)
}

func (r *run) await(ctx context.Context, h *Host, s *Step) error {
	patience := time.Duration(cmp.Or(s.Timeout, Duration(10*time.Second)))
	for started := time.Now(); ; {
		has, err := h.has(s.Await)
		switch {
		case err != nil || has:
			return err
		case time.Since(started) > patience:
			return failure{fmt.Errorf("host %s has no address %s after %s", h.Name, s.Await, patience)}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
