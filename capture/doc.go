// Package capture turns frames into evidence. Three ways lead into it:
//
//   - Decode reduces a single Ethernet frame to a record.
//   - Open listens on a packet socket, behind a kernel filter that lets nothing
//     foreign through, and sends.
//   - Replay reads capture files of any kind, of any size, as one timeline.
//
// How Replay works, from the file to the evidence: a Source is opened, and
// inflated if need be (source.go, compress.go). A window holds the part of it
// that is in memory (window.go), and a walker goes from record to record (pcap.go,
// pcapng.go). A division does that in several segments at once (segments.go).
// Frames go to a tally, which knows at first sight the many that tell nothing
// (plain.go) and has the others decoded (linktype.go, decode.go). It counts who
// claimed what (claims.go) and keeps records of the addresses that matter
// (trail.go, asks.go). What segments and files have found is merged in order,
// and becomes an evidence.Log (replay.go, records.go).
//
// WriteFrames writes frames as a pcapng file, each with a comment.
//
// All but Open work on every operating system; that needs Linux.
package capture
