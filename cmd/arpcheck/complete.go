package main

import (
	"net"
	"os"

	"github.com/spf13/cobra"
)

// completeInterface offers the interfaces of this namespace.
func completeInterface(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	ifaces, _ := net.Interfaces()
	for _, ifi := range ifaces {
		if ifi.Flags&net.FlagLoopback == 0 {
			names = append(names, ifi.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeNetNS offers the names of namespaces.
func completeNetNS(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	entries, _ := os.ReadDir("/run/netns")
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, cobra.ShellCompDirectiveDefault // files too: a path is as good
}
