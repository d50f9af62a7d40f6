package capture

// claims reports whether there is more than probes.
func (n *counts) claims() bool { return n[kindReply]|n[kindRequest]|n[kindGratuitous] != 0 }

// plus adds, and stays at the most it can hold.
func (n *counts) plus(more *counts) {
	for i := range n {
		n[i] += min(more[i], ^n[i])
	}
}

// frames is how many frames there were.
func (n *counts) frames() (sum uint64) {
	for _, k := range n[:kindMismatched] {
		sum += uint64(k)
	}
	return sum
}

// merge adds what a later part of the same file holds. Its frames are counted
// from 1, behind base.
func (c *claims) merge(later *claims, base uint64) {
	for i := range later.entries {
		from := &later.entries[i]
		to := c.find(from.addr, from.vlans, from.mac)
		if to == nil {
			at := later.firsts[i]
			at.frame += base
			if to = c.add(from, at); to == nil {
				c.unlisted += from.counts.frames()
				continue
			}
		}
		to.timeLast, to.frameLast = from.timeLast, base+from.frameLast
		if !to.counts.claims() && from.counts.claims() {
			c.claimed(to)
		}
		to.counts.plus(&from.counts)
	}
}

// mergeFile adds what another file holds: there it is time that says which
// frame was first and which was last.
func (c *claims) mergeFile(other *claims, file uint16) {
	for i := range other.entries {
		from, at := &other.entries[i], other.firsts[i]
		at.file = file
		to := c.find(from.addr, from.vlans, from.mac)
		if to == nil {
			if to = c.add(from, at); to == nil {
				c.unlisted += from.counts.frames()
				continue
			}
			to.timeLast = noTime
		} else if n := c.position(to); at.time < c.firsts[n].time {
			c.firsts[n] = at
		}
		if from.timeLast > to.timeLast || to.timeLast == noTime {
			to.timeLast, to.frameLast, to.fileLast = from.timeLast, from.frameLast, file
		}
		if !to.counts.claims() && from.counts.claims() {
			c.claimed(to)
		}
		to.counts.plus(&from.counts)
	}
	c.unlisted += other.unlisted
}
