package capture

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/vishvananda/netlink"
)

func TestLiveInterfaceLost(t *testing.T) {
	down := func(h *netlink.Handle, link netlink.Link) error { return h.LinkSetDown(link) }
	for _, tc := range []struct {
		name string
		lose func(*netlink.Handle, netlink.Link) error
	}{
		{"down", down},
		{"deleted", (*netlink.Handle).LinkDel},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := lay(t)
			l := c.open(t)
			link, err := c.nearLink.LinkByName("near0")
			if err != nil {
				t.Fatal(err)
			}
			lost := make(chan error)
			go func() {
				_, err := l.Next(time.Now().Add(5 * time.Second))
				lost <- err
			}()
			time.Sleep(20 * time.Millisecond)
			if err := tc.lose(c.nearLink, link); err != nil {
				t.Fatal(err)
			}
			check := func(doing string, err error) {
				t.Helper()
				if !errors.Is(err, ErrInterfaceLost) || !strings.Contains(err.Error(), "near0") {
					t.Errorf("%s: %v", doing, err)
				}
			}
			err = <-lost
			t.Log(err)
			check("in mid-wait", err)
			_, err = l.Next(time.Now().Add(5 * time.Second))
			check("again", err)
			check("send", l.Send(request))
		})
	}

	t.Run("found by Send", func(t *testing.T) {
		c := lay(t)
		l := c.open(t)
		link, _ := c.nearLink.LinkByName("near0")
		c.send(t, reply, echoReply)
		if err := down(c.nearLink, link); err != nil {
			t.Fatal(err)
		}
		if err := l.Send(request); !errors.Is(err, ErrInterfaceLost) {
			t.Errorf("send: %v", err)
		}
		for _, want := range []evidence.Kind{evidence.ARPReply, evidence.EchoReply} {
			if rec, err := l.Next(time.Now().Add(time.Second)); err != nil || rec.Kind != want {
				t.Errorf("what came before: %v, %v", rec, err)
			}
		}
		if _, err := l.Next(time.Now().Add(time.Second)); !errors.Is(err, ErrInterfaceLost) {
			t.Errorf("next: %v", err)
		}
	})

	t.Run("found by Next, with frames in the queue", func(t *testing.T) {
		c := lay(t)
		l := c.open(t)
		link, _ := c.nearLink.LinkByName("near0")
		c.send(t, reply, echoReply)
		if err := down(c.nearLink, link); err != nil {
			t.Fatal(err)
		}
		for _, want := range []evidence.Kind{evidence.ARPReply, evidence.EchoReply} {
			if rec, err := l.Next(time.Now().Add(time.Second)); err != nil || rec.Kind != want {
				t.Errorf("what came before: %v, %v", rec, err)
			}
		}
		if _, err := l.Next(time.Now().Add(time.Second)); !errors.Is(err, ErrInterfaceLost) {
			t.Errorf("next: %v", err)
		}
	})
}

func TestLiveClose(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	c.send(t, reply)
	if _, err := l.Next(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() {
		_, err := l.Next(time.Time{})
		closed <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-closed; !errors.Is(err, os.ErrClosed) {
		t.Errorf("in mid-wait: %v", err)
	}
	if _, err := l.Next(time.Now().Add(time.Second)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
	if received, dropped, _ := l.Counts(); received != 1 || dropped.Total() != 0 {
		t.Errorf("received %d, dropped %d", received, dropped)
	}
}
