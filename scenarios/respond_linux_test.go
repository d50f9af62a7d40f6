package scenarios

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// An interface that goes down takes a responder's voice for as long as that.
func TestResponderOutlivesDown(t *testing.T) {
	lab := Start(t, Classic())
	client, director := lab.Host("client"), lab.Host("director")
	ip := netip.MustParseAddr("192.168.1.66")
	r, err := director.respond(Responder{Interface: "eth1", Address: ip})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, when := range []string{"before", "after it was down", "after it was down again"} {
		if got := whoHas(t, client, ClassicClient, ip, 1); !slices.Equal(got, []evidence.MAC{macDirector}) {
			t.Errorf("%s: replies from %v", when, got)
		}
		for _, up := range []bool{false, true} {
			if err := director.SetUp("eth1", up); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBigEndian(t *testing.T) {
	if memory := binary.NativeEndian.AppendUint16(nil, bigEndian(0x0806)); !bytes.Equal(memory, []byte{8, 6}) {
		t.Errorf("in memory it is % x", memory)
	}
}

// What traffic comes to grief of is said: on which host, and whether somebody
// did not want to wait any longer.
func TestTrafficErrors(t *testing.T) {
	client := Start(t, Classic()).Host("client")
	nobody := netip.MustParseAddr("192.168.1.250")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Ping(ctx, nobody); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "no answer") {
		t.Errorf("ping, cancelled: %v", err)
	}
	_, err := client.DialTCP(t.Context(), netip.AddrPortFrom(ClassicDirector, 81))
	if err == nil || !strings.HasPrefix(err.Error(), "host client: dial tcp4 192.168.1.10:81: ") {
		t.Errorf("dial: %v", err)
	}
}
