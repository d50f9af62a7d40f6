package inspect_test

import (
	"os"
	"testing"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/kernel"
	"github.com/arpcheck/arpcheck/scenarios"
)

// What a file of sysctl.d may hold is read as the kernel reads it.
func TestParseInt(t *testing.T) {
	for s, want := range map[string]int{"1": 1, " 2": 2, "1 # VIP": 1, "0x1": 1, "0X8": 8, "010": 8, "-1": -1, "1\t2": 1, "2147483647": 2147483647, "0": 0} {
		if n, ok := kernel.ParseInt(s); n != want || !ok {
			t.Errorf("%q: %d, %t; want %d", s, n, ok, want)
		}
	}
	refused := []string{"", " ", `"1"`, "one", "1x", "1,2", "08", "0x", "+1", "1_0", "0b1", "2147483648", "--1", "1#", "- 1"}
	for _, s := range refused {
		if n, ok := kernel.ParseInt(s); ok {
			t.Errorf("%q: %d; the kernel refuses it", s, n)
		}
	}
	h := scenarios.Start(t, scenarios.Topology{Hosts: []scenarios.HostSpec{{Name: "h"}}}).Host("h")
	err := h.Do(func() error {
		for _, s := range append(refused, "1", " 2", "1 # VIP", "0x1", "0X8", "010", "-1", "1\t2", "2147483647", "-2147483647") {
			const file = "/proc/sys/net/ipv4/conf/lo/arp_ignore"
			if err := os.WriteFile(file, []byte("77\n"), 0); err != nil {
				return err
			}
			err := os.WriteFile(file, []byte(s+"\n"), 0)
			var got inspect.Host
			got, bad := inspect.ReadHost()
			if bad != nil {
				return bad
			}
			now := got.Interface("lo").ARPIgnore
			n, ok := kernel.ParseInt(s)
			if !ok {
				n = 77
			}
			if ok != (err == nil) || now != n {
				t.Errorf("%q: %d, %t; the kernel has %d, %v", s, n, ok, now, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
