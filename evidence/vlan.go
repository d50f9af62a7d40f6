package evidence

import (
	"slices"
	"strconv"
)

// VLANs are the VLAN ids that a frame was tagged with, the outermost first. It
// is comparable; the zero value is an untagged frame. A priority tag, of VLAN
// id 0, names no VLAN and is not among them (IEEE 802.1Q, the null VLAN id).
type VLANs uint64 // 12 bits for each id, the innermost in the lowest

// maxVLANs is how many ids fit.
const maxVLANs = 5

// Inside returns the stack with one more tag inside; ok is false if it is full.
func (v VLANs) Inside(vid uint16) (inner VLANs, ok bool) {
	vid &= 0x0fff
	switch {
	case vid == 0:
		return v, true
	case v>>(12*(maxVLANs-1)) != 0:
		return v, false
	}
	return v<<12 | VLANs(vid), true
}

// IDs returns the ids, the outermost first; never nil.
func (v VLANs) IDs() []uint16 {
	ids := []uint16{}
	for ; v != 0; v >>= 12 {
		ids = append(ids, uint16(v&0x0fff))
	}
	slices.Reverse(ids)
	return ids
}

// String prints the ids as 10.100; an untagged frame is the empty string.
func (v VLANs) String() string {
	var s []byte
	for i, id := range v.IDs() {
		if i > 0 {
			s = append(s, '.')
		}
		s = strconv.AppendUint(s, uint64(id), 10)
	}
	return string(s)
}
