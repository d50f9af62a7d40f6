package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// unknownCommand refuses arguments where only a command can stand.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command: %q", args[0])
	if !cmd.HasParent() {
		if _, perr := netip.ParseAddr(args[0]); perr == nil {
			return withHint(err, "arpcheck --vip %s", args[0])
		}
		if info, serr := os.Stat(args[0]); serr == nil && info.Mode().IsRegular() {
			return withHint(err, "to diagnose a capture: arpcheck replay %s", args[0])
		}
	}
	var known []string
	for _, sub := range cmd.Commands() {
		known = append(known, sub.Name())
	}
	if near := nearest(args[0], known); near != "" {
		return withHint(err, "did you mean: %s %s", cmd.CommandPath(), near)
	}
	return withHint(err, "there are %s", names(cmd))
}

// noArguments refuses arguments to a command that takes flags alone.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%s takes no argument: %q", cmd.CommandPath(), args[0])
	if _, perr := netip.ParseAddr(args[0]); perr == nil && cmd.Flags().Lookup("vip") != nil {
		return withHint(err, "%s --vip %s", cmd.CommandPath(), args[0])
	}
	return withHint(err, "%s --help lists the flags", cmd.CommandPath())
}

// names lists the subcommands of cmd.
func names(cmd *cobra.Command) string {
	var list []string
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			list = append(list, sub.Name())
		}
	}
	return strings.Join(list, ", ")
}

// nearest returns the known word that the wrong one was probably meant to be,
// or nothing when none is near.
func nearest(wrong string, known []string) string {
	best, least := "", 3 // two slips of the finger at most
	for _, k := range known {
		d := distance(wrong, k)
		if len(wrong) > 2 && strings.HasPrefix(k, wrong) {
			d = 1
		}
		if d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance: how many letters to insert, delete or
// replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
