package scenarios

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/inspect"
)

// traces is what a lab could leave behind: descriptors and threads of this
// process, named namespaces, mounts, interfaces in our own namespace, or the
// process in another.
type traces struct {
	files, threads int
	named          []string
	mounts         string
	interfaces     []string
	netns          string // of the process, which is that of its first thread
}

func look(t *testing.T) traces {
	t.Helper()
	names := func(dir string) (all []string) {
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var interfaces []string
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, ifc := range all {
		interfaces = append(interfaces, ifc.Name)
	}
	netns, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return traces{len(names("/proc/self/fd")), len(names("/proc/self/task")), names("/run/netns"), string(mounts), interfaces, netns}
}

// untouched fails the test unless all is as before. Threads end a moment after
// their goroutine, and the runtime may start some of its own.
func untouched(t *testing.T, before traces) {
	t.Helper()
	var after traces
	for range 100 {
		after = look(t)
		if after.threads <= before.threads+2 {
			after.threads = before.threads
		}
		if reflect.DeepEqual(before, after) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the lab left something:\nbefore %+v\nafter  %+v", before, after)
}

func TestCloseLeavesNothing(t *testing.T) {
	exercise := func() {
		lab := Start(t, Classic(Server{}, Server{}))
		for range 10 {
			if err := lab.Host("client").Ping(t.Context(), ClassicVIP); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := lab.Host("r1").ListenTCP(netip.MustParseAddrPort("0.0.0.0:80")); err != nil {
			t.Fatal(err)
		}
		if err := lab.Close(); err != nil {
			t.Fatal(err)
		}
	}
	exercise() // the poller, and threads of the runtime
	before := look(t)
	for range 5 {
		exercise()
	}
	untouched(t, before)
}

func TestFailedBuildLeavesNothing(t *testing.T) {
	Need(t)
	top := Classic(Server{})
	top.Hosts[2].Routes = []RouteSpec{{Destination: netip.MustParsePrefix("10.0.0.0/8"), Via: netip.MustParseAddr("192.168.1.255")}}
	before := look(t)
	_, err := Build(top)
	if err == nil || !strings.Contains(err.Error(), `host "r1": add route to 10.0.0.0/8: invalid argument`) {
		t.Errorf("got %v", err)
	}
	top = Classic(Server{Sysctls: map[string]string{"net.ipv4.conf.eth1.no_such_thing": "1"}})
	if _, err = Build(top); err == nil || !strings.Contains(err.Error(), "no_such_thing") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	untouched(t, before)
}

// After Close a netlink handle would work on the machine's own namespace.
func TestClosedLabDoesNothing(t *testing.T) {
	lab := Start(t, Classic())
	h := lab.Host("client")
	if err := errors.Join(lab.Close(), lab.Close()); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Do":         h.Do(func() error { t.Error("Do ran its function"); return nil }),
		"SetUp":      h.SetUp("lo", true),
		"AddAddress": h.AddAddress("lo", AddressSpec{Prefix: netip.MustParsePrefix("192.0.2.1/32")}),
		"AddRoute":   h.AddRoute(RouteSpec{Destination: netip.MustParsePrefix("192.0.2.0/24"), Dev: "lo"}),
		"Sysctl":     h.Sysctl("net.ipv4.conf.all.arp_ignore", "0"),
		"Ping":       h.Ping(t.Context(), netip.MustParseAddr("127.0.0.1")),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: got %v, want os.ErrClosed", what, err)
		}
	}
}

func TestLabsDoNotCollide(t *testing.T) {
	Need(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			lab, err := Build(Classic(Server{Ignore: i % 2}))
			if err != nil {
				t.Error(err)
				return
			}
			defer lab.Close()
			if err := lab.Host("client").Ping(t.Context(), ClassicVIP); err != nil {
				t.Errorf("lab %d: %v", i, err)
			}
			got, err := lab.Host("r1").SysctlGet("net.ipv4.conf.all.arp_ignore")
			if want := fmt.Sprint(i % 2); err != nil || got != want {
				t.Errorf("lab %d: arp_ignore is %s (%v), want %s", i, got, err, want)
			}
		})
	}
	wg.Wait()
}

// A new namespace inherits what the machine has set; a lab must not. The
// machine is played by what is written first.
func TestBaseline(t *testing.T) {
	Need(t)
	settings := map[string]string{
		"net.ipv4.conf.all.rp_filter": "2", "net.ipv4.conf.default.rp_filter": "2",
		"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.ip_forward": "1", "net.ipv4.conf.lo.arp_announce": "2",
	}
	err := inspect.OnThread(func() error {
		ns, err := newNamespace()
		if err != nil {
			return err
		}
		defer ns.Close()
		for key, value := range settings {
			if err := writeSysctl(key, value); err != nil {
				return err
			}
		}
		if err := new(baseline).apply(); err != nil {
			return err
		}
		for key := range settings {
			path, _ := sysctlPath(key)
			if got, err := readProc(path); err != nil || got != "0" {
				t.Errorf("%s: got %q (%v), want 0", key, got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range Start(t, Classic()).Hosts() {
		if got, err := h.SysctlGet("net.ipv6.conf.eth1.disable_ipv6"); err == nil && got != "1" {
			t.Errorf("%s: IPv6 is not off", h.Name)
		}
	}
}

func twelve() Topology {
	servers := make([]Server, 9)
	for i := range servers {
		servers[i] = Server{Ignore: 1, Announce: 2}
	}
	return Cluster{Servers: servers, Bystander: true}.Topology()
}

// Best run with -benchtime 20x: what it waits between two labs is not counted,
// but takes long.
func BenchmarkBuild12(b *testing.B) {
	Need(b)
	for b.Loop() {
		lab, err := Build(twelve())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := lab.Close(); err != nil {
			b.Fatal(err)
		}
		// The kernel takes namespaces down in the background; wait, or
		// that is measured too.
		time.Sleep(400 * time.Millisecond)
		b.StartTimer()
	}
}

func BenchmarkDo(b *testing.B) {
	h := Start(b, Classic()).Host("client")
	for b.Loop() {
		if err := h.Do(func() error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
