package main

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// The tests named TestCheck… run the product itself, flags to JSON, against
// hosts with the real kernel. They mostly wait, so they run side by side.

// The hosts of the classic cluster, by their position in it.
var (
	clientMAC   = labMAC(1)
	directorMAC = labMAC(2)
	r1, r2, r3  = labMAC(3), labMAC(4), labMAC(5)
)

// labMAC is the address that a lab gives the first interface of its n-th host.
func labMAC(n byte) evidence.MAC { return evidence.MAC{2, 0, 0, 0, 0, n} }

// right is a real server that is set as it should be.
var right = scenarios.Server{Ignore: 1, Announce: 2}

// An outcome is what a run came to.
type outcome struct {
	t    *testing.T
	code int
	took time.Duration
	report.Document
	stderr string
}

// check runs arpcheck on a host of the lab, for the classic VIP unless args
// name another, and reads its JSON.
func check(t *testing.T, from *scenarios.Host, args ...string) outcome {
	t.Helper()
	if !slices.Contains(args, "--vip") {
		args = append([]string{"--vip", scenarios.ClassicVIP.String()}, args...)
	}
	args = append([]string{"--netns", from.NetNS(), "-i", "eth1", "-o", "json"}, args...)
	stdout, stderr := tempFile(t), tempFile(t)
	start := time.Now()
	o := outcome{t: t, code: run(args, strings.NewReader(""), stdout, stderr), took: time.Since(start)}
	o.stderr = string(content(t, stderr))
	var err error
	if o.Document, err = report.Read(bytes.NewReader(content(t, stdout))); err != nil {
		t.Fatalf("%v\nstandard error: %s", err, o.stderr)
	}
	return o
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, f *os.File) []byte {
	t.Helper()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wants checks the exit code, and all findings but those of severity info, of
// the only result; each as "code" or "code MAC". It returns that result.
func (o outcome) wants(code int, findings ...string) *diagnose.Result {
	o.t.Helper()
	if len(o.Results) != 1 {
		o.t.Fatalf("%d results, want one", len(o.Results))
	}
	r := &o.Results[0]
	var got []string
	for _, f := range r.Findings {
		if f.Severity == diagnose.Info {
			continue
		}
		got = append(got, strings.TrimSpace(string(f.Code)+" "+macText(f.MAC)))
	}
	slices.Sort(got)
	slices.Sort(findings)
	if diff := cmp.Diff(findings, got); diff != "" || o.code != code {
		o.t.Errorf("exit code %d, want %d: %s\nfindings (-want +got):\n%s%s", o.code, code, r.Summary, diff, o)
	}
	return r
}

func macText(m evidence.MAC) string {
	if m.IsZero() {
		return ""
	}
	return m.String()
}

// String is the outcome for a failed test's log.
func (o outcome) String() string {
	var b strings.Builder
	_ = report.Write(&b, "text", o.Document, report.Options{Width: 120, Verbose: true})
	return b.String() + o.stderr
}

// host finds a host of the result, which must be in it.
func (o outcome) host(mac evidence.MAC) diagnose.Host {
	o.t.Helper()
	for _, r := range o.Results {
		for _, h := range r.Hosts {
			if h.MAC == mac {
				return h
			}
		}
	}
	o.t.Fatalf("no host %s in the result:\n%s", mac, o)
	return diagnose.Host{}
}

// is checks what is said about a host: whether it answers, holds and announces
// (yes, no, unknown, or "any" where it does not matter), which values of
// arp_ignore are ruled out, and which of arp_announce are left.
func (o outcome) is(mac evidence.MAC, role diagnose.Role, answers, holds, announces diagnose.Answer, notIgnore, announce []int) {
	o.t.Helper()
	const whatever = diagnose.Answer("any")
	h := o.host(mac)
	for _, a := range []struct {
		what      string
		want, got diagnose.Answer
	}{
		{"answers", answers, h.AnswersARP}, {"holds", holds, h.HoldsVIP}, {"announces", announces, h.AnnouncesVIP},
	} {
		if a.want != whatever && a.want != a.got {
			o.t.Errorf("%s %s: %s, want %s\n%s", mac, a.what, a.got, a.want, o)
		}
	}
	if h.Role != role {
		o.t.Errorf("%s is the %s (%s), want %s", mac, h.Role, h.RoleReason, role)
	}
	for _, v := range notIgnore {
		if len(h.ARPIgnore) == 0 || slices.Contains(h.ARPIgnore, v) {
			o.t.Errorf("%s has arp_ignore %v, want some without %d\n%s", mac, h.ARPIgnore, v, o)
		}
	}
	if announce != nil && !slices.Equal(h.ARPAnnounce, announce) {
		o.t.Errorf("%s has arp_announce %v, want %v\n%s", mac, h.ARPAnnounce, announce, o)
	}
}

// neighbour is what a host has in its neighbour cache for the VIP.
func neighbour(t *testing.T, h *scenarios.Host) evidence.MAC {
	t.Helper()
	mac, _, err := h.Neighbour("eth1", scenarios.ClassicVIP)
	if err != nil {
		t.Fatal(err)
	}
	return mac
}

// start builds a lab for a test that runs beside others.
func start(t *testing.T, top scenarios.Topology) *scenarios.Lab {
	t.Helper()
	t.Parallel()
	return scenarios.Start(t, top)
}

// changed is the classic cluster with something different about it.
func changed(top scenarios.Topology, change func(h map[string]*scenarios.HostSpec)) scenarios.Topology {
	hosts := map[string]*scenarios.HostSpec{}
	for i := range top.Hosts {
		hosts[top.Hosts[i].Name] = &top.Hosts[i]
	}
	change(hosts)
	return top
}

func address(prefix string) scenarios.AddressSpec {
	return scenarios.AddressSpec{Prefix: netip.MustParsePrefix(prefix)}
}
