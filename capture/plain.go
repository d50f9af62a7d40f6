package capture

import "encoding/binary"

// Parts of an Ethernet frame as numbers.
const (
	mac48 = 1<<48 - 1
	// arpHead is an ARP header up to the high octet of the operation:
	// hardware Ethernet, protocol IPv4, lengths 6 and 4.
	arpHead = 0x0001_0800_06_04_0000
)

// ethernet does for the frames of which captures consist what decode does for
// any: those that tell nothing are counted, and ARP claims are, without a
// record. Whatever is not plain goes to decode, which has the last word; that
// both agree is fuzzed.
func (t *tally) ethernet(f []byte, origLen uint32, ns int64, iface int) {
	seen := unsure
	if len(f) >= etherHeaderLen+arpLen {
		switch binary.BigEndian.Uint16(f[12:14]) {
		case 0x0806:
			seen = t.plainARP((*[etherHeaderLen + arpLen]byte)(f), ns)
		case 0x0800:
			seen = t.plainIPv4(f)
		case 0x86dd:
			seen = dull
		}
	}
	t.seen(seen, f, origLen, ns, iface)
}

// seen does what is left to do for a frame.
func (t *tally) seen(as certainty, f []byte, origLen uint32, ns int64, iface int) {
	switch as {
	case unsure:
		t.decode(linkEthernet, f, origLen, ns, iface)
	case dull:
		t.stats.dull++
	case wanted:
		rec, _ := decodeEthernet(f)
		t.keep(&rec, linkEthernet, f, origLen, ns, iface)
	}
}

// What is certain of a frame at first sight.
type certainty int

const (
	unsure  certainty = iota
	dull              // not interesting
	counted           // evidence, of which no record is needed
	wanted            // its claim is counted, but there may be more to it
)

// plainARP counts the claim of an ARP frame of at least 42 octets, if it is
// one without a tag or anything else unusual.
func (t *tally) plainARP(f *[etherHeaderLen + arpLen]byte, ns int64) certainty {
	head := binary.BigEndian.Uint64(f[14:22])
	op := head & 3
	sha := binary.BigEndian.Uint64(f[20:28]) & mac48
	if head&^3 != arpHead || op-1 > 1 || sha == 0 || sha>>40&1 == 1 {
		return unsure
	}
	src := binary.BigEndian.Uint64(f[4:12]) & mac48
	spa, tpa := binary.BigEndian.Uint32(f[28:32]), binary.BigEndian.Uint32(f[38:42])
	t.claim(op, sha, src, 0, spa, tpa, ns)

	dst := binary.BigEndian.Uint64(f[0:8]) >> 16
	t.asks.whoHas += one(dst == mac48) & one(op == 1)
	if t.spool != nil || t.asks.whoHas <= t.asks.pending || t.watched.has(spa) || t.watched.has(tpa) {
		return wanted
	}
	return counted
}

// dullLen is how many octets isDull looks at.
const dullLen = etherHeaderLen + ipv4HeaderLen + tcpHeaderLen

// isDull reports whether a frame is one of those of which most captures
// consist: TCP that opens no connection, or UDP to no group of routers. It is
// plainIPv4 for these. TCP and UDP come in no order that a processor could
// foresee, so both are looked at in every frame, without a branch.
func isDull(f *[dullLen]byte) bool {
	head := ipv4Head(f)
	return isIPv4(f) && dullTCP(head, f[47])|dullUDP(head, f[30]) != 0
}

// isIPv4 reports whether a frame is IPv4, without tags or options.
func isIPv4(f *[dullLen]byte) bool {
	return binary.BigEndian.Uint32(f[11:])&0xffffff == 0x0800_45
}

// ipv4Head is total length, identification, fragment, time to live, protocol.
func ipv4Head(f *[dullLen]byte) uint64 { return binary.BigEndian.Uint64(f[16:]) }

// dullTCP is 1 if a packet with such a head and such flags is TCP and tells
// nothing, else 0.
func dullTCP(head uint64, flags byte) uint64 {
	const fin, syn, rst = 0x01, 0x02, 0x04
	return one(head&0x1fff_00ff == 6) & one(head>>48 >= ipv4HeaderLen+tcpHeaderLen) & one(flags&(fin|syn|rst) != syn)
}

// dullUDP is the same for UDP to an address with such a first octet.
func dullUDP(head uint64, first byte) uint64 {
	return one(head&0xff == 17) & one(head>>48 >= ipv4HeaderLen) & one(first != 0xe0)
}

// one is 1 for true; the compiler makes no branch of it.
func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// plainIPv4 looks at an IPv4 frame of at least 42 octets.
func (t *tally) plainIPv4(f []byte) certainty {
	const (
		plain           = 0x45
		fin, syn, rst   = 0x01, 0x02, 0x04
		echoLen, tcpLen = 20 + 8, 20 + 20
	)
	total := int(binary.BigEndian.Uint16(f[16:18]))
	if f[14] != plain || total < ipv4HeaderLen {
		return unsure
	}
	switch f[23] {
	case 17:
		if toRouters(f[14:]) {
			return unsure
		}
		return dull
	case 6:
		if total < tcpLen || len(f) < etherHeaderLen+tcpLen || f[20]&0x1f|f[21] != 0 {
			return unsure
		}
		headerLen := int(f[46]>>4) * 4
		switch {
		case f[47]&(fin|syn|rst) != syn:
			return dull
		case headerLen < tcpHeaderLen || total < ipv4HeaderLen+headerLen || len(f) < etherHeaderLen+ipv4HeaderLen+headerLen:
			return unsure
		}
	case 1:
		switch {
		case total < echoLen || f[20]&0x1f|f[21] != 0:
			return unsure
		case f[34] != 0 && f[34] != 8:
			return dull
		}
	case 112:
		return unsure
	default:
		return dull
	}
	src := binary.BigEndian.Uint64(f[4:12]) & mac48
	if t.spool != nil || src == 0 || src>>40&1 == 1 ||
		t.watched.has(binary.BigEndian.Uint32(f[26:30])) || t.watched.has(binary.BigEndian.Uint32(f[30:34])) {
		return unsure
	}
	return counted
}
