package diagnose

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Result is everything that can be said about one VIP. In the only result of
// a capture in which no address has two claimants the VIP is invalid. Its JSON form is part
// of the schema arpcheck/v1: fields may be added, never renamed.
type Result struct {
	VIP       netip.Addr `json:"vip"`
	Interface string     `json:"interface"`
	NetNS     string     `json:"netns"`
	File      string     `json:"file"`
	VLAN      []uint16   `json:"vlan"`
	Verdict   Verdict    `json:"verdict"`
	Summary   string     `json:"summary"` // one sentence
	Tests     Tests      `json:"tests"`
	Hosts     []Host     `json:"hosts"`
	// Interfaces are those of the one host that was inspected.
	Interfaces []Interface `json:"interfaces,omitempty"`
	Findings   []Finding   `json:"findings"`
	Notes      []Note      `json:"notes,omitempty"`
	Capture    Capture     `json:"capture"`

	// Of captures only: who claimed the address, in the order of the first
	// frames; who asked for it and who answered; and the moments from which on
	// clients sent to another MAC address. The lists hold the first of each.
	Claims       []Claim  `json:"claims,omitempty"`
	ClaimsTotal  uint64   `json:"claims_total,omitempty"`
	Asks         []Ask    `json:"asks,omitempty"`
	AsksTotal    uint64   `json:"asks_total,omitempty"`
	Changes      []Change `json:"changes,omitempty"`
	ChangesTotal uint64   `json:"changes_total,omitempty"`

	Frames []Frame `json:"frames,omitempty"` // every frame, when asked for (-v)
}

// Verdict is the answer in one word.
type Verdict string

// The verdicts, from best to worst; Skipped is for a single test alone.
const (
	Skipped      Verdict = "skipped"
	Pass         Verdict = "pass"
	Inconclusive Verdict = "inconclusive"
	Fail         Verdict = "fail"
)

// Worse returns the worse of two verdicts.
func (v Verdict) Worse(w Verdict) Verdict {
	rank := map[Verdict]int{Skipped: 0, Pass: 1, Inconclusive: 2, Fail: 3}
	if rank[w] > rank[v] {
		return w
	}
	return v
}

// Tests holds the verdict of each question that was asked.
type Tests struct {
	Reply    Verdict `json:"reply"`    // does the right host, and no other, answer who-has?
	Announce Verdict `json:"announce"` // does any other host use the VIP as ARP sender?
	Holders  Verdict `json:"holders"`  // was everyone who holds the VIP found?
}

// Answer is what is known of a yes-or-no question about a host.
type Answer string

// The three answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Role is what a host is in the cluster.
type Role string

// The roles.
const (
	Director   Role = "director"
	RealServer Role = "real-server"
	Other      Role = "other"
)

// A Host is one MAC address that has to do with the VIP, or one host that was
// named and never seen; then MAC is zero.
type Host struct {
	MAC        evidence.MAC `json:"mac"`
	IPs        []netip.Addr `json:"ips"`
	Role       Role         `json:"role"`
	RoleReason string       `json:"role_reason"`
	// OtherMACs are further addresses of the same interface, such as the ports
	// of a bond.
	OtherMACs []evidence.MAC `json:"other_macs,omitempty"`

	AnswersARP   Answer `json:"answers_arp"`   // replies to who-has VIP
	HoldsVIP     Answer `json:"holds_vip"`     // has the VIP as an address of its own
	AnnouncesVIP Answer `json:"announces_vip"` // uses the VIP as sender of its own ARP requests

	Replies      int      `json:"replies"`        // to who-has VIP
	FirstReplyMS *float64 `json:"first_reply_ms"` // after the request that it answers; null without a reply
	// ReplyMS holds the same for each reply. ReplyOrder is the host's place
	// among all that answered, by their first reply, from 1.
	ReplyMS    []float64 `json:"reply_ms,omitempty"`
	ReplyOrder int       `json:"reply_order,omitempty"`

	// ARPIgnore and ARPAnnounce hold every value in force on the interface
	// that faces the segment that fits what was seen, ascending. 0 stands for
	// 0 and 4 to 7, which behave alike. Empty: no Linux setting fits.
	ARPIgnore   []int    `json:"arp_ignore"`
	ARPAnnounce []int    `json:"arp_announce"`
	Causes      []string `json:"causes"` // ranked, each with the command on the host that confirms it
}

// Severity says what a finding does to the verdict: critical fails it.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// A Finding is one thing that is wrong or worth knowing.
type Finding struct {
	Code     Code         `json:"code"`
	Severity Severity     `json:"severity"`
	MAC      evidence.MAC `json:"mac"` // zero when it is about no single host
	IPs      []netip.Addr `json:"ips"`
	Summary  string       `json:"summary"`
	Why      string       `json:"why"`
	Fix      []string     `json:"fix"` // shell lines, to run on that host unless a comment line says otherwise
	// Causes are those of the host's causes that explain this finding.
	Causes []string `json:"causes,omitempty"`
	// Variants say in one line each where the fix is another one.
	Variants []string   `json:"variants,omitempty"`
	Evidence []Evidence `json:"evidence"`
	// Filters show all frames that the finding rests on, of each file.
	Filters []Filter `json:"filters,omitempty"`
}

// Code names a finding; scripts branch on it.
type Code string

// The finding codes of schema arpcheck/v1.
const (
	ReplyLeak      Code = "vip-reply-leak"
	AnnounceLeak   Code = "vip-announce-leak"
	GratuitousLeak Code = "vip-gratuitous-leak"
	Conflict       Code = "vip-conflict"
	Unowned        Code = "vip-unowned"
	OwnerChanged   Code = "vip-owner-changed"
	OnNIC          Code = "vip-on-nic"
	SubnetAnswered Code = "subnet-answered"
	ProxyARP       Code = "proxy-arp"
	ARPSilent      Code = "arp-silent"
	SourceMismatch Code = "source-mismatch"
	CaptureLoss    Code = "capture-loss"
)

// Evidence is one frame that a finding rests on.
type Evidence struct {
	Frame int       `json:"frame"` // counted from 1
	Time  time.Time `json:"time"`
	Text  string    `json:"text"`
	File  string    `json:"file,omitempty"`
}

// A Frame is one frame of the run, for those who want to see them all.
type Frame struct {
	Frame int       `json:"frame"`
	Time  time.Time `json:"time"`
	Sent  bool      `json:"sent"`
	Text  string    `json:"text"`
	File  string    `json:"file,omitempty"`
}

// A Note is something about the run itself that the reader must know, such as
// why a test was left out or whether harm was undone.
type Note struct {
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"` // what to type
}

// Capture counts frames.
type Capture struct {
	Sent     uint64                     `json:"sent"`
	Received uint64                     `json:"received"` // reached the program
	Dropped  uint64                     `json:"dropped"`  // lost on the way to it, or more than it keeps
	Analysed uint64                     `json:"analysed"`
	Ignored  map[evidence.Reason]uint64 `json:"ignored"`

	// Of captures only. Unlisted frames claimed addresses that there was no
	// room to list; Shortened are frames about the listed addresses that were
	// counted and not looked at one by one; Repeated were in the capture more
	// than once, and count as one.
	Unlisted  uint64        `json:"unlisted,omitempty"`
	Shortened uint64        `json:"shortened,omitempty"`
	Repeated  uint64        `json:"repeated,omitempty"`
	Files     []CaptureFile `json:"files,omitempty"`
}
