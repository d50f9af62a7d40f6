package main

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/report"
)

// FuzzVerdict takes data for what a run has received, a frame after each octet
// that tells its length: from there to the report in every format nothing
// panics, and what was written is read back. Every second frame counts as sent.
func FuzzVerdict(f *testing.F) {
	director, server, client := evidence.MAC{2, 0, 0, 0, 0, 2}, evidence.MAC{2, 0, 0, 0, 0, 3}, evidence.MAC{2, 0, 0, 0, 0, 1}
	addr := netip.MustParseAddr
	vip, self, rip := addr("192.168.1.99"), addr("192.168.1.182"), addr("192.168.1.41")
	var seed []byte
	for _, frame := range [][]byte{
		arpBytes(1, client, evidence.Broadcast, self, vip), arpBytes(2, director, client, vip, self),
		arpBytes(1, client, evidence.Broadcast, self, vip), arpBytes(2, server, client, vip, self),
		arpBytes(1, client, server, self, rip), arpBytes(1, server, evidence.Broadcast, vip, addr("192.168.1.200")),
	} {
		seed = append(append(seed, byte(len(frame))), frame...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		log := evidence.Log{Start: time.Unix(1_700_000_000, 0)}
		at := log.Start
		for n := 0; len(data) > 0; n++ {
			frame := data[1:min(len(data), 1+int(data[0]))]
			data = data[1+len(frame):]
			at = at.Add(time.Millisecond)
			log.Received++
			rec, reason := capture.Decode(frame)
			if reason != "" {
				continue
			}
			rec.Number, rec.Time, rec.Sent = len(log.Records)+1, at, n%2 == 0
			log.Records = append(log.Records, rec)
		}
		log.End = at.Add(2 * time.Second)
		for _, named := range []evidence.Host{{}, {IP: addr("192.168.1.10"), MAC: director}} {
			cfg := diagnose.Config{
				VIPs: []netip.Addr{vip}, Director: named, Frames: true,
				Self: diagnose.Self{Interface: "eth1", MAC: client, Addr: self, Prefix: netip.MustParsePrefix("192.168.1.0/24"), Local: []netip.Addr{self}},
			}
			diagnose.Owners(&log, cfg, vip)
			diagnose.Next(&log, cfg, vip)
			diagnose.Fault(&log, cfg)
			doc := report.New("fuzz", "check", log.Start, log.End.Sub(log.Start), diagnose.Diagnose(log, cfg))
			for _, format := range report.Formats() {
				if err := report.Write(io.Discard, format, doc, report.Options{Verbose: true}); err != nil {
					t.Errorf("%s: %v", format, err)
				}
			}
			var saved bytes.Buffer
			if err := report.Write(&saved, "json", doc, report.Options{}); err != nil {
				t.Fatal(err)
			}
			if _, err := report.Read(&saved); err != nil {
				t.Error(err)
			}
		}
	})
}

// arpBytes is an ARP frame, on every system.
func arpBytes(op byte, from, to evidence.MAC, spa, tpa netip.Addr) []byte {
	return bytes.Join([][]byte{to[:], from[:], {8, 6, 0, 1, 8, 0, 6, 4, 0, op}, from[:], spa.AsSlice(), make([]byte, 6), tpa.AsSlice()}, nil)
}
