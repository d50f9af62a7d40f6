package main

import (
	"slices"
	"testing"
)

func TestOutputsIn(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{nil, nil},
		{[]string{"--vip", "192.168.1.99"}, nil},
		{[]string{"-o", "nagios"}, []string{"nagios"}},
		{[]string{"-onagios", "-o=json=x", "-qo", "text", "-vqojunit"}, []string{"nagios", "json=x", "text", "junit"}},
		{[]string{"--output", "nagios", "--output=json=x"}, []string{"nagios", "json=x"}},
		{[]string{"-o"}, nil},
		{[]string{"--outputs=x", "--no", "--", "-o", "json"}, nil},
	} {
		if got := outputsIn(tt.args); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.args, got, tt.want)
		}
	}
}
