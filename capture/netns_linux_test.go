package capture

import (
	"errors"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A cable is a veth pair whose ends are in two namespaces without a name, so
// that nothing sent on it leaves the test, and no address is in either of
// them, so that nothing answers by itself.
type cable struct {
	near, far         netns.NsHandle
	nearLink, farLink *netlink.Handle
	farConn           *packet.Conn // sends what the test wants to see arrive
}

// lay makes a cable, both ends up.
func lay(t *testing.T) *cable {
	t.Helper()
	c := &cable{near: netns.None(), far: netns.None()}
	err := onThread(netns.None(), func() (err error) {
		// netns.New moves this thread into what it makes.
		if c.far, err = netns.New(); err != nil {
			return err
		}
		if c.near, err = netns.New(); err != nil {
			return err
		}
		return c.connect()
	})
	t.Cleanup(c.cut)
	needRoot(t, err)
	c.awaitStamps(t)
	return c
}

// awaitStamps opens a Live and waits until the kernel stamps what arrives: the
// first socket that asks for it has that done by a work queue
// (net_enable_timestamp), and what arrives before is stamped when it is read.
func (c *cable) awaitStamps(t *testing.T) {
	l := c.open(t)
	for range 1000 {
		c.send(t, reply)
		time.Sleep(time.Millisecond)
		reading := time.Now()
		rec, err := l.Next(reading.Add(5 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if rec.Time.Before(reading) {
			return
		}
	}
	t.Fatal("no timestamps from the kernel")
}

func (c *cable) connect() (err error) {
	if c.nearLink, err = netlink.NewHandleAt(c.near, unix.NETLINK_ROUTE); err != nil {
		return err
	}
	if c.farLink, err = netlink.NewHandleAt(c.far, unix.NETLINK_ROUTE); err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr, attrs.MTU = "near0", clientMAC[:], 9000
	if err := c.nearLink.LinkAdd(&netlink.Veth{
		LinkAttrs: attrs, PeerName: "far0", PeerHardwareAddr: serverMAC[:],
		PeerMTU: 9000, PeerNamespace: netlink.NsFd(c.far),
	}); err != nil {
		return err
	}
	if err := setUp(c.farLink, "far0"); err != nil {
		return err
	}
	if err := setUp(c.nearLink, "near0"); err != nil {
		return err
	}
	if err := errors.Join(runs(c.farLink, "far0"), runs(c.nearLink, "near0")); err != nil {
		return err
	}
	return onThread(c.far, func() error {
		ifi, err := net.InterfaceByName("far0")
		if err != nil {
			return err
		}
		c.farConn, err = packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, nil)
		return err
	})
}

func (c *cable) cut() {
	if c.farConn != nil {
		_ = c.farConn.Close()
	}
	for _, link := range []*netlink.Handle{c.nearLink, c.farLink} {
		if link != nil {
			link.Close()
		}
	}
	for _, ns := range []netns.NsHandle{c.near, c.far} {
		if ns.IsOpen() {
			_ = ns.Close()
		}
	}
}

// send sends frames from the far end.
func (c *cable) send(t testing.TB, frames ...[]byte) {
	t.Helper()
	for _, frame := range frames {
		if _, err := c.farConn.WriteTo(frame, &packet.Addr{HardwareAddr: evidence.Broadcast[:]}); err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a Live at the near end, as a run would that looks at one VIP.
func (c *cable) open(t testing.TB) *Live {
	t.Helper()
	l, err := c.tryOpen(Filter{VIPs: addrsOf(vip), Own: clientIP, Temporary: addrsOf(unused), Port: 443})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (c *cable) tryOpen(f Filter) (l *Live, err error) {
	err = onThread(c.near, func() error {
		ifi, err := net.InterfaceByName("near0")
		if err != nil {
			return err
		}
		l, err = Open(ifi, f)
		return err
	})
	return l, err
}

func setUp(handle *netlink.Handle, name string) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return err
	}
	return handle.LinkSetUp(link)
}

// runs waits until an interface that was set up also sends: until then its
// queue is noop_qdisc, which drops frames without an error (linkwatch_do_dev).
func runs(handle *netlink.Handle, name string) error {
	for range 1000 {
		link, err := handle.LinkByName(name)
		if err != nil || link.Attrs().OperState == netlink.OperUp {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New(name + " does not come up")
}

// onThread runs do in a namespace, or in that of the process if ns is none, on
// a thread of its own that ends with it: so no other goroutine ever finds
// itself in the wrong namespace.
func onThread(ns netns.NsHandle, do func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		if ns.IsOpen() {
			if err := netns.Set(ns); err != nil {
				result <- err
				return
			}
		}
		result <- do()
	}()
	return <-result
}

// needRoot skips a test where namespaces are not permitted. In CI, which sets
// ARPCHECK_NO_SKIP, they must be.
func needRoot(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, os.ErrPermission) && os.Getenv("ARPCHECK_NO_SKIP") == "":
		t.Skipf("network namespaces are not permitted: %v", err)
	case err != nil:
		t.Fatal(err)
	}
}
