package capture

import (
	"testing"
	"time"
)

// Whatever is done to the wall clock between two frames, the time between them
// is what it was. The kernel's times are of the wall clock alone, as if read
// from it; here it is set at will, which on a real machine nobody should.
func TestClockIsSet(t *testing.T) {
	now := time.Now()
	wall := now.Round(0)
	for _, tc := range []struct {
		name string
		told time.Time // by the kernel
		want time.Duration
	}{
		{"nothing was set", wall.Add(-3 * time.Millisecond), -3 * time.Millisecond},
		{"it waited in the queue", wall.Add(-2 * time.Second), -2 * time.Second},
		{"set back by an hour after it came", wall.Add(time.Hour), 0},
		{"set back by a second after it came", wall.Add(time.Second - time.Millisecond), 0},
		{"set forward by an hour after it came", wall.Add(-time.Hour), 0},
		{"no clock at all", time.Unix(0, 0), 0},
	} {
		got := onMonotonic(tc.told, now)
		if d := got.Sub(now); d != tc.want { // with both readings Sub takes the monotonic ones
			t.Errorf("%s: %v, want %v", tc.name, d, tc.want)
		}
		if later := now.Add(time.Second); later.Sub(got) != time.Second-tc.want {
			t.Errorf("%s: a second later it is %v old", tc.name, later.Sub(got))
		}
	}
}

// What Live gives has its place on the monotonic clock: only such a time prints
// it ("m=+0.01").
func TestLiveTimesAreMonotonic(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	c.send(t, reply)
	rec, err := l.Next(time.Now().Add(5 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Time == rec.Time.Round(0) { // the readings are what is compared
		t.Errorf("%v is of the wall clock alone", rec.Time)
	}
}
