package scenarios

import (
	"encoding/binary"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/mdlayher/packet"

	"github.com/arpcheck/arpcheck/evidence"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperMode); mode != "" {
		os.Exit(helper(mode))
	}
	os.Exit(Main(m))
}

// macOf is the address that Build gives the n-th host's first interface.
func macOf(n int) evidence.MAC { return evidence.MAC{2, 0, 0, 0, 0, byte(n)} }

// Two hosts of Classic, by their position.
var macDirector, macR1 = macOf(2), macOf(3)

// whoHas broadcasts an ARP request from the host's eth1 with sip as its
// sender, and gives the MACs of all who reply: it has patience until as many
// as expected did, and then listens for a moment more.
func whoHas(t *testing.T, h *Host, sip, tip netip.Addr, expected int) []evidence.MAC {
	t.Helper()
	var conn *packet.Conn
	var from evidence.MAC
	err := h.Do(func() error {
		ifc, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		from = evidence.MAC(ifc.HardwareAddr)
		conn, err = packet.Listen(ifc, packet.Raw, 0x0806, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	frame := slices.Concat(evidence.Broadcast[:], from[:], []byte{8, 6}, // Ethernet
		[]byte{0, 1, 8, 0, 6, 4, 0, 1}, from[:], sip.AsSlice(), make([]byte, 6), tip.AsSlice())
	if _, err := conn.WriteTo(frame, &packet.Addr{HardwareAddr: evidence.Broadcast[:]}); err != nil {
		t.Fatal(err)
	}
	got := map[evidence.MAC]bool{}
	buf := make([]byte, 128)
	listen := func() {
		wait := 40 * time.Millisecond
		if len(got) < expected {
			wait = 3 * time.Second
		}
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
	}
	listen()
	for {
		n, _, err := conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return slices.SortedFunc(maps.Keys(got), func(a, b evidence.MAC) int { return slices.Compare(a[:], b[:]) })
		}
		if err != nil {
			t.Fatal(err)
		}
		if n >= 42 && binary.BigEndian.Uint16(buf[20:]) == 2 && netip.AddrFrom4([4]byte(buf[28:])) == tip {
			got[evidence.MAC(buf[22:28])] = true
			listen()
		}
	}
}
