package diagnose

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Place is one frame of a capture file.
type Place struct {
	File  string    `json:"file"`
	Frame int       `json:"frame"` // from 1, as Wireshark counts
	Time  time.Time `json:"time,omitzero"`
}

// A Claim is all by which one MAC address said in ARP that the address is its
// own. Every frame of the capture counts, one that is in it twice, too.
type Claim struct {
	MAC        evidence.MAC `json:"mac"`
	First      Place        `json:"first"`
	Last       Place        `json:"last"`
	Replies    uint64       `json:"replies"`    // is-at
	Requests   uint64       `json:"requests"`   // who-has another address, with this one as sender
	Gratuitous uint64       `json:"gratuitous"` // sender and target are this address
	Probes     uint64       `json:"probes"`     // only asked whether it is free (RFC 5227)
	Mismatched uint64       `json:"mismatched"` // of all these: sent by another Ethernet source
}

// An Ask is a who-has for the address with what came of it.
type Ask struct {
	Place
	MAC     evidence.MAC `json:"mac"` // who asked
	IP      netip.Addr   `json:"ip"`  // and as whom: 0.0.0.0 in an ARP probe
	Answers []Answered   `json:"answers"`
}

// Answered is one answer to an Ask; they are in the order of arrival.
type Answered struct {
	Place
	MAC     evidence.MAC `json:"mac"`
	DelayMS float64      `json:"delay_ms"` // after the request
}

// A Change is a moment from which on clients send to another MAC address.
type Change struct {
	Place
	From evidence.MAC `json:"from"`
	To   evidence.MAC `json:"to"`
	Why  string       `json:"why"` // by what, such as "gratuitous ARP"
}

// A Filter shows in Wireshark the frames of one file that a finding rests on.
type Filter struct {
	File    string `json:"file"`
	Display string `json:"display"` // frame.number in {16 17 18}
}

// A CaptureFile is what there is to say about one file as a whole.
type CaptureFile struct {
	Name        string    `json:"name"`
	Format      string    `json:"format"`
	Compression string    `json:"compression,omitempty"`
	Frames      uint64    `json:"frames"`
	First       time.Time `json:"first,omitzero"` // time of the first frame
	Last        time.Time `json:"last,omitzero"`

	Dropped    uint64            `json:"dropped,omitempty"` // the capturing program says that it lost these
	Cut        uint64            `json:"cut,omitempty"`     // only the beginning was kept (snap length)
	NoMACs     uint64            `json:"no_macs,omitempty"` // frames of links without MAC addresses
	OtherLinks map[string]uint64 `json:"other_links,omitempty"`

	Damage     []Damage `json:"damage,omitempty"` // the first places that could not be read
	Damaged    uint64   `json:"damaged,omitempty"`
	Backwards  uint64   `json:"backwards,omitempty"`    // frames with a time before that of the frame before
	FirstBack  *Place   `json:"first_back,omitempty"`   // the first of these
	MostBackMS float64  `json:"most_back_ms,omitempty"` // the longest step back
}

// Damage is a place where a file could not be read.
type Damage struct {
	Offset  int64  `json:"offset"` // octets from the beginning, of what a compressed file holds
	Frame   int    `json:"frame"`  // the number that the frame there would have had
	What    string `json:"what"`
	Skipped int64  `json:"skipped"` // octets until reading went on
}
