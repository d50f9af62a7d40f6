package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func zstandard(t testing.TB, data []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}

// leak is a capture of a director and a real server that both answer for vip,
// of the ping that finds the real server, and of its question for the client.
func leak() []captured {
	frames := [][]byte{
		whoHas(vip, clientIP, clientMAC, evidence.Broadcast),
		isAt(vip, directorMAC, clientIP, clientMAC),
		isAt(vip, serverMAC, clientIP, clientMAC),
		ether(serverMAC, clientMAC, 0x0800, ipv4(1, clientIP, vip, echo(8, 1, 1))),
		whoHas(clientIP, serverIP, serverMAC, evidence.Broadcast),
		isAt(clientIP, clientMAC, serverIP, serverMAC),
		ether(clientMAC, serverMAC, 0x0800, ipv4(1, vip, clientIP, echo(0, 1, 1))),
		ether(clientMAC, serverMAC, 0x0800, ipv4(17, vip, clientIP, make([]byte, 30))),
	}
	var all []captured
	for i, data := range frames {
		all = append(all, captured{ns: start + int64(i)*second/1000, data: data})
	}
	return all
}

func numbers(log evidence.Log) (all []int) {
	for _, rec := range log.Records {
		all = append(all, rec.Number)
	}
	return all
}

// conflicts counts the addresses with more than one claimant in one VLAN.
func conflicts(log evidence.Log) (n uint64) {
	type key struct {
		addr  netip.Addr
		vlans evidence.VLANs
	}
	claimants := map[key]int{}
	for _, c := range log.Claims {
		if k := (key{c.Addr, c.VLANs}); c.Claims() > 0 {
			if claimants[k]++; claimants[k] == 2 {
				n++
			}
		}
	}
	return n
}

// Of more addresses in dispute than there is room for, those with the most
// claimants are kept, however late they come.
func TestMostDisputedIsKept(t *testing.T) {
	const n = maxConflicts + 50
	last := addrOf(0x0a000000 + n)
	data := flood(2*n+3, func(i int) (netip.Addr, evidence.MAC) { return addrOf(0x0a000000 + uint32(min(i/2, n))), invented(i) })
	log := replayed(t, data, ReplayConfig{})
	kept := 0
	for _, rec := range log.Records {
		if rec.SenderIP == last {
			kept++
		}
	}
	if conflicts(log) < n || kept != 3 {
		t.Errorf("%d conflicts; %d frames of the one with the most claimants are kept, want 3", conflicts(log), kept)
	}
}

func TestReplay(t *testing.T) {
	data := pcapFile(binary.LittleEndian, false, linkEthernet, leak())
	for name, data := range map[string][]byte{"pcap": data, "gzip": gzipped(t, data), "zstd": zstandard(t, data), "pcapng": ngFile(binary.BigEndian, leak())} {
		for _, watch := range [][]netip.Addr{nil, {vip}} {
			log := replayed(t, data, ReplayConfig{Watch: watch})
			if got, want := numbers(log), []int{1, 2, 3, 4, 5, 7}; !slices.Equal(got, want) {
				t.Errorf("%s, watching %v: records %v, want %v", name, watch, got, want)
			}
			if conflicts(log) != 1 || log.Received != 8 || log.Ignored[evidence.NotInteresting] != 1 {
				t.Errorf("%s: %+v", name, log)
			}
		}
	}
	log := replayed(t, data, ReplayConfig{})
	at := func(n int) evidence.Place {
		return evidence.Place{File: "test", Frame: n, Time: time.Unix(0, start+int64(n-1)*second/1000)}
	}
	want := []evidence.Claim{
		{Addr: serverIP, MAC: serverMAC, First: at(5), Last: at(5), Requests: 1},
		{Addr: vip, MAC: directorMAC, First: at(2), Last: at(2), Replies: 1},
		{Addr: vip, MAC: serverMAC, First: at(3), Last: at(3), Replies: 1},
		{Addr: clientIP, MAC: clientMAC, First: at(1), Last: at(6), Requests: 1, Replies: 1},
	}
	if diff := cmp.Diff(want, log.Claims, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestReplayFiles(t *testing.T) {
	dir := t.TempDir()
	frames := leak()
	// The second half is named first.
	for name, part := range map[string][]captured{"a": frames[4:], "b": frames[:4]} {
		if err := os.WriteFile(filepath.Join(dir, name), pcapFile(binary.LittleEndian, false, linkEthernet, part), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	log, err := Replay(context.Background(), []Source{{Name: a}, {Name: b}}, ReplayConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rec := range log.Records {
		got = append(got, fmt.Sprintf("%s %d", filepath.Base(rec.File), rec.Number))
	}
	if len(log.Records) < 5 || log.Records[0].File != b || conflicts(log) != 1 || log.Files[0].Name != b {
		t.Errorf("%v, %+v", got, log)
	}
	for _, c := range log.Claims {
		if c.Addr == clientIP && (c.First.File != b || c.Last.File != a || c.Claims() != 2) {
			t.Errorf("claim of the client: %+v", c)
		}
	}
}

func TestReplayErrors(t *testing.T) {
	for name, data := range map[string][]byte{
		"is empty":                {},
		"not a capture":           []byte("#!/bin/sh\necho no capture at all, but longer than a header\n"),
		"inside its first header": pcapFile(binary.LittleEndian, false, linkEthernet, nil)[:20],
		"not a capture file":      []byte("ab"),
		"pcapng version 2.0":      bytes.Replace(ngFile(binary.LittleEndian, nil), []byte{1, 0, 0, 0, 0xff}, []byte{2, 0, 0, 0, 0xff}, 1),
		"gzip":                    {0x1f, 0x8b, 8, 0},
		"pcap version 3.4":        with(pcapFile(binary.LittleEndian, false, linkEthernet, nil), 4, 3),
	} {
		for _, stream := range []io.Reader{bytes.NewReader(data), oneByOne{bytes.NewReader(data)}} {
			_, err := Replay(context.Background(), []Source{{Name: "x.pcap", Stream: stream}}, ReplayConfig{})
			if err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "x.pcap: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := Replay(context.Background(), []Source{{Name: "/does/not/exist"}}, ReplayConfig{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestReplayDamage(t *testing.T) {
	whole := pcapFile(binary.LittleEndian, false, linkEthernet, traffic(5, 100))
	half := len(pcapFile(binary.LittleEndian, false, linkEthernet, traffic(5, 50)))
	bad := slices.Clone(whole)
	binary.LittleEndian.PutUint32(bad[half+8:], 1<<31)
	log := replayed(t, bad, ReplayConfig{})
	damage := log.Files[0].Damage
	if len(damage) != 1 || damage[0].Offset != int64(half) || damage[0].Frame != 51 || log.Received != 99 {
		t.Errorf("%d frames, damage %+v", log.Received, damage)
	}
	cut := replayed(t, whole[:len(whole)-3], ReplayConfig{})
	damage = cut.Files[0].Damage
	if len(damage) != 1 || damage[0].Frame != 100 || cut.Received != 99 || damage[0].What != "the file ends inside a packet record" {
		t.Errorf("%d frames, damage %+v", cut.Received, damage)
	}
	whole = pcapFile(binary.LittleEndian, false, linkEthernet, traffic(5, 3000)) // several blocks of zstd
	for name, zipped := range map[string][]byte{"gzip": gzipped(t, whole), "zstd": zstandard(t, whole)} {
		log := replayed(t, zipped[:len(zipped)-20], ReplayConfig{})
		if damage := log.Files[0].Damage; len(damage) != 1 || !strings.HasPrefix(damage[0].What, "reading failed: ") {
			t.Errorf("%s: %d frames, damage %+v", name, log.Received, damage)
		}
	}
}

func TestReplayBackwards(t *testing.T) {
	frames := leak()
	frames[4].ns -= second
	f := replayed(t, pcapFile(binary.LittleEndian, true, linkEthernet, frames), ReplayConfig{}).Files[0]
	if f.Backwards != 1 || f.FirstBack.Frame != 5 || f.MaxBack != time.Second-time.Millisecond {
		t.Errorf("%+v", f)
	}
}

// A stream that its writer neither continues nor ends is left with ctx, and
// what came is known.
func TestReplayInterrupted(t *testing.T) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = w.Write(pcapFile(binary.LittleEndian, false, linkEthernet, leak()))
		cancel()
	}()
	log, err := Replay(ctx, []Source{{Name: "-", Stream: r}}, ReplayConfig{Watch: []netip.Addr{vip}})
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Notes) != 1 || log.Notes[0].Code != evidence.Interrupted || len(log.Records) != 6 {
		t.Errorf("%+v", log)
	}
	_ = w.Close()
}

func TestWriteFrames(t *testing.T) {
	log := replayed(t, pcapFile(binary.LittleEndian, true, linkEthernet, leak()), ReplayConfig{KeepFrames: true})
	var frames []Commented
	for _, rec := range log.Records {
		frames = append(frames, Commented{rec, "it shows that " + rec.String()})
	}
	var file bytes.Buffer
	if err := WriteFrames(&file, frames); err != nil {
		t.Fatal(err)
	}
	data := file.Bytes()
	for _, f := range frames {
		if !bytes.Contains(data, []byte(f.Comment)) {
			t.Errorf("no comment %q", f.Comment)
		}
	}
	again := replayed(t, data, ReplayConfig{KeepFrames: true})
	if len(again.Records) != len(log.Records) || len(again.Files[0].Damage) > 0 {
		t.Fatalf("%d records of %d, damage %v", len(again.Records), len(log.Records), again.Files[0].Damage)
	}
	for i, rec := range again.Records {
		if !rec.Time.Equal(log.Records[i].Time) || !bytes.Equal(rec.Raw.Octets, log.Records[i].Raw.Octets) {
			t.Errorf("record %d is %v at %s, was %v at %s", i, rec, rec.Time, log.Records[i], log.Records[i].Time)
		}
	}
}
