package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// piped starts a replay of standard input, which stays open.
func piped(t *testing.T, args ...string) (cmd *exec.Cmd, in io.WriteCloser, out, errs *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command("arpcheck", append([]string{"replay", "-"}, args...)...)
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Process.Kill() })
	return cmd, in, out, errs
}

func recording(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A signal ends the reading of a stream, whose writer may go on for ever, with
// a report on what came; that is no pass.
func TestReplaySignal(t *testing.T) {
	for _, tc := range []struct {
		name string
		sig  os.Signal
		code int
	}{
		{"classic.pcap", os.Interrupt, 1},
		{"classic.pcap", syscall.SIGTERM, 1},
		{"healthy.pcap", os.Interrupt, 3}, // what comes later is not known
	} {
		t.Run(tc.name+" "+tc.sig.String(), func(t *testing.T) {
			cmd, in, out, errs := piped(t, "-q")
			if _, err := in.Write(recording(t, tc.name)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // to have read it
			cmd.Process.Signal(tc.sig)
			if code := exitCode(cmd.Wait()); code != tc.code || errs.Len() > 0 {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, out, errs)
			}
			if !strings.Contains(out.String(), "interrupted") {
				t.Errorf("nothing tells that it was interrupted:\n%s", out)
			}
		})
	}
}

// Ctrl-C goes to all of a pipe: the writer ends too, and what it still writes
// belongs to the capture.
func TestReplaySignalToBoth(t *testing.T) {
	cmd, in, out, errs := piped(t, "-q")
	data := recording(t, "healthy.pcap")
	if _, err := in.Write(data[:len(data)/2]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	cmd.Process.Signal(os.Interrupt)
	if _, err := in.Write(data[len(data)/2:]); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if code := exitCode(cmd.Wait()); code != 0 || strings.Contains(out.String(), "interrupted") {
		t.Errorf("exit code %d, want 0: the capture is whole\n%s%s", code, out, errs)
	}
}

// A second signal ends it at once.
func TestReplaySecondSignal(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	proof := filepath.Join(dir, "proof.pcapng")
	// Nobody opens the pipe for writing, so even opening it waits.
	cmd := exec.Command("arpcheck", "replay", fifo, "--write", proof)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	cmd.Process.Signal(os.Interrupt)
	time.Sleep(oneBlow + 200*time.Millisecond)
	cmd.Process.Signal(os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		t.Fatal("it is still there")
	}
	if _, err := os.Stat(proof); err == nil {
		t.Error("there is a file under the final name")
	}
}

// A stream that ends before it begins is no capture.
func TestReplayNothingPiped(t *testing.T) {
	cmd, _, out, errs := piped(t)
	time.Sleep(300 * time.Millisecond)
	cmd.Process.Signal(os.Interrupt)
	if code := exitCode(cmd.Wait()); code != 2 && code != 3 || out.Len()+errs.Len() == 0 {
		t.Errorf("exit code %d, want 2 or 3 and a word on it\n%s%s", code, out, errs)
	}
}
