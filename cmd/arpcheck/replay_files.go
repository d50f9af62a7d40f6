package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/evidence"
)

// sources finds the captures, each of which is read once.
func (a *app) sources(names []string) ([]capture.Source, error) {
	var sources []capture.Source
	var infos []os.FileInfo
	for _, name := range names {
		if name == "-" {
			if err := a.piped(sources); err != nil {
				return nil, err
			}
			sources = append(sources, capture.Source{Name: evidence.StandardInput, Stream: a.stdin})
			continue
		}
		info, err := os.Stat(name)
		switch {
		case name == "":
			return nil, withHint(errors.New("the name of a capture is empty"), "arpcheck replay capture.pcap, or - for standard input")
		case errors.Is(err, os.ErrNotExist):
			return nil, withHint(fmt.Errorf("no such file: %s", name), "arpcheck replay takes captures; tcpdump -i eth1 -w %s arp or icmp makes one", name)
		case err != nil:
			return nil, withHint(fmt.Errorf("cannot read %s: %w", name, reason(err)), "name a capture that you may read")
		case info.IsDir():
			return nil, withHint(fmt.Errorf("%s is a folder", name), "name the captures in it: arpcheck replay %s", filepath.Join(name, "*.pcap"))
		}
		for i, other := range infos {
			if os.SameFile(info, other) {
				return nil, withHint(fmt.Errorf("%s is given twice (%s)", name, names[i]), "name each capture once: its frames would count twice")
			}
		}
		infos = append(infos, info)
		sources = append(sources, capture.Source{Name: name})
	}
	return sources, nil
}

// piped sees to it that standard input is a capture, and is read once.
func (a *app) piped(before []capture.Source) error {
	for _, s := range before {
		if s.Stream != nil {
			return withHint(errors.New("standard input is given twice"), "give - once")
		}
	}
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return withHint(errors.New("standard input is a terminal, and no capture"), "tcpdump -i eth1 -w - arp or icmp | arpcheck replay -")
	}
	return nil
}

// validateOverwrite sees to it that no result is written over a capture.
func validateOverwrite(outputs []output, captures []string) error {
	for _, out := range outputs {
		if out.file != "" && among(out.file, captures) {
			return withHint(fmt.Errorf("--output: %s is the capture that is read", out.file), "give the result a file of its own")
		}
	}
	return nil
}

// among reports whether a file is one of the others, under whatever name.
func among(name string, others []string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	for _, other := range others {
		if o, err := os.Stat(other); err == nil && os.SameFile(info, o) {
			return true
		}
	}
	return false
}
