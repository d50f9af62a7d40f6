package evidence

import (
	"net/netip"
	"time"
)

// A Claim is everything by which one MAC address said, in ARP and in one VLAN,
// that an IPv4 address is its own. A claim of probes alone is none: the host
// only asked whether the address is free.
type Claim struct {
	Addr  netip.Addr
	VLANs VLANs
	MAC   MAC // the ARP sender, not the Ethernet source

	First, Last Place

	// Frames by kind; each is counted once.
	Replies    uint64 // is-at
	Requests   uint64 // who-has another address, with Addr as the sender
	Gratuitous uint64 // requests and replies with Addr as sender and target
	Probes     uint64 // who-has Addr from 0.0.0.0 (RFC 5227)

	Mismatched uint64 // of all these, frames whose Ethernet source is not MAC
}

// Claims is how many frames claimed the address.
func (c *Claim) Claims() uint64 { return c.Replies + c.Requests + c.Gratuitous }

// A Place is a frame of a file.
type Place struct {
	File  string
	Frame int // from 1, as Wireshark counts
	Time  time.Time
}

// A File is what there is to say about one file as a whole.
type File struct {
	Name        string
	Format      string // "pcap" or "pcapng"
	Compression string // "gzip", "zstd" or empty

	Frames      uint64
	First, Last time.Time // of the first and the last frame; zero: none had a time

	Cut        uint64            // frames of which the capture kept only the beginning (snap length)
	NoMACs     uint64            // frames of links without MAC addresses
	OtherLinks map[string]uint64 // frames of link types that are not supported, by their name
	Dropped    uint64            // frames that the capturing program says it lost

	Damage    []Damage // places that could not be read, in order; the first of them
	Damaged   uint64   // how many there were
	Backwards uint64   // frames with a time before that of the frame before
	FirstBack Place    // the first of these
	MaxBack   time.Duration
}

// Damage is a place where a file is not what its format promises. What stands
// before it was read, and what stands after it wherever that could be found.
type Damage struct {
	Offset  int64  // octets from the beginning, of what a compressed file holds
	Frame   int    // the number that the frame there would have had
	What    string // what is wrong, such as "the file ends inside a packet"
	Skipped int64  // octets until reading went on
}
