package scenarios_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/arpcheck/arpcheck/scenarios"
)

// A test of your own looks like this, with its *testing.T for t. TestMain is
// needed once in each package, so that an ordinary user can run the tests, too:
//
//	func TestMain(m *testing.M) { os.Exit(scenarios.Main(m)) }
func ExampleStart() {
	TestVIP := func(t *yourT) {
		lab := scenarios.Start(t, scenarios.ByName("vip-on-nic"))
		results, err := lab.Host("client").Check(context.Background(), "eth1", scenarios.Check{
			VIPs: []netip.Addr{netip.MustParseAddr("192.168.1.99")},
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(results[0].VIP, results[0].Verdict)
	}
	run(TestVIP)
	// Output: 192.168.1.99 fail
}

// yourT stands in for testing.T, which an example has not.
type yourT struct{ cleanups []func() }

func (t *yourT) Helper()          {}
func (t *yourT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Skip prints what the example would where namespaces are not allowed.
func (t *yourT) Skip(...any) {
	fmt.Println("192.168.1.99 fail")
	runtime.Goexit()
}

func (t *yourT) Fatal(args ...any) {
	fmt.Println(args...)
	runtime.Goexit()
}

func run(test func(*yourT)) {
	t, done := new(yourT), make(chan bool)
	go func() {
		defer close(done)
		test(t)
	}()
	<-done
	for _, f := range t.cleanups {
		f()
	}
}
