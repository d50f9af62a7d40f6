package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// licences are told by what only their texts say.
var licences = []struct{ name, says string }{
	{"Apache-2.0", "Apache License"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"BSD-3-Clause", "Neither the name of"},
}

// TestLicences compares docs/licences.md with the modules that are in the
// program; -update writes it. A licence that is not known here fails: somebody
// has to read it first.
func TestLicences(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOFLAGS=-mod=mod -buildvcs=false", "GOPROXY=off")
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no go command with the modules at hand: %v", err)
	}
	modules := strings.Split(strings.TrimSpace(string(out)), "\n")
	modules = slices.DeleteFunc(modules, func(line string) bool { return line == "" })
	slices.Sort(modules)
	var text bytes.Buffer
	text.WriteString("# Licences\n\nWhat is in the program for Linux besides its own code and Go's standard library\n" +
		"(BSD-3-Clause), each with the notices of its copyright. Generated from the modules\nthemselves: `go test -run TestLicences ./cmd/arpcheck -update`.\n\n" +
		"| module | version | licence | copyright |\n|---|---|---|---|\n")
	for _, line := range slices.Compact(modules) {
		module := strings.Split(line, "\t")
		name, notices := licence(t, module[0], module[2])
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", module[0], module[1], name, strings.Join(notices, "; "))
	}
	file := filepath.Join("..", "..", "docs", "licences.md")
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(have, text.Bytes()) {
		t.Errorf("docs/licences.md is not what the modules say (%v); go test -run TestLicences ./cmd/arpcheck -update", err)
	}
}

var copyright = regexp.MustCompile(`(?im)^[\s#*]*(copyright (\(c\)|\d{4}).*?)\.?\s*$`)

// licence reads the licence of a module, and whose copyright it names.
func licence(t *testing.T, module, dir string) (name string, notices []string) {
	files, _ := filepath.Glob(filepath.Join(dir, "LICENSE*"))
	if len(files) == 0 {
		t.Fatalf("%s has no licence", module)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(data)), " ")
	var names []string
	for _, l := range licences {
		if strings.Contains(text, l.says) {
			names = append(names, l.name)
		}
	}
	if len(names) == 0 {
		t.Errorf("the licence of %s is none of those that are known: read %s", module, files[0])
	}
	for _, m := range copyright.FindAllStringSubmatch(string(data), -1) {
		notice := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(m[1], " All rights reserved"), "."), "|", "")
		if !slices.Contains(notices, notice) {
			notices = append(notices, notice)
		}
	}
	return strings.Join(names, " and "), notices
}
