package scenarios

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSpec bounds what is read of a file that may be none of ours.
const maxSpec = 1 << 20

// Load reads a scenario from a YAML file and checks all of it that can be
// checked without building the lab. The error is a [*SpecError] that names the
// first mistake and its place.
func Load(file string) (*Spec, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, file)
}

// Read does the same with what a reader gives. The file's name is for errors.
func Read(r io.Reader, file string) (*Spec, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSpec+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case len(data) > maxSpec:
		return nil, &SpecError{File: file, Message: "this is too long for a scenario, which has at most 1 MiB"}
	}
	s := &Spec{file: file, source: data, positions: map[string]position{}}
	in := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := in.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &SpecError{File: file, Line: 1, Column: 1, Message: "there is nothing in it: no scenario"}
	} else if err != nil {
		return nil, syntaxError(file, data, err)
	}
	d := &decoder{file: file, positions: s.positions, left: 10_000}
	if err := d.decode(doc.Content[0], reflect.ValueOf(s).Elem(), "", false); err != nil {
		return nil, err
	}
	if err := in.Decode(&more); err == nil {
		return nil, d.fail(&more, "", "a second document begins here: one file is one scenario")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(file, data, err)
	}
	return s, s.Validate()
}

//go:embed specs/*.yaml
var embedded embed.FS

//go:embed example.yaml
var example string

// Example is a scenario file that has every key, each with a comment.
func Example() string { return example }

// All gives the scenarios that are part of the program, in the order in which
// they build on each other.
func All() []*Spec {
	entries, err := embedded.ReadDir("specs")
	if err != nil {
		panic(err)
	}
	var all []*Spec
	for _, e := range entries {
		f, err := embedded.Open(path.Join("specs", e.Name()))
		if err != nil {
			panic(err)
		}
		s, err := Read(f, e.Name())
		if err != nil {
			panic(err) // a test loads them all
		}
		all = append(all, s)
	}
	return all
}

// ByName gives the scenario of that name that is part of the program, or nil.
func ByName(name string) *Spec {
	for _, s := range All() {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Source is the YAML text that the scenario was read from.
func (s *Spec) Source() string { return strings.TrimRight(string(s.source), "\n") + "\n" }

// File is the name of the file that the scenario was read from, if it was.
func (s *Spec) File() string { return s.file }
