package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// differ compares what two readings of the same file have found.
func differ(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmpopts.EquateEmpty())
}

// sameResult reads a capture with one worker in one go, with several in
// segments of any size, and as a stream: all must find the same.
func sameResult(t *testing.T, data []byte, segments ...int64) {
	t.Helper()
	for _, watch := range [][]netip.Addr{nil, {vip}} {
		cfg := ReplayConfig{Watch: watch, KeepFrames: true, Workers: 1}
		want := replayed(t, data, cfg)
		for _, workers := range []int{1, 2, 7} {
			for _, segment := range segments {
				cfg.Workers, cfg.Segment = workers, segment
				if diff := differ(want, replayed(t, data, cfg)); diff != "" {
					t.Fatalf("watching %v, %d workers, segments of %d: %s", watch, workers, segment, diff)
				}
			}
		}
		stream := Source{Name: "test", Stream: oneByOne{bytes.NewReader(data)}}
		got, err := Replay(context.Background(), []Source{stream}, ReplayConfig{Watch: watch, KeepFrames: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := differ(want, got); diff != "" {
			t.Fatalf("watching %v, as a stream: %s", watch, diff)
		}
		if got.Files[0].Compression != "" {
			continue
		}
		zipped := replayed(t, gzipped(t, data), cfg)
		zipped.Files[0].Compression = ""
		if diff := differ(want, zipped); diff != "" {
			t.Fatalf("watching %v, in gzip: %s", watch, diff)
		}
	}
}

// oneByOne is a stream that comes in small pieces.
type oneByOne struct{ from *bytes.Reader }

func (o oneByOne) Read(b []byte) (int, error) { return o.from.Read(b[:min(len(b), 1000)]) }

func gzipped(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSameResult(t *testing.T) {
	for seed := range uint64(12) {
		frames := traffic(seed, 600)
		single := slices.Clone(frames)
		for i := range single {
			single[i].iface = 0
		}
		files := map[string][]byte{
			"pcap":        pcapFile(binary.LittleEndian, false, linkEthernet, single),
			"pcap-be":     pcapFile(binary.BigEndian, true, linkEthernet, single),
			"pcapng":      ngFile(binary.LittleEndian, frames),
			"pcapng-be":   ngFile(binary.BigEndian, frames),
			"2-sections":  slices.Concat(ngFile(binary.LittleEndian, frames), ngFile(binary.BigEndian, frames)),
			"a-pcap-in-1": nested(frames),
		}
		for name, data := range files {
			t.Run(fmt.Sprintf("%s-%d", name, seed), func(t *testing.T) {
				t.Parallel()
				sameResult(t, data, 200, 531, 5000)
				sameResult(t, damaged(data, seed), 311, 4096)
				sameResult(t, data[:len(data)-7], 700)
			})
		}
	}
}

// nested is a capture of the transfer of captures: where a segment begins
// inside one of these a guess must be wrong.
func nested(frames []captured) []byte {
	var outer []captured
	for i := 0; i < 4; i++ {
		inner := pcapFile(binary.LittleEndian, false, linkEthernet, frames[i*50:i*50+50])
		outer = append(outer, captured{ns: start + int64(i), data: ether(clientMAC, serverMAC, 0x0800, inner)})
		outer = append(outer, frames[i])
	}
	return pcapFile(binary.LittleEndian, false, linkEthernet, outer)
}

// damaged overwrites, removes and inserts octets at random.
func damaged(data []byte, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	data = slices.Clone(data)
	for range 6 {
		at := 100 + rng.IntN(len(data)-200)
		switch rng.IntN(3) {
		case 0:
			for i := range 20 {
				data[at+i] = byte(rng.Uint32())
			}
		case 1:
			data = slices.Delete(data, at, at+1+rng.IntN(60))
		case 2:
			data = slices.Insert(data, at, bytes.Repeat([]byte{0xff}, 1+rng.IntN(60))...)
		}
	}
	return data
}

// Captures that others made are read where ARPCHECK_PCAPS points.
func TestSameResultReal(t *testing.T) {
	for _, name := range realCaptures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sameResult(t, data, 200, 777, 64<<10)
		})
	}
}

// realCaptures lists the files of ARPCHECK_PCAPS.
func realCaptures(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("ARPCHECK_PCAPS")
	if dir == "" {
		t.Skip("set ARPCHECK_PCAPS to the folder of real captures: ARPCHECK_PCAPS=FOLDER go test ./capture")
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no captures in %s: %v", dir, err)
	}
	return names
}
