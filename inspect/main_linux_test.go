package inspect_test

import (
	"net/netip"
	"os"
	"testing"

	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/scenarios"
)

func TestMain(m *testing.M) { os.Exit(scenarios.Main(m)) }

// hint is what the command line prints below an error.
func hint(err error) string {
	if h, ok := err.(interface{ Hint() string }); ok {
		return h.Hint()
	}
	return ""
}

// wantError checks an error's text and hint.
func wantError(t *testing.T, err error, text, help string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", text)
	}
	if err.Error() != text {
		t.Errorf("error %q, want %q", err, text)
	}
	if got := hint(err); got != help {
		t.Errorf("hint %q, want %q", got, help)
	}
}

// alone is a lab of one host with an interface that leads to a switch.
func alone(t *testing.T, edit func(*scenarios.HostSpec)) *scenarios.Host {
	t.Helper()
	h := scenarios.HostSpec{Name: "host", Interfaces: []scenarios.InterfaceSpec{{
		Name: "eth1", Segment: "lan", Addresses: []scenarios.AddressSpec{addr("192.168.1.182/24")},
	}}}
	if edit != nil {
		edit(&h)
	}
	return scenarios.Start(t, scenarios.Topology{Hosts: []scenarios.HostSpec{h}}).Host("host")
}

func addr(s string) scenarios.AddressSpec {
	return scenarios.AddressSpec{Prefix: netip.MustParsePrefix(s)}
}

// read reads a segment of the host by way of InNetNS.
func read(h *scenarios.Host, iface string) (s inspect.Segment, err error) {
	err = inspect.InNetNS(h.NetNS(), func() error {
		s, err = inspect.ReadSegment(iface)
		return err
	})
	return s, err
}
