package capture

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
)

var le = binary.LittleEndian

// head begins a pcapng file with one Ethernet interface of microseconds.
func head() []byte { return slices.Concat(sectionBlock(le), interfaceBlock(le, linkEthernet, 6)) }

func enhancedBlock(iface uint32) []byte {
	return packetBlock(le, captured{data: reply, iface: iface}, uint64(start/1000))
}

func words(values ...uint32) (b []byte) {
	for _, v := range values {
		b = le.AppendUint32(b, v)
	}
	return b
}

func TestPcapngBlocks(t *testing.T) {
	huge := make([]byte, 900_000)
	for name, tc := range map[string]struct {
		middle  []byte // between a packet and another
		frames  uint64 // of all
		ignored evidence.Reason
		damage  string
		replies uint64
		dropped uint64
	}{
		"unknown block":            {middle: block(le, 0x77, huge[:10]), frames: 2, replies: 2},
		"huge unknown block":       {middle: block(le, 0x77, huge), frames: 2, replies: 2},
		"journal":                  {middle: block(le, blockJournal, huge[:20]), frames: 3, ignored: evidence.NotInteresting, replies: 2},
		"custom block":             {middle: block(le, blockCustom|blockNoCopy, huge), frames: 3, ignored: evidence.NotInteresting, replies: 2},
		"simple packet":            {middle: block(le, blockSimple, append(words(uint32(len(reply))), reply...)), frames: 3, replies: 3},
		"obsolete packet":          {middle: block(le, blockPacket, append(words(0, 1, 2, uint32(len(reply)), 60), reply...)), frames: 3, replies: 3},
		"unknown interface":        {middle: enhancedBlock(5), frames: 3, ignored: evidence.NoInterface, replies: 2},
		"packet with long options": {middle: block(le, blockEnhanced, slices.Concat(words(0, 1, 2, 42, 42), reply, huge)), frames: 3, replies: 3},
		"statistics": {middle: block(le, blockStatistics, slices.Concat(words(0, 1, 2), be16le(5), be16le(8), words(7, 0),
			be16le(7), be16le(8), words(3, 0), words(0))), frames: 2, replies: 2, dropped: 10},
		"statistics that nobody has": {middle: block(le, blockStatistics, slices.Concat(words(0, 1, 2), be16le(5), be16le(8),
			words(math.MaxUint32, math.MaxUint32))), frames: 2, replies: 2},
		"another section":      {middle: slices.Concat(ngFile(binary.BigEndian, leak()[1:2]), head()), frames: 3, replies: 3},
		"packet too long":      {middle: block(le, blockEnhanced, append(words(0, 1, 2, 900, 900), reply...)), frames: 2, damage: "a packet block claims more octets than it has", replies: 2},
		"interface too short":  {middle: block(le, blockInterface, words(1)), frames: 2, damage: "an interface description is too short", replies: 2},
		"block of length 4":    {middle: words(6, 4, 0, 0), frames: 2, damage: "a block claims to be 4 octets long", replies: 2},
		"two lengths":          {middle: append(enhancedBlock(0)[:72], words(0x47)...), frames: 2, damage: "a block is 76 octets long at its beginning and 71 at its end", replies: 2},
		"section of no order":  {middle: slices.Concat(block(le, blockSection, huge[:16]), enhancedBlock(0), head()), frames: 2, damage: "a section header without a byte order", replies: 2},
		"section of version 2": {middle: slices.Concat(with(sectionBlock(le), 12, 2), enhancedBlock(0), head()), frames: 2, damage: "a section of pcapng version 2.0; only 1.0 is known", replies: 2},
		"huge, of two lengths": {middle: append(block(le, 0x77, huge)[:900_008], words(1)...), frames: 2, damage: "a block of 900012 octets has another length at its end", replies: 2},
		"a gigabyte":           {middle: words(0x77, 1<<30), frames: 2, damage: "a block claims to be 1073741824 octets long", replies: 2},
	} {
		t.Run(name, func(t *testing.T) {
			data := slices.Concat(head(), enhancedBlock(0), tc.middle, enhancedBlock(0))
			log := replayed(t, data, ReplayConfig{Workers: 1})
			var replies uint64
			for _, c := range log.Claims {
				replies += c.Replies
			}
			f := log.Files[0]
			if log.Received != tc.frames || replies != tc.replies || log.Lost.Total() != tc.dropped || tc.ignored != "" && log.Ignored[tc.ignored] != 1 {
				t.Errorf("%d frames, %d replies, %d dropped, ignored %v", log.Received, replies, log.Lost.Total(), log.Ignored)
			}
			switch {
			case tc.damage == "" && len(f.Damage) > 0, tc.damage != "" && (len(f.Damage) != 1 || f.Damage[0].What != tc.damage):
				t.Errorf("damage %+v", f.Damage)
			case tc.damage != "" && (f.Damage[0].Offset != int64(len(head())+len(enhancedBlock(0))) || f.Damage[0].Frame != 2):
				t.Errorf("damage at %+v", f.Damage[0])
			}
			sameResult(t, data, 300, 100_000)
		})
	}
}

func be16le(n uint16) []byte { return le.AppendUint16(nil, n) }

func TestTimeUnit(t *testing.T) {
	const most = math.MaxInt64
	for _, tc := range []struct {
		resol   byte
		seconds int64
		ts      uint64
		want    int64
	}{
		{6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000},
		{9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789},
		{0, 0, 5, 5e9},
		{12, 0, 1_500_000, 1500},
		{19, 0, 1e10, 1},
		{28, 0, math.MaxUint64, 1}, // 18.4 × 10^18 of 10^-28 seconds are 1.8 ns
		{29, 0, math.MaxUint64, 0},
		{127, 0, math.MaxUint64, 0},
		{0x80, 0, 3, 3e9},
		{0x80 | 10, 0, 1536, 1.5e9},
		{0x80 | 32, 0, 1700<<32 | 1<<31, 1700.5e9},
		{0x80 | 64, 0, 1 << 63, 5e8},
		{0x80 | 127, 0, math.MaxUint64, 0},
		{6, 3600, 1, 3600e9 + 1000},
		{6, -3600, 1, -3600e9 + 1000},
		{6, 0, math.MaxUint64, most},
		{0, 0, math.MaxUint64, most},
		{6, math.MaxInt64, 1, 9223372036e9 + 1000},
		{9, math.MaxInt64, most, most},
		{9, math.MinInt64, 0, -9223372036e9},
	} {
		u := unitOf(tc.resol, tc.seconds)
		if got := u.nanoseconds(tc.ts); got != tc.want {
			t.Errorf("resolution %#x, offset %d, %d: %d ns (%s), want %d", tc.resol, tc.seconds, tc.ts, got, time.Unix(0, got), tc.want)
		}
	}
}
