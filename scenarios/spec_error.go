package scenarios

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A position is a place in a YAML file, counted from 1.
type position struct{ line, column int }

// A SpecError is the first thing that is wrong with a scenario.
type SpecError struct {
	File         string // empty: the scenario was made in Go
	Line, Column int    // 0: not known
	Path         string // such as hosts[0].interfaces[1].segment
	Message      string
}

func (e *SpecError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	case e.File != "":
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("scenario: %s: %s", e.Path, e.Message)
}

// lineOf is how the yaml package says where a file is not YAML: it knows no column.
var lineOf = regexp.MustCompile(`^yaml: line (\d+): (.*)`)

// syntaxError gives the yaml package's error its place, as far as it is known.
func syntaxError(file string, data []byte, err error) error {
	e := &SpecError{File: file, Line: 1, Column: 1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	if lines := bytes.Split(data, []byte("\n")); e.Line >= 1 && e.Line <= len(lines) {
		line := lines[e.Line-1]
		e.Column += len(line) - len(bytes.TrimLeft(line, " \t"))
	}
	e.Message = "this is not YAML: " + e.Message
	return e
}
