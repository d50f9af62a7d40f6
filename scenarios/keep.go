package scenarios

import (
	"bytes"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/probe"
)

// linkEthernet is LINKTYPE_ETHERNET of pcap.
const linkEthernet = 1

// A keptFrames stands between a run and its link, and keeps the frames that go
// both ways. A run logs each of them once, in this order (probe.Run.Do).
type keptFrames struct {
	probe.Link
	frames []*evidence.Raw
}

// Send keeps a frame that was sent.
func (k *keptFrames) Send(frame []byte) error {
	err := k.Link.Send(frame)
	if err == nil {
		k.frames = append(k.frames, &evidence.Raw{LinkType: linkEthernet, Octets: bytes.Clone(frame), Len: len(frame)})
	}
	return err
}

// Next keeps a frame that came, if the link has kept it.
func (k *keptFrames) Next(deadline time.Time) (evidence.Record, error) {
	rec, err := k.Link.Next(deadline)
	if err == nil {
		k.frames = append(k.frames, rec.Raw)
	}
	return rec, err
}

// in returns the records with their frames.
func (k *keptFrames) in(records []evidence.Record) []evidence.Record {
	records = slices.Clone(records)
	for i := range records {
		if n := records[i].Number - 1; n >= 0 && n < len(k.frames) {
			records[i].Raw = k.frames[n]
		}
	}
	return records
}
