package capture

import (
	"errors"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func addrsOf(addrs ...netip.Addr) []netip.Addr { return addrs }

// last is a frame that the filter lets through, sent to end a test: what came
// before it will not come any more.
var last = isAt(vip, directorMAC, unused, directorMAC)

// untilLast returns all records before that of last.
func untilLast(t *testing.T, l *Live) []evidence.Record {
	t.Helper()
	want, _ := Decode(last)
	var records []evidence.Record
	for {
		rec, err := l.Next(time.Now().Add(5 * time.Second))
		if err != nil {
			t.Fatalf("after %d records: %v", len(records), err)
		}
		if rec.Src == want.Src {
			return records
		}
		records = append(records, rec)
	}
}

func TestLiveFilter(t *testing.T) {
	wanted := map[string][]byte{
		"is-at to us":                       isAt(serverIP, serverMAC, clientIP, clientMAC),
		"who-has to us":                     whoHas(clientIP, serverIP, serverMAC, clientMAC),
		"broadcast who-has for our address": whoHas(clientIP, serverIP, serverMAC, evidence.Broadcast),
		"who-has for a temporary address":   whoHas(unused, serverIP, serverMAC, evidence.Broadcast),
		"who-has tell VIP":                  whoHas(serverIP, vip, serverMAC, evidence.Broadcast),
		"gratuitous ARP for VIP":            whoHas(vip, vip, serverMAC, evidence.Broadcast),
		"VIP is-at, to another host":        isAt(vip, serverMAC, serverIP, directorMAC),
		"temporary address is-at":           isAt(unused, serverMAC, serverIP, evidence.Broadcast),
		"priority tag":                      tagged(reply, 0x8100, 0xa000),
		"padded":                            padded(reply),
		"echo reply from VIP":               echoReply,
		"echo reply behind options":         ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 1, 1), 1, 1, 1, 0)),
		"echo reply to us":                  ether(clientMAC, serverMAC, 0x0800, ipv4(1, serverIP, clientIP, echo(0, 1, 1))),
		"echo reply to a temporary address": ether(clientMAC, serverMAC, 0x0800, ipv4(1, serverIP, unused, echo(0, 1, 1))),
		"jumbo echo reply":                  ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 1, 1, make([]byte, 8000)...))),
		"VRRP version 2":                    advert2,
		"VRRP version 3":                    advert3,
		"SYN-ACK":                           synAck,
	}
	foreign := map[string][]byte{
		"who-has of others":           whoHas(serverIP, netip.MustParseAddr("192.168.1.7"), serverMAC, evidence.Broadcast),
		"who-has for VIP":             whoHas(vip, serverIP, serverMAC, evidence.Broadcast),
		"is-at of others":             isAt(serverIP, serverMAC, netip.MustParseAddr("192.168.1.7"), directorMAC),
		"VLAN":                        tagged(reply, 0x8100, 7),
		"service VLAN":                tagged(reply, 0x88a8, 7),
		"VLAN inside a priority tag":  tagged(tagged(reply, 0x8100, 7), 0x8100, 0),
		"echo request to us":          ether(clientMAC, serverMAC, 0x0800, ipv4(1, serverIP, clientIP, echo(8, 1, 1))),
		"echo reply of others":        ether(clientMAC, serverMAC, 0x0800, ipv4(1, serverIP, vip, echo(0, 1, 1))),
		"later fragment":              with(echoReply, 21, 9),
		"SYN-ACK from another port":   ether(clientMAC, serverMAC, 0x0800, ipv4(6, vip, clientIP, tcp(80, 40000, 0x12))),
		"SYN-ACK from another host":   ether(clientMAC, serverMAC, 0x0800, ipv4(6, serverIP, clientIP, tcp(443, 40000, 0x12))),
		"ACK":                         with(synAck, 47, 0x10),
		"SYN-ACK-FIN":                 with(synAck, 47, 0x13),
		"UDP":                         ether(clientMAC, serverMAC, 0x0800, ipv4(17, vip, clientIP, make([]byte, 30))),
		"IPv6":                        ether(clientMAC, serverMAC, 0x86dd, make([]byte, 60)),
		"ARP that ends in its header": whoHas(clientIP, serverIP, serverMAC, evidence.Broadcast)[:38],
	}
	c := lay(t)
	l := c.open(t)
	for name, frame := range wanted {
		t.Run(name, func(t *testing.T) {
			want, reason := Decode(frame)
			if reason != "" {
				t.Fatal(reason)
			}
			before := time.Now()
			c.send(t, frame, last)
			got := untilLast(t, l)
			if len(got) != 1 {
				t.Fatalf("got %d records: %v", len(got), got)
			}
			if at := got[0].Time; at.Before(before) || at.After(time.Now()) {
				t.Errorf("received at %v, sent after %v", at, before)
			}
			got[0].Time = time.Time{}
			if !reflect.DeepEqual(got[0], want) {
				t.Errorf("got  %+v\nwant %+v", got[0], want)
			}
		})
	}
	before, _, _ := l.Counts()
	for name, frame := range foreign {
		t.Run(name, func(t *testing.T) {
			c.send(t, frame, last)
			if got := untilLast(t, l); len(got) != 0 {
				t.Errorf("got %v", got)
			}
		})
	}
	received, dropped, ignored := l.Counts()
	if int(received-before) != len(foreign) || dropped.Total() != 0 || len(ignored) != 0 {
		t.Errorf("behind the filter %d frames, want %d; dropped %d; ignored %v", received-before, len(foreign), dropped, ignored)
	}
}

// What we send is on the wire and does not come back.
func TestLiveSend(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	sent := whoHas(unused, vip, clientMAC, evidence.Broadcast) // would pass if it arrived
	if err := l.Send(sent); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	if err := c.farConn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		n, _, err := c.farConn.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(buf[:n], sent) { // else IPv6 of the kernel's
			break
		}
	}
	c.send(t, last)
	if got := untilLast(t, l); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestLiveIgnored(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	c.send(t,
		whoHas(vip, clientIP, clientMAC, evidence.Broadcast), // not asked for: no VIP in it is a sender
		isAt(vip, clientMAC, serverIP, clientMAC),
		with(isAt(vip, clientMAC, serverIP, clientMAC), 11, 0x77), // our MAC in ARP only
		with(reply, 18, 8),
		with(reply, 21, 3),
		with(advert3, 34, 0x32),
		last)
	if got := untilLast(t, l); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	want := map[evidence.Reason]uint64{
		evidence.OwnMAC: 2, evidence.BadARPLength: 1, evidence.BadARPOperation: 1, evidence.BadVRRP: 1,
	}
	received, _, got := l.Counts()
	if received != 6 || !reflect.DeepEqual(got, want) {
		t.Errorf("received %d, ignored %v, want 6 and %v", received, got, want)
	}
	clear(got)
	if _, _, again := l.Counts(); !reflect.DeepEqual(again, want) {
		t.Error("the map of Counts is not the caller's own")
	}
}

func TestLiveDeadline(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	start := time.Now()
	if _, err := l.Next(start.Add(50 * time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if waited := time.Since(start); waited < 50*time.Millisecond || waited > time.Second {
		t.Errorf("waited %v for 50 ms", waited)
	}

	// One frame before a deadline, one after it, and nobody reads until
	// both are there.
	c.send(t, reply)
	time.Sleep(10 * time.Millisecond)
	between := time.Now()
	time.Sleep(10 * time.Millisecond)
	c.send(t, echoReply)
	time.Sleep(10 * time.Millisecond)
	if rec, err := l.Next(between); err != nil || rec.Kind != evidence.ARPReply {
		t.Errorf("what came in time: %v, %v", rec, err)
	}
	for range 2 {
		if rec, err := l.Next(between); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("what came too late: %v, %v", rec, err)
		}
	}
	if rec, err := l.Next(time.Time{}); err != nil || rec.Kind != evidence.EchoReply {
		t.Errorf("what was kept: %v, %v", rec, err)
	}
}

func TestLiveDropped(t *testing.T) {
	const burst = 3000
	for _, tc := range []struct {
		name   string
		buffer int // octets; 0: as Open sets it
	}{{"small buffer", 16 << 10}, {"its own buffer", 0}} {
		t.Run(tc.name, func(t *testing.T) {
			c := lay(t)
			l := c.open(t)
			if tc.buffer != 0 {
				if err := l.raw.Control(func(fd uintptr) {
					_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, tc.buffer)
				}); err != nil {
					t.Fatal(err)
				}
			}
			for range burst {
				c.send(t, reply)
			}
			_, early, _ := l.Counts()
			time.Sleep(20 * time.Millisecond)
			for {
				if _, err := l.Next(time.Now()); err != nil {
					break
				}
			}
			received, dropped, _ := l.Counts()
			t.Logf("received %d, dropped %d (%d before reading)", received, dropped, early)
			if received+dropped.Socket != burst {
				t.Errorf("received %d and dropped %d of %d", received, dropped, burst)
			}
			if (dropped.Socket > 0) != (tc.buffer != 0) {
				t.Errorf("dropped %d", dropped)
			}
		})
	}
}

func TestLiveSendQueueFull(t *testing.T) {
	c := lay(t)
	l := c.open(t)
	link, err := c.nearLink.LinkByName("near0")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.nearLink.QdiscAdd(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
		Rate:       1000, Limit: 500, Buffer: 15625, // octets a second, octets, ticks
	}); err != nil {
		t.Skipf("no token bucket in this kernel: %v", err)
	}
	start := time.Now()
	for range 100 {
		if err = l.Send(request); err != nil {
			break
		}
	}
	if !errors.Is(err, unix.ENOBUFS) || errors.Is(err, ErrInterfaceLost) {
		t.Errorf("a full queue: %v", err)
	}
	if took := time.Since(start); took < 3*time.Millisecond {
		t.Errorf("gave up after %v", took)
	}
}
