package capture

import (
	"math/bits"
	"math/rand/v2"
)

// A claims table counts who claimed what: one entry for each (address, VLANs,
// MAC), in the order of their first frames. Entries have no pointers and the
// index is open addressing over them, which is what lets ten thousand hosts
// stay in the cache of one core.
//
// The table is bounded. Once an entry was refused, for lack of room, it always
// will be, so which entries there are depends on the order of frames alone,
// and not on how a file was cut into segments.
type claims struct {
	entries []entry
	firsts  []first  // of the entry of the same position
	index   []uint32 // position in entries, plus one; 0: free
	shift   int      // 64 less the bits of a position in index
	seed    [2]uint64

	limits    claimLimits
	asked     *watch                    // addresses that have room of their own
	addresses map[addressKey]addressUse // nil: limits are not kept for each address
	reserved  int                       // entries of asked addresses
	conflicts []addressKey              // addresses in the order in which they got a second claimant
	found     func(addr uint32)         // told of each; may be nil
	unlisted  uint64                    // frames that were refused
}

// An entry is a claim; it takes one line of the cache. What is written once
// only is elsewhere, in a first.
type entry struct {
	mac, vlans uint64
	timeLast   int64 // nanoseconds since 1970
	frameLast  uint64
	addr       uint32
	counts     counts
	fileLast   uint16 // index of the file
}

type first struct {
	time  int64
	frame uint64
	file  uint16
}

// counts holds the frames of a claim by kind.
type counts [kinds]uint32

// The kinds of claim; mismatched counts frames of the others once more.
const (
	kindReply = iota
	kindRequest
	kindGratuitous
	kindProbe
	kindMismatched
	kinds
)

// claimLimits are how many entries there may be.
type claimLimits struct {
	total      int // of addresses that were not asked for
	perAddress int // of one such address
	perAsked   int // of one that was, in one VLAN
	asked      int // of all that were, in all VLANs that somebody may invent
}

type addressKey struct {
	vlans uint64
	addr  uint32
}

// An addressUse says how often an address is claimed: by hosts that only
// probed for it, and by others.
type addressUse struct {
	entries, claimants int32
}

// listedClaims is for what is kept of a whole file: as many claims as a /17 has
// addresses. With what the diagnosis makes of them they take some 30 MB.
var listedClaims = claimLimits{total: 1 << 15, perAddress: 64, perAsked: 4096, asked: 1 << 14}

// newClaims returns an empty table. Memory for the most that it may hold is
// reserved at once, but the system gives it only where it is used.
func newClaims(limits claimLimits, asked *watch, perAddress bool) *claims {
	const indexBits = 10
	c := &claims{
		entries: make([]entry, 0, limits.total),
		firsts:  make([]first, 0, limits.total),
		index:   make([]uint32, 1<<indexBits),
		shift:   64 - indexBits,
		seed:    [2]uint64{rand.Uint64(), rand.Uint64()},
		limits:  limits,
		asked:   asked,
	}
	if perAddress {
		c.addresses = map[addressKey]addressUse{}
	}
	return c
}

// reset empties the table and keeps its memory.
func (c *claims) reset() {
	c.entries, c.firsts = c.entries[:0], c.firsts[:0]
	clear(c.index)
	if c.addresses != nil {
		clear(c.addresses)
	}
	c.reserved, c.conflicts, c.unlisted = 0, nil, 0
}

// slot returns where the search for a key begins: the keys come from a file
// that an attacker may have written, hence the seed.
func (c *claims) slot(addr uint32, vlans, mac uint64) uint64 {
	hi, lo := bits.Mul64(mac^c.seed[0], (uint64(addr)|vlans<<32|vlans>>32)^c.seed[1])
	return (hi ^ lo) * 0x9e3779b97f4a7c15 >> c.shift
}

// find returns the entry of a key, or nil.
func (c *claims) find(addr uint32, vlans, mac uint64) *entry {
	index := c.index
	mask := uint64(len(index) - 1)
	for i := c.slot(addr, vlans, mac); ; i++ {
		n := index[i&mask]
		if n == 0 {
			return nil
		}
		if e := &c.entries[n-1]; (e.mac^mac)|(e.vlans^vlans)|uint64(e.addr^addr) == 0 {
			return e
		}
	}
}

// position returns the position of the entry of a key that is in the table.
func (c *claims) position(of *entry) int {
	mask := uint64(len(c.index) - 1)
	for i := c.slot(of.addr, of.vlans, of.mac); ; i++ {
		if n := int(c.index[i&mask]) - 1; &c.entries[n] == of {
			return n
		}
	}
}

// add puts an entry for a key that find did not find; its address, VLANs and
// MAC are those of like. It returns nil if there is no room.
func (c *claims) add(like *entry, at first) *entry {
	if c.addresses == nil {
		if len(c.entries) == c.limits.total {
			return nil
		}
	} else if !c.admit(like) {
		return nil
	}
	// A quarter at most is in use: then the first place is mostly the right
	// one, and a processor does not go wrong.
	if len(c.entries)*4 >= len(c.index) {
		c.grow()
	}
	c.entries = append(c.entries, entry{mac: like.mac, vlans: like.vlans, addr: like.addr})
	c.firsts = append(c.firsts, at)
	c.place(len(c.entries))
	return &c.entries[len(c.entries)-1]
}

// admit reports whether there is room for one more claim of an address, and
// takes it.
func (c *claims) admit(e *entry) bool {
	key := addressKey{e.vlans, e.addr}
	use := c.addresses[key]
	have := int(use.entries)
	if c.asked.has(e.addr) {
		if have >= c.limits.perAsked || c.reserved >= c.limits.asked {
			return false
		}
		c.reserved++
	} else if have >= c.limits.perAddress || len(c.entries)-c.reserved >= c.limits.total {
		return false
	}
	use.entries++
	c.addresses[key] = use
	return true
}

// claimed notes that an entry, which only had probes if any, now claims.
func (c *claims) claimed(e *entry) {
	if c.addresses == nil {
		return
	}
	key := addressKey{e.vlans, e.addr}
	use := c.addresses[key]
	use.claimants++
	c.addresses[key] = use
	if use.claimants == 2 {
		c.conflicts = append(c.conflicts, key)
		if c.found != nil {
			c.found(e.addr)
		}
	}
}

// place puts entry n, counted from 1, into the index.
func (c *claims) place(n int) {
	e := &c.entries[n-1]
	mask := uint64(len(c.index) - 1)
	i := c.slot(e.addr, e.vlans, e.mac) & mask
	for c.index[i] != 0 {
		i = (i + 1) & mask
	}
	c.index[i] = uint32(n)
}

// grow doubles the index.
func (c *claims) grow() {
	c.index = make([]uint32, 2*len(c.index))
	c.shift--
	for n := range c.entries {
		c.place(n + 1)
	}
}
