package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// What was typed, or read from a file, neither breaks the line nor reaches the
// terminal as an escape.
func TestPrintError(t *testing.T) {
	var out strings.Builder
	printError(&out, withHint(errors.New("bad\nvalue \x1b[31mred\u202e"), "try\tagain\n"))
	if want := "arpcheck: bad value \ufffd[31mred\ufffd\nhint: try again\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestParseWait(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"2": 2 * time.Second, "0.25": 250 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "300ms": 300 * time.Millisecond, "1h": time.Hour,
	} {
		if got, err := parseWait(s); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", s, got, err, want)
		}
	}
}

func TestParseHost(t *testing.T) {
	for s, want := range map[string]string{
		"192.168.1.10":                   "192.168.1.10",
		"02-00-5E-10-00-01":              "02:00:5e:10:00:01",
		"0200.5e10.0001":                 "02:00:5e:10:00:01",
		"192.168.1.10=02:00:5e:10:00:01": "192.168.1.10=02:00:5e:10:00:01",
	} {
		if h, err := parseHost(s); err != nil || text(h) != want {
			t.Errorf("%s: %s, %v; want %s", s, text(h), err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"check", "completion", "report", "version", "vip", "rs"}
	for wrong, want := range map[string]string{
		"chekc": "check", "chec": "check", "comp": "completion", "reports": "report", "vips": "vip",
		"x": "", "": "", "frobnicate": "", "rsx": "rs", "zz": "",
	} {
		if got := nearest(wrong, known); got != want {
			t.Errorf("%q: %q, want %q", wrong, got, want)
		}
	}
}
