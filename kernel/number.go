package kernel

import (
	"strconv"
	"strings"
)

// ParseInt reads a number that is written to a file below /proc/sys, as
// proc_dointvec and proc_get_long do: decimal, 0x… or octal with a leading 0;
// what comes after a blank does not matter. ok is false for what the kernel
// refuses, which leaves the setting as it was.
func ParseInt(s string) (n int, ok bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	if i := strings.IndexAny(s, " \t\n\x00"); i >= 0 {
		s = s[:i]
	}
	digits, minus := strings.CutPrefix(s, "-")
	base := 10
	switch {
	case len(digits) > 2 && (digits[:2] == "0x" || digits[:2] == "0X"):
		base, digits = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base = 8
	}
	v, err := strconv.ParseUint(digits, base, 31)
	if err != nil {
		return 0, false
	}
	if minus {
		return -int(v), true
	}
	return int(v), true
}
