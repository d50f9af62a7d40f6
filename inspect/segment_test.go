package inspect_test

import (
	"net/netip"
	"testing"

	"github.com/arpcheck/arpcheck/inspect"
)

func TestNear(t *testing.T) {
	tests := map[string]struct {
		addresses []string
		vips      []string
		want      string // empty: none
	}{
		"the subnet of the VIP":                  {[]string{"10.0.0.1/24", "192.168.1.182/24"}, []string{"192.168.1.99"}, "192.168.1.182/24"},
		"the first of two there":                 {[]string{"192.168.1.182/24", "192.168.1.183/24"}, []string{"192.168.1.99"}, "192.168.1.182/24"},
		"VIP elsewhere: the first usable":        {[]string{"10.9.9.9/32", "10.0.0.1/24", "10.1.0.1/24"}, []string{"192.168.1.99"}, "10.0.0.1/24"},
		"no segment but a link":                  {[]string{"10.0.0.1/31"}, []string{"192.168.1.99"}, "10.0.0.1/31"},
		"a usable one before one that has it":    {[]string{"192.168.1.98/31", "10.0.0.1/24"}, []string{"192.168.1.99"}, "10.0.0.1/24"},
		"never the VIP itself":                   {[]string{"192.168.1.99/24", "192.168.1.10/24"}, []string{"192.168.1.99"}, "192.168.1.10/24"},
		"nor another VIP of the run":             {[]string{"192.168.1.100/24"}, []string{"192.168.1.99", "192.168.1.100"}, ""},
		"no address":                             {nil, []string{"192.168.1.99"}, ""},
		"the first VIP decides":                  {[]string{"10.0.0.1/24", "192.168.1.182/24"}, []string{"192.168.1.99", "10.0.0.99"}, "192.168.1.182/24"},
		"a /30 has room for one":                 {[]string{"192.168.1.97/30"}, []string{"192.168.1.98"}, "192.168.1.97/30"},
		"a VIP/32 beside the address (Director)": {[]string{"192.168.1.99/32", "192.168.1.10/24"}, []string{"192.168.1.99"}, "192.168.1.10/24"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var s inspect.Segment
			for _, a := range tt.addresses {
				s.Addresses = append(s.Addresses, netip.MustParsePrefix(a))
			}
			var vips []netip.Addr
			for _, v := range tt.vips {
				vips = append(vips, netip.MustParseAddr(v))
			}
			var want netip.Prefix
			if tt.want != "" {
				want = netip.MustParsePrefix(tt.want)
			}
			if got := s.Near(vips); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}
