package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// wants is what a result is checked for. The findings are written as "code"
// or "code MAC", but for those of severity info.
type wants struct {
	verdict                  Verdict
	reply, announce, holders Verdict
	findings                 []string
}

func checkResult(t *testing.T, r Result, want wants) {
	t.Helper()
	got := wants{r.Verdict, r.Tests.Reply, r.Tests.Announce, r.Tests.Holders, nil}
	for _, f := range r.Findings {
		if f.Severity == Info {
			continue
		}
		text := string(f.Code)
		if !f.MAC.IsZero() {
			text += " " + f.MAC.String()
		}
		got.findings = append(got.findings, text)
		if f.Summary == "" || f.Why == "" || len(f.Fix) == 0 {
			t.Errorf("%s lacks a summary, a reason or a fix: %+v", f.Code, f)
		}
	}
	slices.Sort(got.findings)
	slices.Sort(want.findings)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(wants{})); diff != "" {
		t.Errorf("%s\n(-want +got):\n%s", r.Summary, diff)
	}
}

// hostOf finds a host in a result.
func hostOf(t *testing.T, r Result, mac evidence.MAC) Host {
	t.Helper()
	i := slices.IndexFunc(r.Hosts, func(h Host) bool { return h.MAC == mac })
	if i < 0 {
		t.Fatalf("no host %s in %+v", mac, r.Hosts)
	}
	return r.Hosts[i]
}

// named is the configuration of a run that names the director and r1.
func named(vips ...netip.Addr) Config {
	cfg := self(vips...)
	cfg.Director, cfg.RealServers = dirNamed, []evidence.Host{r1Named}
	return cfg
}

var r2IP = netip.MustParseAddr("192.168.1.42")

// One run over hosts that the kernel's rules drive, and what comes of it.
func TestVerdicts(t *testing.T) {
	reply, announce := "vip-reply-leak "+r1.String(), "vip-announce-leak "+r1.String()
	noAnnounce := named(vip)
	noAnnounce.NoAnnounceTest = true
	onSelf := self(vip)
	onSelf.Self.Local = append(onSelf.Self.Local, vip)
	stranger := named(vip)
	stranger.RealServers = append(stranger.RealServers, evidence.Host{IP: netip.MustParseAddr("192.168.1.49")})
	byRS := self(vip)
	byRS.RealServers = []evidence.Host{r1Named}

	for _, tc := range []struct {
		name   string
		cfg    Config
		actors []*actor
		want   wants
	}{
		{"all is well", named(vip), []*actor{director(), server(r1, r1IP, 1, 2, "lo")},
			wants{Pass, Pass, Pass, Pass, nil}},
		{"all is well, nobody named", self(vip), []*actor{director(), server(r1, r1IP, 1, 2, "lo")},
			wants{Pass, Pass, Pass, Pass, nil}},
		{"a director alone", self(vip), []*actor{director()},
			wants{Pass, Pass, Skipped, Pass, nil}},
		{"it answers and announces", named(vip), []*actor{director(), server(r1, r1IP, 0, 0, "lo")},
			wants{Fail, Fail, Fail, Pass, []string{reply, announce}}},
		{"it answers", named(vip), []*actor{director(), server(r1, r1IP, 0, 2, "lo")},
			wants{Fail, Fail, Pass, Pass, []string{reply}}},
		{"it announces", named(vip), []*actor{director(), server(r1, r1IP, 1, 0, "lo")},
			wants{Fail, Pass, Fail, Pass, []string{announce}}},
		{"it announces with 1", named(vip), []*actor{director(), server(r1, r1IP, 1, 1, "lo")},
			wants{Fail, Pass, Fail, Pass, []string{announce}}},
		{"two claim it, nobody named", self(vip), []*actor{director(), server(r1, r1IP, 0, 2, "lo")},
			wants{Fail, Fail, Pass, Pass, []string{"vip-conflict"}}},
		{"two claim it, one is a real server", byRS, []*actor{director(), server(r1, r1IP, 0, 2, "lo")},
			wants{Fail, Fail, Pass, Pass, []string{reply}}},
		{"only a named real server answers", byRS, []*actor{server(r1, r1IP, 0, 2, "lo")},
			wants{Fail, Fail, Pass, Pass, []string{reply}}},
		{"nobody answers, and one holds it", self(vip), []*actor{server(r1, r1IP, 1, 2, "lo")},
			wants{Fail, Fail, Pass, Pass, []string{"vip-unowned"}}},
		{"a real server without the VIP", named(vip), []*actor{director(), server(r1, r1IP, 1, 2, "")},
			wants{Pass, Pass, Pass, Pass, []string{"vip-missing " + r1.String()}}},
		{"a real server that is silent to ARP", named(vip), []*actor{director(), server(r1, r1IP, 8, 2, "lo")},
			wants{Fail, Pass, Pass, Pass, []string{"arp-silent " + r1.String()}}},
		{"a wide netmask", named(vip), []*actor{director(), server(r1, r1IP, 0, 2, "lo/24")},
			wants{Fail, Fail, Pass, Pass, []string{reply, "subnet-answered " + r1.String()}}},
		{"a named one was never seen", stranger, []*actor{director(), server(r1, r1IP, 1, 2, "lo")},
			wants{Inconclusive, Pass, Inconclusive, Inconclusive, nil}},
		{"no announce test", noAnnounce, []*actor{director(), server(r1, r1IP, 1, 2, "lo")},
			wants{Pass, Pass, Skipped, Skipped, nil}},
		{"this host has it", onSelf, []*actor{server(r1, r1IP, 1, 2, "lo")},
			wants{Inconclusive, Inconclusive, Pass, Pass, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkResult(t, Diagnose(newLab(tc.actors...).run(vip), tc.cfg)[0], tc.want)
		})
	}
}

// Silence proves something only when all was heard, to the end.
func TestSilence(t *testing.T) {
	clean := func() evidence.Log {
		return newLab(director(), server(r1, r1IP, 1, 2, "lo")).run(vip)
	}
	for _, tc := range []struct {
		name  string
		spoil func(*evidence.Log)
		want  wants
	}{
		{"frames lost", func(l *evidence.Log) { l.Lost.Socket = 3 },
			wants{Inconclusive, Inconclusive, Inconclusive, Inconclusive, []string{"capture-loss"}}},
		{"interrupted", func(l *evidence.Log) {
			l.Notes = append(l.Notes, evidence.Note{Code: evidence.Interrupted, Text: "the run was interrupted before its end"})
		}, wants{Inconclusive, Inconclusive, Inconclusive, Inconclusive, nil}},
		{"ended at once", func(l *evidence.Log) {
			l.Records = l.Records[:4]
			l.End = l.Records[3].Time
		}, wants{Inconclusive, Inconclusive, Inconclusive, Inconclusive, nil}},
		{"nothing at all", func(l *evidence.Log) { *l = evidence.Log{Start: l.Start, End: l.End} },
			wants{Inconclusive, Inconclusive, Inconclusive, Inconclusive, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log := clean()
			tc.spoil(&log)
			r := Diagnose(log, named(vip))[0]
			checkResult(t, r, tc.want)
			if h := hostOf(t, r, r1); h.AnswersARP == No && tc.name != "interrupted" {
				t.Errorf("r1 is said not to answer")
			}
		})
	}
}

// A leak that was seen stays one, whatever was lost beside it.
func TestLossExcusesNothing(t *testing.T) {
	log := newLab(director(), server(r1, r1IP, 0, 2, "lo")).run(vip)
	log.Lost.Socket = 1
	if r := Diagnose(log, named(vip))[0]; r.Verdict != Fail || r.Findings[len(r.Findings)-1].Code != CaptureLoss {
		t.Errorf("the verdict is %s with %v; want fail, and capture-loss last", r.Verdict, r.Findings)
	}
}

// A silence that may yet be broken is no fault while the run goes on.
func TestFaultInMidRun(t *testing.T) {
	for name, tc := range map[string]struct {
		second *actor
		want   bool
	}{
		"leak": {server(r1, r1IP, 0, 2, "lo"), true}, "clean": {server(r1, r1IP, 1, 2, "lo"), false},
	} {
		full := newLab(director(), tc.second).run(vip)
		at := 0 // of the record that proves the fault
		for n := 1; n <= len(full.Records) && at == 0; n++ {
			log := full
			log.Records = full.Records[:n]
			log.End = full.Records[n-1].Time
			if Fault(&log, named(vip)) {
				at = n
			}
		}
		if (at > 0) != tc.want {
			t.Errorf("%s: proven by frame %d, want proven: %t", name, at, tc.want)
		}
		if at > 0 && full.Records[at-1].SenderMAC != r1 {
			t.Errorf("%s: frame %d, %s, proves nothing", name, at, full.Records[at-1])
		}
	}
}

// The settings belong to the host: what one VIP excludes is excluded for all.
// Here the second VIP, on lo and silent, excludes arp_ignore 0, so the first
// one must be on the NIC, or the two have different scopes and it is 3.
func TestSeveralVIPs(t *testing.T) {
	second := netip.MustParseAddr("192.168.1.98")
	a, d := server(r1, r1IP, 1, 2, modelNIC), director()
	also := kernel.Address{Prefix: netip.PrefixFrom(second, 32)}
	a.host.Interfaces[0].Addresses = append(a.host.Interfaces[0].Addresses, also)
	d.host.Interfaces[1].Addresses = append(d.host.Interfaces[1].Addresses, also)
	log := newLab(d, a).run(vip, second)

	if got := hostOf(t, Diagnose(log, named(vip))[0], r1).ARPIgnore; !slices.Contains(got, 0) {
		t.Fatalf("the first VIP alone: arp_ignore is said to be %v, want 0 too", got)
	}
	results := Diagnose(log, named(vip, second))
	checkResult(t, results[0], wants{Fail, Fail, Pass, Pass, []string{"vip-reply-leak " + r1.String(), "vip-on-nic " + r1.String()}})
	checkResult(t, results[1], wants{Pass, Pass, Pass, Pass, nil})
	for _, r := range results {
		h := hostOf(t, r, r1)
		if diff := cmp.Diff([]int{1, 3}, h.ARPIgnore); diff != "" {
			t.Errorf("%s: arp_ignore (-want +got):\n%s", r.VIP, diff)
		}
	}
	for _, f := range results[0].Findings {
		if len(f.Causes) == 0 || !strings.Contains(f.Causes[0], "interface") {
			t.Errorf("%s: the causes are %q, want the interface first", f.Code, f.Causes)
		}
		if f.Code == OnNIC && !strings.Contains(f.Summary, "most likely") {
			t.Errorf("%q claims more than was seen", f.Summary)
		}
	}
}

// With arp_ignore 2 a VIP of another subnet on the NIC answers ARP probes
// alone, which nothing else does.
func TestOnNICProven(t *testing.T) {
	a, d := server(r1, r1IP, 2, 2, modelNIC), director()
	for _, h := range []*actor{a, d} {
		h.host.Interfaces[1].Addresses[1].Prefix = netip.PrefixFrom(modelVIPOut, 32)
	}
	r := Diagnose(newLab(d, a).run(modelVIPOut), named(modelVIPOut))[0]
	checkResult(t, r, wants{Fail, Fail, Pass, Pass, []string{"vip-reply-leak " + r1.String(), "vip-on-nic " + r1.String()}})
}

// The summary names the guilty by their addresses.
func TestSummary(t *testing.T) {
	r := Diagnose(newLab(director(), server(r1, r1IP, 0, 0, "lo"), server(r2, r2IP, 1, 2, "lo")).run(vip), named(vip))[0]
	if !strings.Contains(r.Summary, r1IP.String()) || strings.Contains(r.Summary, r2IP.String()) {
		t.Errorf("the summary is %q, want r1 in it and not r2", r.Summary)
	}
	h := hostOf(t, r, r2)
	if !slices.Contains(h.IPs, r2IP) || h.Role != RealServer {
		t.Errorf("r2 is %+v, want a real server with its RIP", h)
	}
	first := hostOf(t, r, r1).FirstReplyMS
	if first == nil || *first != 0.1 {
		t.Errorf("r1's first reply came after %v ms, want 0.1", first)
	}
}

// What was lost in three places has three causes and three cures.
func TestLossIsToldByItsCause(t *testing.T) {
	for _, tc := range []struct {
		lost    evidence.Lost
		says    string
		mends   string
		doesNot string
	}{
		{evidence.Lost{Socket: 3}, "The kernel dropped 3 frames", "rmem_max", "ethtool"},
		{evidence.Lost{Before: 3}, "3 frames were lost by the interface", "ethtool -S eth1", "rmem_max"},
		{evidence.Lost{Refused: 3}, "somebody floods", "tcpdump -nei eth1", "rmem_max"},
	} {
		log := newLab(director(), server(r1, r1IP, 1, 2, "lo")).run(vip)
		log.Lost = tc.lost
		r := Diagnose(log, self(vip))[0]
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == CaptureLoss })
		if i < 0 || r.Verdict != Inconclusive || r.Capture.Dropped != 3 {
			t.Fatalf("%+v: %s: %s %+v", tc.lost, r.Verdict, r.Summary, r.Findings)
		}
		f := r.Findings[i]
		fix := strings.Join(f.Fix, "\n")
		if !strings.Contains(f.Summary, tc.says) || !strings.Contains(fix, tc.mends) || strings.Contains(fix, tc.doesNot) {
			t.Errorf("%+v: %s\n%s", tc.lost, f.Summary, fix)
		}
	}
}
