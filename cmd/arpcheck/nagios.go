package main

import (
	"io"
	"regexp"
	"strings"

	"github.com/arpcheck/arpcheck/report"
)

// failPlugin tells a monitoring core that the check could not be done: its own
// exit code for that, and a line where it looks for one. Exit code 2 would be
// read as CRITICAL, and wake somebody because of a typing error.
func failPlugin(stdout io.Writer, args []string, err error) (code int, ok bool) {
	formats := outputsIn(args)
	for _, format := range formats {
		if name, _, _ := strings.Cut(format, "="); name != report.Nagios {
			return 0, false
		}
	}
	if len(formats) == 0 {
		return 0, false
	}
	for _, format := range formats {
		if _, file, _ := strings.Cut(format, "="); file == "" || isStdout(file) {
			report.WriteNagiosError(stdout, oneLine(err.Error())) // what else could be done about an error here?
			break
		}
	}
	return report.NagiosUnknown, true
}

// outputsIn are the values of all -o among the arguments. The flags as they
// were parsed do not tell, as what is wrong may stand before them.
func outputsIn(args []string) (formats []string) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		m := outputFlag.FindStringSubmatch(arg)
		switch {
		case m == nil:
		case m[1] != "":
			formats = append(formats, m[1])
		case i+1 < len(args):
			formats = append(formats, args[i+1])
		}
	}
	return formats
}

// outputFlag is -o, behind other flags of one letter that take no value, or its
// long form.
var outputFlag = regexp.MustCompile(`^(?:-[qv]*o|--output(?:=|$))=?(.*)$`)
