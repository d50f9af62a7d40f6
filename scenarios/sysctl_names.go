package scenarios

import (
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// settingNames holds, by folder below /proc/sys, the settings that are in it.
var settingNames sync.Map

// settingsIn lists the settings of a folder. There are none where there is no
// /proc/sys, and nothing follows from that.
func settingsIn(dir string) []string {
	if known, ok := settingNames.Load(dir); ok {
		return known.([]string)
	}
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	settingNames.Store(dir, names)
	return names
}

// mistyped is the setting that was probably meant by a file below /proc/sys
// that this kernel does not have; empty if it has it, or if none is near. Some
// exist in no namespace but the first, or with a module that a step loads:
// one that is merely unknown is for the run to find out.
func mistyped(file string) string {
	dir, name := path.Split(path.Clean(file))
	parts := strings.Split(strings.Trim(dir, "/"), "/")
	if len(parts) == 6 && (parts[4] == "conf" || parts[4] == "neigh") {
		parts[5] = "default" // as every interface has it
	}
	known := settingsIn("/" + strings.Join(parts, "/"))
	if slices.Contains(known, name) {
		return ""
	}
	return nearest(name, known)
}
