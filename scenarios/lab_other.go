//go:build !linux

package scenarios

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// A Lab exists on Linux only.
type Lab struct{ noHost func(string) }

// A Host exists on Linux only.
type Host struct{ Name string }

// Build needs Linux.
func Build(t Topology) (*Lab, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return nil, errors.ErrUnsupported
}

// Isolate needs Linux.
func Isolate() (again bool, exitCode int, err error) { return false, 0, errors.ErrUnsupported }

func tryNamespace() error { return errors.ErrUnsupported }

// The methods below are here for code that is built everywhere; as there is no
// Lab, none can be called.

func (l *Lab) Close() error      { return nil }
func (l *Lab) Host(string) *Host { return nil }
func (l *Lab) Hosts() []*Host    { return nil }

func program(string) string { return "" }

func (s *Standing) alive() bool { return false }

func (s *Standing) nsenter(StandingHost) string { return "" }

// Up needs Linux.
func (s *Spec) Up(context.Context, ...string) (*Standing, error) { return nil, errors.ErrUnsupported }

// Keep needs Linux.
func Keep(context.Context, io.Reader, string) error { return errors.ErrUnsupported }

// Down needs Linux.
func (s *Standing) Down(context.Context) error { return errors.ErrUnsupported }

// Labs needs Linux.
func Labs() ([]*Standing, error) { return nil, errors.ErrUnsupported }

// Sweep needs Linux.
func Sweep() (int, error) { return 0, errors.ErrUnsupported }

func (l *Lab) start(*Host, Service) error { return errors.ErrUnsupported }
func (l *Lab) kill(_, _ string) error     { return errors.ErrUnsupported }

func (l *Lab) stop(context.Context, string, string) error { return errors.ErrUnsupported }

func (l *Lab) lost() error { return nil }

func (h *Host) Check(context.Context, string, Check) ([]diagnose.Result, error) {
	return nil, errors.ErrUnsupported
}
func (h *Host) shell(context.Context, string, time.Duration) error  { return errors.ErrUnsupported }
func (h *Host) announce(string, netip.Addr) error                   { return errors.ErrUnsupported }
func (h *Host) has(netip.Addr) (bool, error)                        { return false, errors.ErrUnsupported }
func (h *Host) Do(func() error) error                               { return errors.ErrUnsupported }
func (h *Host) NetNS() string                                       { return "" }
func (h *Host) Sysctl(_, _ string) error                            { return errors.ErrUnsupported }
func (h *Host) SysctlGet(string) (string, error)                    { return "", errors.ErrUnsupported }
func (h *Host) AddAddress(string, AddressSpec) error                { return errors.ErrUnsupported }
func (h *Host) DelAddress(string, AddressSpec) error                { return errors.ErrUnsupported }
func (h *Host) SetUp(string, bool) error                            { return errors.ErrUnsupported }
func (h *Host) SetARP(string, bool) error                           { return errors.ErrUnsupported }
func (h *Host) DeleteLink(string) error                             { return errors.ErrUnsupported }
func (h *Host) RenameLink(_, _ string) error                        { return errors.ErrUnsupported }
func (h *Host) AddRoute(RouteSpec) error                            { return errors.ErrUnsupported }
func (h *Host) FlushNeighbours(string) error                        { return errors.ErrUnsupported }
func (h *Host) SetNeighbour(string, netip.Addr, evidence.MAC) error { return errors.ErrUnsupported }
func (h *Host) MAC(string) (evidence.MAC, error)                    { return evidence.MAC{}, errors.ErrUnsupported }
func (h *Host) Neighbour(string, netip.Addr) (evidence.MAC, bool, error) {
	return evidence.MAC{}, false, errors.ErrUnsupported
}
func (h *Host) Ping(context.Context, netip.Addr) error { return errors.ErrUnsupported }
func (h *Host) ListenTCP(netip.AddrPort) (netip.AddrPort, error) {
	return netip.AddrPort{}, errors.ErrUnsupported
}
func (h *Host) DialTCP(context.Context, netip.AddrPort) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
