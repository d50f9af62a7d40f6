// Package diagnose turns evidence into hosts, the settings that fit what each
// of them did, findings and a verdict.
//
// It works by elimination: every host is compared with all configurations that
// package kernel knows, and those that would have reacted otherwise are struck
// out. It is pure: no socket, no file, no clock.
//
// What hosts react to are asks. A live run has sent them itself (Diagnose); in a
// capture they are what anybody asked (Captured). Everything else is the same,
// but for three things that only who asks can know: that an answer would have
// been seen, which mask the subnet has, and that all who hold an address were
// asked for it. See witness.go, guess.go and sight.go.
package diagnose
