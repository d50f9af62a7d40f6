package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by a release build: -ldflags "-X main.version=v1.2.3".
var version string

// versionName returns the version that results carry.
func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	// `go install …@v1.2.3` gives v1.2.3, a build in a checkout gives a
	// pseudo-version with the commit, one without git "(devel)".
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

// versionText is what people read.
func versionText() string {
	return fmt.Sprintf("arpcheck %s %s/%s %s", versionName(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints which arpcheck this is",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return a.print(versionText() + "\n")
		},
	}
}
