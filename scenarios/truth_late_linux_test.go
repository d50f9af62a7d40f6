package scenarios_test

import (
	"runtime"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// What a proxy says late it does say: TestTruth proves that it is not at once,
// and that it comes without a delay, and this that it comes with one.
func TestTruthLateReply(t *testing.T) {
	d, g := startTarget(t)
	c := placed(plain(), truthIn, "routed")
	c.forward()
	c.All.ProxyARP = true
	ask := kernel.Stimulus{Kind: kernel.WhoHas, In: "eth1", Sender: truthClient, Target: truthIn, Broadcast: true}
	if got := c.React(ask).Reply; got != kernel.Late {
		t.Fatalf("the model: it %s, want late", got)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if err := stayOnOneProcessor(0); err != nil {
			t.Error(err)
			return
		}
		if err := g.become(c); err != nil {
			t.Error(err)
			return
		}
		// The kernel's default, of which a random part is waited. Any number
		// of these can be over before the fence; not all twenty.
		if err := g.write("neigh/eth1/proxy_delay", 80); err != nil {
			t.Error(err)
			return
		}
		for range 20 {
			got, err := d.ask([]kernel.Stimulus{ask})
			if err != nil {
				t.Error(err)
				return
			}
			if got[0] != (sight{}) {
				continue
			}
			rec, err := d.next() // waits for five seconds
			if err != nil || rec.Kind != evidence.ARPReply || rec.SenderIP != truthIn {
				t.Errorf("after the fence came %v (%v), want the proxy's reply", rec, err)
			}
			return
		}
		t.Error("all replies came at once")
	}()
	<-done
}
