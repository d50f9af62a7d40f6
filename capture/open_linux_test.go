package capture

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpenReceiveBuffer(t *testing.T) {
	l := lay(t).open(t)
	var got int
	var forceErr error
	if err := l.raw.Control(func(fd uintptr) {
		got, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		forceErr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
	}); err != nil {
		t.Fatal(err)
	}
	want := receiveBuffer
	if forceErr != nil { // an ordinary user
		text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
		if err != nil {
			t.Skip(err)
		}
		limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		want = min(want, limit)
	}
	if got != 2*want { // the kernel doubles it, for its own bookkeeping: socket(7)
		t.Errorf("%d octets, want twice %d", got, want)
	}
}

func TestOpen(t *testing.T) {
	c := lay(t)
	t.Run("largest filter", func(t *testing.T) {
		l, err := c.tryOpen(Filter{VIPs: addrs("10.1.0.1", 256), Own: clientIP, Temporary: addrs("10.2.0.1", 1024), Port: 443})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c.send(t, isAt(netip.MustParseAddr("10.1.0.2"), serverMAC, serverIP, directorMAC))
		for _, addr := range slices.Concat(addrs("10.1.0.1", 256), addrs("10.2.0.1", 1024)) {
			c.send(t, isAt(addr, serverMAC, serverIP, directorMAC))
			if rec, err := l.Next(time.Now().Add(5 * time.Second)); err != nil || rec.SenderIP != addr {
				t.Fatalf("want %s: %v, %v", addr, rec, err)
			}
		}
	})
	t.Run("no permission", func(t *testing.T) {
		var openErr error
		needRoot(t, onThread(c.near, func() error {
			ifi, err := net.InterfaceByName("near0")
			if err != nil {
				return err
			}
			if err := dropNetRaw(); err != nil {
				return err
			}
			_, openErr = Open(ifi, Filter{})
			return nil
		}))
		if !errors.Is(openErr, os.ErrPermission) || !strings.Contains(openErr.Error(), "near0") {
			t.Error(openErr)
		}
	})
	t.Run("not Ethernet", func(t *testing.T) {
		err := onThread(c.near, func() error {
			ifi, err := net.InterfaceByName("lo")
			if err != nil {
				t.Error(err)
			}
			_, err = Open(ifi, Filter{})
			return err
		})
		if err == nil {
			t.Error("the loopback interface is taken")
		}
	})
	t.Run("IPv6", func(t *testing.T) {
		if _, err := c.tryOpen(Filter{Own: netip.IPv6Loopback()}); err == nil {
			t.Error("taken")
		}
	})
	t.Run("interface that is down", func(t *testing.T) {
		link, err := c.nearLink.LinkByName("near0")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.nearLink.LinkSetDown(link); err != nil {
			t.Fatal(err)
		}
		if _, err := c.tryOpen(Filter{}); !errors.Is(err, ErrInterfaceLost) || !strings.Contains(err.Error(), "near0") {
			t.Error(err)
		}
	})
	t.Run("interface that is gone", func(t *testing.T) {
		err := onThread(c.near, func() error {
			_, err := Open(&net.Interface{Index: 9999, Name: "gone0", HardwareAddr: clientMAC[:]}, Filter{})
			return err
		})
		if !errors.Is(err, ErrInterfaceLost) {
			t.Error(err)
		}
	})
}

// dropNetRaw takes CAP_NET_RAW from the calling thread alone.
func dropNetRaw() error {
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= 1 << unix.CAP_NET_RAW
	return unix.Capset(&header, &data[0])
}
