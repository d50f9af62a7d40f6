package report

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// inspectedHost is a result of arpcheck inspect.
func inspectedHost() Document {
	mac := evidence.MAC{2, 0, 0, 0, 0, 0x41}
	return New("v1", "inspect", time.Time{}, time.Millisecond, []diagnose.Result{{
		VIP: netip.MustParseAddr("192.168.1.99"), Verdict: diagnose.Fail, Summary: "this real server answers for it",
		Tests: diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Pass, Holders: diagnose.Pass},
		Hosts: []diagnose.Host{{MAC: mac, Role: diagnose.RealServer, RoleReason: "guessed"}},
		Interfaces: []diagnose.Interface{
			{Name: "eth1", MAC: mac, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.41/24")}, AnswersARP: diagnose.Yes,
				AnnouncesVIP: diagnose.No, SendsUnasked: diagnose.No, ARPAnnounce: diagnose.Deciding{Value: 2, From: "all"}},
			{Name: "enp3s0f0.1004", AnswersARP: diagnose.No, AnnouncesVIP: diagnose.No, SendsUnasked: diagnose.No,
				ARPIgnore: diagnose.Deciding{Value: 1, From: "enp3s0f0.1004"}, ARPAnnounce: diagnose.Deciding{Value: 2, From: "all"}},
		},
		Findings: []diagnose.Finding{{Code: diagnose.ReplyLeak, Severity: diagnose.Critical, MAC: mac, Summary: "It answers.",
			Causes: []string{"arp_ignore is set on lo alone"}, Why: "Linux answers for every address."}},
	}})
}

// The host's own view has a table of interfaces, names the one cause as such,
// and counts no frames.
func TestInterfaces(t *testing.T) {
	for _, width := range []int{40, 60, 80, 120} {
		var out bytes.Buffer
		if err := WriteText(&out, inspectedHost(), Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		for _, line := range strings.Split(text, "\n") {
			if ansi.StringWidth(line) > width {
				t.Errorf("width %d: %q", width, line)
			}
		}
		for _, want := range []string{"role: real server (guessed)", "enp3s0f0.1004", "yes !", "2 (all)", "cause: arp_ignore is set"} {
			if !strings.Contains(text, want) {
				t.Errorf("width %d: no %q in\n%s", width, want, text)
			}
		}
		for _, no := range []string{"frames", "likely causes", "MAC "} {
			if strings.Contains(text, no) {
				t.Errorf("width %d: %q in\n%s", width, no, text)
			}
		}
	}
}

func TestInterfacesReadBack(t *testing.T) {
	var first, second bytes.Buffer
	if err := Write(&first, "json", inspectedHost(), Options{}); err != nil {
		t.Fatal(err)
	}
	d, err := Read(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(&second, "json", d, Options{}); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() || !strings.Contains(first.String(), `"addresses": []`) {
		t.Errorf("wrote\n%s\nand after reading it\n%s", &first, &second)
	}
}
