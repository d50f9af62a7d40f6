// Package capture turns frames into evidence: it decodes single Ethernet
// frames and listens on a packet socket behind a kernel filter that lets
// nothing foreign through.
//
// Decode and Filter work on every operating system; Open needs Linux.
package capture
