package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
)

// FuzzReplay hands anything at all to a whole replay: reader, decoders,
// diagnosis, every report, the frames that are kept. Nothing of it may panic,
// and a saved result must give the same report.
func FuzzReplay(f *testing.F) {
	names, err := filepath.Glob(filepath.Join(recordings, "*.pcap"))
	if err != nil || len(names) == 0 {
		f.Fatalf("no captures: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
		f.Add(data, true)
	}
	vip := netip.MustParseAddr("192.168.1.99")
	f.Fuzz(func(t *testing.T, data []byte, asked bool) {
		if len(data) > 64<<10 {
			return // gzip of very much would only take long
		}
		var cfg diagnose.Config
		if asked {
			cfg.VIPs = []netip.Addr{vip}
			cfg.Director.IP = netip.MustParseAddr("192.168.1.10")
		}
		source := capture.Source{Name: "fuzz", Stream: bytes.NewReader(data)}
		log, err := capture.Replay(context.Background(), []capture.Source{source},
			capture.ReplayConfig{Watch: cfg.VIPs, KeepFrames: true, Workers: 1})
		if err != nil {
			return
		}
		results := diagnose.Captured(log, cfg)
		doc := report.New("fuzz", "replay", time.Unix(0, 0), time.Second, results)
		for i := range log.Files {
			if log.Files[i].Damaged > 0 && doc.ExitCode() == 0 {
				t.Fatalf("a pass in spite of damage: %+v", log.Files[i].Damage)
			}
		}
		frames, _ := proving(log.Records, results)
		if err := capture.WriteFrames(new(bytes.Buffer), frames); err != nil {
			t.Fatal(err)
		}
		var saved bytes.Buffer
		if err := report.Write(&saved, "json", doc, report.Options{}); err != nil {
			t.Fatal(err)
		}
		again, err := report.Read(bytes.NewReader(saved.Bytes()))
		if err != nil {
			t.Fatalf("its own result cannot be read: %v\n%s", err, saved.Bytes())
		}
		for _, format := range report.Formats() {
			var ran, read bytes.Buffer
			o := report.Options{Verbose: true}
			if err := report.Write(&ran, format, doc, o); err != nil {
				t.Fatal(err)
			}
			if err := report.Write(&read, format, again, o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ran.String(), read.String()); diff != "" {
				t.Fatalf("%s (-run +saved): %s", format, diff)
			}
		}
	})
}
