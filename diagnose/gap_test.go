package diagnose

import (
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// Of a long capture only samples are kept of its middle. A request among them
// whose answers are not shows no silence; what is said there counts.
func TestSilenceInAGapIsNone(t *testing.T) {
	for _, gap := range []bool{false, true} {
		c := newTap()
		from := c.now
		for range 3 {
			c.whoHas(vip, clientMAC, client)
			c.isAt(vip, dirMAC, clientMAC, client)
			// So that an answer of the server to the client would show.
			c.see(evidence.Record{Kind: evidence.EchoReply, Src: r1, Dst: clientMAC, SenderIP: r1IP, TargetIP: client, ID: 1})
			c.tick(5 * time.Second)
		}
		log := c.end()
		if gap {
			log.Gaps = []evidence.Gap{{Addr: vip, From: from, To: c.now}}
		}
		r := Captured(log, Config{VIPs: []netip.Addr{vip}, Director: dirNamed, RealServers: []evidence.Host{r1Named}})[0]
		want := No
		if gap {
			want = Unknown
		}
		if h := hostOf(t, r, r1); h.AnswersARP != want {
			t.Errorf("gap %t: answers %s, want %s", gap, h.AnswersARP, want)
		}
	}
}
