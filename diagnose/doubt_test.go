package diagnose

import (
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// Whatever is left open is told with its reason.
func TestEachDoubtIsTold(t *testing.T) {
	for name, tc := range map[string]struct {
		happens func(l *lab)
		want    string
	}{
		"no time to answer": {func(l *lab) { l.asking(vip); l.whoHas(vip, client, evidence.Broadcast) }, "time to answer"},
		"no echo request":   {func(l *lab) { l.asking(vip); l.tick(1e9) }, "was asked whether it holds"},
	} {
		l := newLab(director(), server(r1, r1IP, 1, 2, "lo"))
		tc.happens(l)
		r := Diagnose(l.end(), self(vip))[0]
		if r.Verdict != Inconclusive || !strings.Contains(r.Summary, tc.want) {
			t.Errorf("%s: %s, %+v: %s", name, r.Verdict, r.Tests, r.Summary)
		}
	}
}
