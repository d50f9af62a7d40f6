package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
)

// fuzzReplay reads what may be a capture in two ways, which must agree.
func fuzzReplay(t *testing.T, data []byte) {
	// Limits so small that they are reached.
	limits := claimLimits{total: 12, perAddress: 3, perAsked: 4, asked: 6}
	read := func(cfg ReplayConfig) (evidence.Log, error) {
		return replayLimited(context.Background(), []Source{{Name: "test", Stream: bytes.NewReader(data)}}, cfg, limits)
	}
	plain, err := read(ReplayConfig{Workers: 1})
	parts, partsErr := read(ReplayConfig{Workers: 2, Segment: 150})
	if (err == nil) != (partsErr == nil) {
		t.Fatalf("errors %v and %v", err, partsErr)
	}
	if err != nil {
		return
	}
	if diff := differ(plain, parts); diff != "" {
		t.Fatal(diff)
	}
	for i := 1; i < len(plain.Records); i++ {
		if plain.Records[i-1].Number >= plain.Records[i].Number {
			t.Fatal("records are not in the order of frames")
		}
	}
}

func FuzzPcap(f *testing.F) {
	for seed := range uint64(3) {
		frames := traffic(seed, 20)
		f.Add(pcapFile(binary.LittleEndian, false, linkEthernet, frames))
		f.Add(pcapFile(binary.BigEndian, true, linkEthernet, frames))
	}
	f.Add(pcapFile(binary.LittleEndian, false, linkSLL, nil))
	f.Fuzz(fuzzReplay)
}

func FuzzPcapng(f *testing.F) {
	for seed := range uint64(3) {
		frames := traffic(seed, 12)
		f.Add(ngFile(binary.LittleEndian, frames))
		f.Add(slices.Concat(ngFile(binary.BigEndian, frames), ngFile(binary.LittleEndian, frames[:3])))
	}
	f.Fuzz(fuzzReplay)
}

func FuzzCompressed(f *testing.F) {
	data := pcapFile(binary.LittleEndian, false, linkEthernet, traffic(1, 20))
	f.Add(gzipped(f, data))
	f.Add(zstandard(f, data))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		if _, open := compressionOf(append(slices.Clone(data), 0, 0, 0, 0)[:4]); open == nil {
			return
		}
		_, _ = Replay(context.Background(), []Source{{Name: "test", Stream: bytes.NewReader(data)}}, ReplayConfig{})
	})
}
