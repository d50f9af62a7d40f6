package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// An Inspection is one host as it sees itself: what Inspect judges.
type Inspection struct {
	kernel.Host
	Default kernel.Settings // net.ipv4.conf.default
	Links   map[string]Link // by the name of the interface
	Boot    *Boot           // nil: what happens at boot is not judged
	NetNS   string

	Rules     bool           // `ip rule` has rules that are not followed
	Elsewhere []kernel.Route // of tables that only those rules lead to
	Filters   []string       // what may drop ARP
	Hidden    bool           // there may be more of them, which only root can read

	Role Role // empty: guessed from where each VIP sits
}

// A Link is what the kernel's model does not say about an interface.
type Link struct {
	MAC     evidence.MAC
	Kind    string
	Master  string // the bridge, bond or VRF that it belongs to; empty: none
	Segment bool   // other hosts can be behind it now, and ARP with it
	Holder  bool   // it leads nowhere and is there to hold addresses
}

// A Boot is what the files that set sysctls at boot make of them.
type Boot struct {
	Program    string   // who reads the files
	Unreadable []string // files that could not be read
	Setting    func(dev, name string) BootSetting
	Near       func(name string) []string // lines that were meant for a setting and miss it, and why; may be nil
	Root       string                     // the folder that the files are below; empty: /
}

// A BootSetting is what the boot-time files make of one sysctl.
type BootSetting struct {
	Value string
	Where string // file:line; empty: no file sets it
	Lost  []Lost // lines that do not count
}

// Lost is a line that does not count, and why.
type Lost struct{ Value, Where, Why string }

// An Interface is what a host does about the VIP on one of its interfaces.
type Interface struct {
	Name      string         `json:"name"`
	MAC       evidence.MAC   `json:"mac"`
	Addresses []netip.Prefix `json:"addresses"` // without the VIP; the first of them
	// Further addresses are counted alone. Alike names interfaces that behave
	// as this one does, and have no entry of their own.
	Further int      `json:"addresses_further,omitempty"`
	Alike   []string `json:"alike,omitempty"`

	AnswersARP   Answer   `json:"answers_arp"`          // replies to who-has VIP
	AnswersTo    []string `json:"answers_to,omitempty"` // whom: in-subnet, off-subnet, arp-probe
	AnnouncesVIP Answer   `json:"announces_vip"`        // uses the VIP as sender of its own ARP requests
	SendsUnasked Answer   `json:"sends_gratuitous"`     // gratuitous ARP for the VIP, by the kernel
	AnswersOwn   Answer   `json:"answers_own"`          // replies to who-has for its own address; unknown: it has none

	ARPIgnore   Deciding `json:"arp_ignore"`
	ARPAnnounce Deciding `json:"arp_announce"`
}

// Deciding is the value of a sysctl that counts on an interface, and where it
// comes from: all, the interface, or neither if both are 0.
type Deciding struct {
	Value int    `json:"value"`
	From  string `json:"from"`
}

// A judge looks at a host with one VIP and one role in mind.
type judge struct {
	*Inspection
	vip    netip.Addr
	role   Role
	reason string
	unsure bool    // the role is a guess that its settings speak against
	at     []place // where the VIP is

	now   *state
	found []trouble // what goes wrong now
	boot  *state    // the host after the next boot; nil: that is not judged
	then  []trouble // and what goes wrong then
}

// Interface returns the interface of that name, or nil.
func (j *judge) Interface(name string) *kernel.Interface { return j.now.Interface(name) }

// A place is an interface that has the VIP.
type place struct {
	dev string
	kernel.Address
	by string // how, if not as an address
}

func (p place) String() string {
	if p.by != "" {
		return fmt.Sprintf("%s on %s, %s", p.Prefix, p.dev, p.by)
	}
	return fmt.Sprintf("%s on %s", p.Prefix, p.dev)
}

// Inspect judges each VIP on the host, from the inside.
//
// A critical finding is a fault, now. A warning is a fault in waiting, or one
// that this host cannot decide alone (whether some program sets at boot what no
// file does, by which interface the director delivers): it makes the verdict
// inconclusive, so that no script takes it for a pass.
func Inspect(in *Inspection, vips []netip.Addr) []Result {
	now := in.state(&in.Host, vips)
	var boot *state
	if in.Boot != nil {
		boot = in.state(in.booted(&in.Host), vips)
	}
	results := make([]Result, 0, len(vips))
	for _, vip := range vips {
		j := in.judge(vip, now)
		if j.boot = boot; boot != nil {
			j.then = j.troubles(boot)
		}
		results = append(results, j.result())
	}
	return results
}

// Candidates are the addresses to judge where none is named: those on lo (but
// for 127/8) and on interfaces that only hold addresses, and on all others
// those beside the interface's own: secondary ones, and single addresses (/32).
func (in *Inspection) Candidates() (all []netip.Addr) {
	for i := range in.Interfaces {
		dev := &in.Interfaces[i]
		for _, a := range dev.Addresses {
			single := a.Bits() == 32
			switch l := in.Links[dev.Name]; {
			case a.Addr().IsLoopback() || slices.Contains(all, a.Addr()):
			case dev.Loopback, l.Kind == "dummy", l.Holder && single, // not docker0 with its subnet
				!l.Holder && (a.Secondary || single && len(dev.Addresses) > 1):
				all = append(all, a.Addr())
			}
		}
	}
	return all
}

func (in *Inspection) judge(vip netip.Addr, now *state) *judge {
	j := &judge{Inspection: in, vip: vip, role: in.Role, now: now, at: now.at[vip]}
	j.cast()
	j.unsure = j.role == Director && in.Role == "" && !slices.ContainsFunc(j.at, func(p place) bool {
		return !j.curedOn(p.dev)
	})
	return j
}

// cast gives the host its role: a VIP on lo or the like is how real servers
// have it, one on a NIC is how directors have it.
func (j *judge) cast() {
	held := "which it does not have"
	if len(j.at) > 0 {
		var all []string
		for _, p := range j.at {
			all = append(all, fmt.Sprintf("%s, scope %s", p, p.Scope))
		}
		held = strings.Join(all, " and ")
	}
	if j.role != "" {
		j.reason = "as you said; the VIP: " + held
		return
	}
	j.role, j.reason = Other, "it does not have the VIP; --role says what it should be"
	for _, p := range j.at {
		if j.Links[p.dev].Holder {
			j.role, j.reason = RealServer, "guessed, for the VIP is where real servers have it: "+held
			return
		}
		j.role, j.reason = Director, "guessed, for the VIP is where directors have it: "+held+"; if it is a real server: --role real-server"
	}
}

// curedOn reports whether an interface has the settings of a real server's. Few
// directors have them, and a real server whose VIP is there would answer for it.
func (j *judge) curedOn(dev string) bool {
	own := j.Interface(dev)
	ignore := max(j.All.ARPIgnore, own.ARPIgnore)
	return (ignore == 1 || ignore == 2) && max(j.All.ARPAnnounce, own.ARPAnnounce) == 2
}

// result is everything that can be said about the VIP.
func (j *judge) result() Result {
	views := j.views(j.now)
	j.found = j.troublesOf(j.now, views)
	now := j.found
	r := Result{VIP: j.vip, NetNS: j.NetNS, Interfaces: j.alike(views)}
	r.Findings = append(j.findings(now), j.bootFindings(now)...)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return weight(b.Severity) - weight(a.Severity) })
	r.Verdict = j.verdict(r.Findings)
	r.Tests = j.tests(r)
	r.Hosts = []Host{j.self(r)}
	r.Summary = j.summary(r, now)
	r.Notes = j.notes(r)
	return r
}

func weight(s Severity) int { return slices.Index([]Severity{Info, Warning, Critical}, s) }

func (j *judge) verdict(findings []Finding) Verdict {
	v := Pass
	if j.unsure || len(j.now.segments) == 0 || j.Rules || len(j.Filters) > 0 || j.Boot != nil && len(j.Boot.Unreadable) > 0 {
		v = Inconclusive
	}
	for _, f := range findings {
		switch f.Severity {
		case Critical:
			v = v.Worse(Fail)
		case Warning:
			v = v.Worse(Inconclusive)
		}
	}
	return v
}

// tests answers the questions of a check as far as they are about this host.
func (j *judge) tests(r Result) Tests {
	t := Tests{Reply: Pass, Announce: Pass, Holders: Pass}
	for _, f := range r.Findings {
		switch f.Code {
		case ReplyLeak, GratuitousLeak, OnNIC, Unanswered:
			t.Reply = Fail
		case AnnounceLeak:
			t.Announce = Fail
		case Missing:
			t.Holders = Skipped // who else has it is a question for a check
		}
	}
	if len(r.Interfaces) == 0 {
		t.Reply, t.Announce = Inconclusive, Inconclusive
	}
	if j.role == Director {
		t.Announce = Skipped // it may
	}
	return t
}

// self is this host as a check would show it, with all that it is sure of.
func (j *judge) self(r Result) Host {
	h := Host{Role: j.role, RoleReason: j.reason, HoldsVIP: No, AnswersARP: No, AnnouncesVIP: No}
	if len(j.at) > 0 {
		h.HoldsVIP = Yes
	}
	best := -1
	for _, v := range r.Interfaces {
		if p := j.prominence(v.Name); p > best {
			best, h.MAC = p, v.MAC
		}
		for _, p := range v.Addresses {
			if len(h.IPs) < mostAddresses {
				h.IPs = append(h.IPs, p.Addr())
			}
		}
		if v.AnswersARP == Yes {
			h.AnswersARP = Yes
		}
		if v.AnnouncesVIP == Yes {
			h.AnnouncesVIP = Yes
		}
		if n := v.ARPIgnore.Value; !slices.Contains(h.ARPIgnore, n) {
			h.ARPIgnore = append(h.ARPIgnore, n)
		}
		if n := v.ARPAnnounce.Value; !slices.Contains(h.ARPAnnounce, n) {
			h.ARPAnnounce = append(h.ARPAnnounce, n)
		}
	}
	slices.Sort(h.ARPIgnore)
	slices.Sort(h.ARPAnnounce)
	for _, f := range r.Findings {
		h.Causes = append(h.Causes, f.Causes...)
	}
	return h
}
