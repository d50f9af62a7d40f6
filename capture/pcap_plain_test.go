package capture

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// Only little-endian files are read by plain: those of the other byte order
// must come out the same.
func TestPlainSameResult(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		frames := traffic(seed, 600)
		for i := range frames {
			// More of what plain takes by itself, of all lengths, and
			// some that it must leave to others.
			switch f := &frames[i]; rng.IntN(8) {
			case 0, 1, 2:
				f.data = ether(serverMAC, clientMAC, 0x0800, ipv4(6, clientIP, serverIP, tcp(1, 2, byte(rng.Uint32()))))
			case 3:
				f.data = ether(serverMAC, clientMAC, 0x0800, ipv4(17, clientIP, serverIP, udp(1, make([]byte, rng.IntN(20)))))
			case 4:
				f.data = f.data[:rng.IntN(len(f.data)+1)]
			case 5:
				if len(f.data) > 0 {
					f.data = with(f.data, rng.IntN(len(f.data)), byte(rng.Uint32()))
				}
			}
			if rng.IntN(20) == 0 {
				frames[i].ns += int64(rng.IntN(3e9)) - 2e9
			}
		}
		same := func(t *testing.T, big, little []byte, cfg ReplayConfig) {
			if diff := differ(replayed(t, big, cfg), replayed(t, little, cfg)); diff != "" {
				t.Fatal(diff)
			}
			// The end of what is read at once can be anywhere.
			cut := max(rng.IntN(len(big)), 300)
			if diff := differ(replayed(t, big[:cut], cfg), replayed(t, little[:cut], cfg)); diff != "" {
				t.Fatal(diff)
			}
		}
		for _, nano := range []bool{false, true} {
			for _, watch := range [][]netip.Addr{nil, {vip}} {
				t.Run(fmt.Sprint(seed, nano, watch), func(t *testing.T) {
					little := pcapFile(binary.LittleEndian, nano, linkEthernet, frames)
					big := pcapFile(binary.BigEndian, nano, linkEthernet, frames)
					// A fraction of a second that is more than a second.
					at := pcapFileHeaderLen + 4
					binary.LittleEndian.PutUint32(little[at:], 4e9)
					binary.BigEndian.PutUint32(big[at:], 4e9)
					cfg := ReplayConfig{Watch: watch, KeepFrames: true, Workers: 1}
					same(t, big, little, cfg)
					same(t, ngFile(binary.BigEndian, frames), ngFile(binary.LittleEndian, frames), cfg)
				})
			}
		}
	}
}
