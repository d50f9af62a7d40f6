// Package diagnose turns evidence into hosts, the settings that fit what each
// of them did, findings and a verdict.
//
// It works by elimination: every host is compared with all configurations that
// package kernel knows, and those that would have reacted otherwise are struck
// out. It is pure: no socket, no file, no clock.
package diagnose
