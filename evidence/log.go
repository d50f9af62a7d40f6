package evidence

import (
	"net/netip"
	"time"
)

// A Log is all that was seen in one run or one file, in order of time.
type Log struct {
	// Start and End bound the time that was listened to. Silence means
	// something only up to End, and only if nothing was lost.
	Start, End time.Time

	Records []Record

	Received uint64 // frames that reached us
	Lost     Lost
	Ignored  map[Reason]uint64 // received, but no evidence; may be nil

	// Notes are what the run itself has to tell, in order.
	Notes []Note

	// Of files only: who claimed what, in the order of address, VLANs and
	// first claim, and what there is to say about each file. Records then
	// holds what concerns the addresses that were asked for, or those with
	// more than one claimant, and is itself bounded. Repeats counts the frames
	// about these that are left out because each host did the same before and
	// after; they stood in the Gaps. Shortened counts those of which not even
	// that is known.
	Claims    []Claim
	Unlisted  uint64 // frames whose claim did not fit into Claims
	Repeats   uint64
	Gaps      []Gap
	Shortened uint64
	Files     []File
}

// Lost counts frames that are not in a log though they reached the interface,
// by who had no room for them.
type Lost struct {
	Socket  uint64 // the packet socket: who reads it was too slow
	Before  uint64 // the interface or a processor, before any socket
	Refused uint64 // the run: far more came than any answers to what it asked
	Noted   uint64 // files: whoever captured, as it says itself
}

// Total is how many there are.
func (l Lost) Total() uint64 { return l.Socket + l.Before + l.Refused + l.Noted }

// StandardInput is what the frames that come by a pipe are said to be from.
const StandardInput = "standard input"

// A Gap is a time of which Records holds samples only: the first and the last
// frames of each kind from each host. Who is silent in it may have spoken.
type Gap struct {
	Addr     netip.Addr // that the frames are about; invalid: adverts of virtual routers
	From, To time.Time
}

// Reason names why a frame is no evidence.
type Reason string

// The reasons, one for each way in which a frame can fail to be evidence.
const (
	NotInteresting  Reason = "not-interesting"    // well-formed, of no kind that tells anything
	Truncated       Reason = "truncated"          // ends before its own headers do
	BadARPLength    Reason = "bad-arp-length"     // hardware or protocol length is not 6 and 4
	BadARPType      Reason = "bad-arp-type"       // hardware is not Ethernet or protocol is not IPv4
	BadARPOperation Reason = "bad-arp-operation"  // neither request nor reply (RARP, InARP)
	GroupSender     Reason = "group-mac-sender"   // source of an IP frame is a multicast or broadcast MAC: nobody's
	ZeroSender      Reason = "zero-mac-sender"    // source of an IP frame is 00:00:00:00:00:00: nobody's
	BadIPv4         Reason = "bad-ipv4-header"    // version, header length or total length is wrong
	Fragment        Reason = "ipv4-fragment"      // not the first fragment: no transport header
	BadVRRP         Reason = "bad-vrrp-advert"    // wrong type, or shorter than its address count
	OwnMAC          Reason = "claims-our-own-mac" // somebody else sent it with our MAC as sender

	// Of files only.
	RARP        Reason = "rarp"                  // reverse ARP claims nothing (RFC 903)
	ManyTags    Reason = "too-many-vlan-tags"    // more than VLANs can hold
	BadAdvert   Reason = "bad-hsrp-or-glbp"      // shorter than its fields, or of no known version
	Encrypted   Reason = "802.11-encrypted"      // the payload of a protected frame
	BadFCS      Reason = "802.11-bad-fcs"        // damaged on the air, as the capturing card says
	Aggregate   Reason = "802.11-aggregate"      // an A-MSDU, of which only the first frame could be read
	NoMACs      Reason = "no-mac-addresses"      // raw IP or BSD loopback, and not ICMP echo
	OtherLink   Reason = "unsupported-link-type" // named in File.OtherLinks
	NoInterface Reason = "unknown-interface"     // a pcapng packet of an interface that was not described
)

// MayHide reports whether a frame of a capture that was ignored for this reason
// may have been evidence in truth: it could not be read, or not to its end. In
// a live run whole frames arrive, and one that ends early means nothing to
// anybody.
func (r Reason) MayHide() bool {
	switch r {
	case Truncated, ManyTags, Encrypted, BadFCS, Aggregate, OtherLink, NoInterface:
		return true
	}
	return false
}

// A Note is a fact about the run that no frame shows.
type Note struct {
	Code NoteCode
	VIP  netip.Addr // the address that it is about; invalid: the whole run
	Text string     // one sentence for the reader
}

// NoteCode names a kind of note, for the diagnosis to branch on.
type NoteCode string

// The notes that a run can leave.
const (
	// NoProbeSource: no unused on-link address could be had, so the
	// announce test was not run.
	NoProbeSource NoteCode = "no-probe-source"
	// Undone: after a leak was drawn the director was seen to broadcast the
	// VIP again.
	Undone NoteCode = "undone"
	// NotUndone: neighbour entries may still point to a real server.
	NotUndone NoteCode = "not-undone"
	// Interrupted: the run was cut short by a signal or by a lost interface.
	Interrupted NoteCode = "interrupted"
	// Stopped: the run ended when it had seen enough to tell a fault.
	Stopped NoteCode = "stopped"
)
