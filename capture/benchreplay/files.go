package main

import (
	"bufio"
	"encoding/binary"
	"math/rand/v2"
	"os"
)

// A kind is one kind of capture that is measured.
type kind struct {
	name   string
	frames int
	frame  func(rng *rand.Rand, i int) []byte
	forms  bool // measured as pcapng, in gzip and through a pipe too

	// The goals: at most this part of the time of cat, and so many times
	// faster than the others. 0: not measured.
	cat, tcpdump, tshark float64
}

// hosts is how many hosts speak.
const hosts = 10_000

// kinds are the captures of the table: as on a busy link, as on a link of
// small packets, and one that tcpdump was asked to write with the filter arp.
func kinds(scale float64) []kind {
	n := func(millions float64) int { return max(1000, int(millions*1e6*scale)) }
	return []kind{
		{name: "~500 B frames", frames: n(4), frame: func(rng *rand.Rand, i int) []byte { return mixed(rng, i, 20, 960) },
			cat: 1, tcpdump: 6, tshark: 300},
		{name: "~75 B frames", frames: n(16), frame: func(rng *rand.Rand, i int) []byte { return mixed(rng, i, 8, 30) },
			forms: true, cat: 1.5, tcpdump: 10, tshark: 300},
		{name: "all ARP, 10k hosts", frames: n(16), frame: func(rng *rand.Rand, _ int) []byte { return arp(rng) },
			cat: 2.5, tcpdump: 8, tshark: 150},
		// Without a goal of time: here it is memory that counts.
		{name: "all ARP, 10M invented claims", frames: n(10), frame: func(_ *rand.Rand, i int) []byte { return invented(i, i) }, cat: 99},
		{name: "all ARP, 10M invented conflicts", frames: n(10), frame: func(_ *rand.Rand, i int) []byte { return invented(i/2, i) }, cat: 99},
	}
}

func host(n int) (mac [6]byte, ip [4]byte) {
	return [6]byte{2, 0, 0, 0, byte(n >> 8), byte(n)}, [4]byte{10, 1, byte(n >> 8), byte(n)}
}

// arp is a request or the reply to one: two of three are broadcasts.
func arp(rng *rand.Rand) []byte {
	a, b := rng.IntN(hosts), rng.IntN(hosts)
	mac, ip := host(a)
	other, otherIP := host(b)
	f := make([]byte, 0, 60)
	if rng.IntN(3) > 0 {
		f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		f = append(f, mac[:]...)
		f = append(f, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
		f = append(f, mac[:]...)
		f = append(f, ip[:]...)
		f = append(f, 0, 0, 0, 0, 0, 0)
	} else {
		f = append(f, other[:]...)
		f = append(f, mac[:]...)
		f = append(f, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
		f = append(f, mac[:]...)
		f = append(f, ip[:]...)
		f = append(f, other[:]...)
	}
	f = append(f, otherIP[:]...)
	return f[:60:60]
}

// invented is a reply that nobody asked for, for some address from some host.
func invented(addr, host int) []byte {
	f := make([]byte, 60)
	copy(f, "\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x00\x00\x00\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02\x0a\x00\x00\x00\x00\x00\x0b")
	for at, shift := range map[int]int{8: 24, 9: 16, 10: 8, 11: 0, 24: 24, 25: 16, 26: 8, 27: 0} {
		f[at] = byte(host >> shift)
	}
	for at, shift := range map[int]int{29: 16, 30: 8, 31: 0} {
		f[at] = byte(addr >> shift)
	}
	copy(f[32:], "\x02\x00\x00\x00\x00\x01\x0a\x01\x00\x01")
	return f
}

// mixed is TCP and UDP with payloads of spread octets around half of it; of a
// thousand frames some are ARP, and one in so many a SYN or its answer.
func mixed(rng *rand.Rand, i, syns, spread int) []byte {
	if rng.IntN(1000) < 5 {
		return arp(rng)
	}
	payload := rng.IntN(spread)
	a, b := rng.IntN(hosts), rng.IntN(hosts)
	mac, ip := host(a)
	other, otherIP := host(b)
	total := 20 + 20 + payload
	f := make([]byte, 14+total)
	copy(f, other[:])
	copy(f[6:], mac[:])
	f[12] = 8
	f[14] = 0x45
	binary.BigEndian.PutUint16(f[16:], uint16(total))
	f[22], f[23] = 64, 6
	if rng.IntN(4) == 0 {
		f[23] = 17
	}
	copy(f[26:], ip[:])
	copy(f[30:], otherIP[:])
	f[46], f[47] = 5<<4, 0x10
	if i%(syns*10) == 0 {
		f[47] = []byte{0x02, 0x12}[rng.IntN(2)]
	}
	return f
}

// write makes a capture, as pcap or as pcapng.
func (k kind) write(name string, ng bool) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	order := binary.LittleEndian
	u32 := func(values ...uint32) {
		var b [4]byte
		for _, v := range values {
			order.PutUint32(b[:], v)
			_, _ = w.Write(b[:])
		}
	}
	if ng {
		u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28)
		u32(1, 20, 1, 262144, 20)
	} else {
		u32(0xa1b2c3d4, 4<<16|2, 0, 0, 262144, 1)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	at := uint64(1_700_000_000_000_000)
	for i := range k.frames {
		at += uint64(rng.IntN(20))
		f := k.frame(rng, i)
		if !ng {
			u32(uint32(at/1e6), uint32(at%1e6), uint32(len(f)), uint32(len(f)))
			_, _ = w.Write(f)
			continue
		}
		padded := (len(f) + 3) &^ 3
		u32(6, uint32(padded+32), 0, uint32(at>>32), uint32(at), uint32(len(f)), uint32(len(f)))
		_, _ = w.Write(f)
		_, _ = w.Write(make([]byte, padded-len(f)))
		u32(uint32(padded + 32))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}
