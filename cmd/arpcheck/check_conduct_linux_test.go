package main

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// How a run behaves towards the segment and towards its own host.

// Without an address there is no subnet to take an unused address from. Who
// answers can be seen all the same.
func TestCheckWithoutAddress(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		server   scenarios.Server
		code     int
		findings []string
	}{
		{"clean", right, 3, nil},
		{"leak", scenarios.Server{}, 1, []string{"vip-reply-leak " + r1.String()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lab := start(t, changed(scenarios.Classic(tc.server), func(h map[string]*scenarios.HostSpec) {
				h["client"].Interfaces[0].Addresses = nil
			}))
			o := check(t, lab.Host("client"), "--director", directorMAC.String(), "--rs", r1.String())
			r := o.wants(tc.code, tc.findings...)
			if r.Tests.Announce != diagnose.Inconclusive || !slices.ContainsFunc(r.Notes, func(n diagnose.Note) bool {
				return strings.Contains(n.Text, "no IPv4 address")
			}) {
				t.Errorf("the announce test is %s, want inconclusive, and a note on why:\n%s", r.Tests.Announce, o)
			}
		})
	}
}

// A client that forwards is asked by its kernel to route what arrives for the
// temporary address: it must not come to that.
func TestCheckForwardingClient(t *testing.T) {
	lab := start(t, changed(scenarios.Classic(scenarios.Server{Ignore: 1}, right), func(h map[string]*scenarios.HostSpec) {
		h["client"].Sysctls = map[string]string{"net.ipv4.ip_forward": "1"}
	}))
	w := watch(t, lab.Host("client"))
	o := check(t, lab.Host("client"), "--director", "192.168.1.10")
	o.wants(1, "vip-announce-leak "+r1.String())
	o.is(r2, diagnose.RealServer, diagnose.No, diagnose.Yes, diagnose.No, nil, []int{2})

	temporary := map[netip.Addr]bool{}
	for _, f := range w.all() {
		if f.rec.Src != clientMAC {
			continue
		}
		switch {
		case f.rec.Kind == evidence.EchoRequest && f.rec.SenderIP != scenarios.ClassicClient:
			temporary[f.rec.SenderIP] = true
		case f.rec.Kind == evidence.ARPRequest && temporary[f.rec.TargetIP]:
			t.Errorf("the client's kernel looks for the temporary address: %s", f.rec)
		case f.rec.Kind == 0:
			t.Errorf("the client's kernel sends something of its own: %x", f.bytes)
		}
	}
	if len(temporary) == 0 {
		t.Error("no echo request from a temporary address was seen")
	}
}

// With --no-announce-test nothing is sent that makes others ask.
func TestCheckNoAnnounceTest(t *testing.T) {
	lab := start(t, scenarios.Classic(scenarios.Server{}, right))
	w := watch(t, lab.Host("client"))
	o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--rs", "192.168.1.41,192.168.1.42", "--no-announce-test")
	r := o.wants(1, "vip-reply-leak "+r1.String())
	if r.Tests.Announce != diagnose.Skipped {
		t.Errorf("the announce test is %s, want skipped", r.Tests.Announce)
	}
	sent := 0
	for _, f := range w.all() {
		switch {
		case f.rec.Src == clientMAC && f.rec.IsARP():
			sent++
		case slices.Equal(f.bytes[6:12], clientMAC[:]):
			t.Errorf("the run sent what is no ARP: %s, %x", f.rec, f.bytes)
		case f.rec.Kind == evidence.ARPRequest:
			t.Errorf("it made a host ask: %s", f.rec)
		}
	}
	if sent == 0 {
		t.Error("nothing of the run was seen")
	}
}

// With --fail-fast the first answers of a wrong host end the run.
func TestCheckFailFast(t *testing.T) {
	lab := scenarios.Start(t, scenarios.Classic(scenarios.Server{}))
	for range 5 {
		o := check(t, lab.Host("client"), "--director", "192.168.1.10", "--fail-fast")
		o.wants(1, "vip-reply-leak "+r1.String())
		if sent := o.Results[0].Capture.Sent; sent > 20 {
			t.Errorf("%d frames were sent, want it to end at the first answers", sent)
		}
	}
}

// No more frames are sent in any tenth of a second than --rate allows; answers
// for a temporary address go at once, and are not counted.
func TestCheckRate(t *testing.T) {
	lab := start(t, scenarios.Classic(right))
	var vips []string
	for i := range 20 {
		vips = append(vips, netip.AddrFrom4([4]byte{192, 168, 1, byte(100 + i)}).String())
	}
	const rate = 100
	w := watch(t, lab.Host("client"))
	o := check(t, lab.Host("client"), "--vip", strings.Join(vips, ","), "--rate", "100", "-c", "1", "-v")
	sent := map[int]time.Time{} // by frame: several results list the same one
	for _, r := range o.Results {
		for _, f := range r.Frames {
			if f.Sent && !strings.Contains(f.Text, "is-at") {
				sent[f.Frame] = f.Time
			}
		}
	}
	var times []time.Time
	for _, at := range sent {
		times = append(times, at)
	}
	slices.SortFunc(times, time.Time.Compare)
	const window = 100 * time.Millisecond
	for i, at := range times {
		n := 0
		for _, later := range times[i:] {
			if later.Sub(at) >= window {
				break
			}
			n++
		}
		// One more than fits, for a window includes both of its ends.
		if n > rate/10+1 {
			t.Fatalf("%d frames within %v, want %d at most", n, window, rate/10+1)
		}
	}
	frames := 0
	for _, f := range w.all() {
		if f.rec.Src == clientMAC && f.rec.Kind != evidence.ARPReply {
			frames++
		}
	}
	if most := int(o.took.Seconds()*rate) + 1; frames > most || frames < len(times) {
		t.Errorf("%d frames on the wire and %d in the result, within %v; want %d at most", frames, len(times), o.took, most)
	}
}

// A run that is interrupted after it has drawn a leak undoes that, and stops
// answering for the temporary address.
func TestCheckInterrupted(t *testing.T) {
	lab := start(t, scenarios.Cluster{Servers: []scenarios.Server{{Ignore: 1}}, Bystander: true}.Topology())
	bystander := lab.Host("bystander")
	if err := bystander.SetNeighbour("eth1", scenarios.ClassicVIP, directorMAC); err != nil {
		t.Fatal(err)
	}
	w := watch(t, bystander)
	leaked := make(chan netip.Addr, 100)
	w.each(func(rec evidence.Record) {
		if rec.Kind == evidence.ARPRequest && rec.SenderMAC == r1 && rec.SenderIP == scenarios.ClassicVIP {
			leaked <- rec.TargetIP
		}
	})
	cmd, stdout, stderr := arpcheck(lab, "-w", "30s", "--director", "192.168.1.10")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var temporary netip.Addr
	select {
	case temporary = <-leaked:
	case <-time.After(20 * time.Second):
		t.Error("no leak was drawn")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if code := exitCode(cmd.Wait()); code != 1 {
		t.Errorf("exit code %d, want 1: the leak is proven\n%s%s", code, stdout, stderr)
	}
	if !temporary.IsValid() {
		return
	}
	if mac := neighbour(t, bystander); mac != directorMAC {
		t.Errorf("after the run a bystander has the VIP at %s, want the director's %s\n%s", mac, directorMAC, stdout)
	}
	if w.asks(temporary, scenarios.ClassicBystander, labMAC(4), scenarios.ClassicClient) {
		t.Errorf("somebody still answers for %s", temporary)
	}
}
