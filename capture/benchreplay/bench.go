package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A bench makes the files and measures.
type bench struct {
	ctx     context.Context
	scale   float64
	rounds  int
	program string
	vip     string
	tshark  bool

	dir    string
	memory int64 // the most that ours ever needed, in octets
}

// A contest is what is measured in turns: ours first, against rivals.
type contest struct {
	title string
	runs  []run
	goals []float64 // for each rival: ours may take this part of its time

}

type run struct {
	name    string
	command []string // sh -c
	least   time.Duration
	memory  int64 // octets, at most
}

func (b *bench) run(dir string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "arpcheck-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	b.dir = dir
	fmt.Printf("%-44s %10s %10s %8s %8s\n", "", "ours, ms", "rival, ms", "ratio", "goal")
	for i, k := range kinds(b.scale) {
		name := filepath.Join(dir, fmt.Sprintf("kind%d.pcap", i))
		if err := k.write(name, false); err != nil {
			return err
		}
		if err := b.file(k, name); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	fmt.Printf("most memory of ours: %d MB of 64\n", b.memory>>20)
	return nil
}

// file measures one kind of capture.
func (b *bench) file(k kind, name string) error {
	contests := []contest{{title: k.name, runs: []run{b.ours(name), {name: "cat", command: sh(`exec cat "$1" >/dev/null`, name)}}, goals: []float64{k.cat}}}
	// tcpdump must not write to /dev/null as root: it would replace it.
	if k.tcpdump > 0 && has("tcpdump") {
		out := filepath.Join(b.dir, "out.pcap")
		contests[0].add(run{name: "tcpdump arp", command: sh(`exec tcpdump -nn -r "$1" arp -w "$2" 2>/dev/null`, name, out)}, 1/k.tcpdump)
	}
	if k.forms {
		more, err := b.otherForms(k, name)
		if err != nil {
			return err
		}
		contests = append(contests, more...)
	}
	for i := range contests {
		if err := b.measure(&contests[i]); err != nil {
			return err
		}
	}
	if b.tshark && k.tshark > 0 && has("tshark") {
		return b.sharks(k, contests[0].runs[0].least, k.tshark)
	}
	return nil
}

// otherForms are the same packets as pcapng, in gzip and through a pipe.
func (b *bench) otherForms(k kind, name string) ([]contest, error) {
	ng, zipped := filepath.Join(b.dir, "kind.pcapng"), filepath.Join(b.dir, "kind.pcap.gz")
	if err := k.write(ng, true); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(b.ctx, "sh", "-c", `gzip -1 <"$1" >"$2"`, "sh", name, zipped).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("gzip: %w: %s", err, out)
	}
	piped := b.ours("-")
	piped.command = append(sh(`cat "$1" | { shift; "$@"; }`, name), piped.command...)
	return []contest{
		{title: "the same as pcapng", runs: []run{b.ours(ng), {name: "ours, pcap", command: b.ours(name).command}}, goals: []float64{1.5}},
		{title: "the same in gzip", runs: []run{b.ours(zipped), {name: "gzip -dc | cat", command: sh(`gzip -dc "$1" | cat >/dev/null`, zipped)}}, goals: []float64{0.7}},
		{title: "the same through a pipe", runs: []run{piped, {name: "cat | cat", command: sh(`cat "$1" | cat >/dev/null`, name)}}, goals: []float64{2}},
	}, nil
}

// sharks measures tshark once, on a small part: it is that much slower, and
// its time grows with the number of packets.
func (b *bench) sharks(k kind, ours time.Duration, goal float64) error {
	const part = 200_000
	small, all := k, k.frames
	small.frames = min(part, all)
	name := filepath.Join(b.dir, "part.pcap")
	if err := small.write(name, false); err != nil {
		return err
	}
	defer os.Remove(name)
	r := run{name: "tshark arp", command: sh(`exec tshark -n -r "$1" -Y arp >/dev/null 2>&1`, name)}
	if err := r.once(b.ctx); err != nil {
		return err
	}
	theirs := time.Duration(float64(r.least) * float64(all) / float64(small.frames))
	line(k.name+", "+r.name+" (extrapolated)", ours, theirs, 1/goal)
	return nil
}

func (c *contest) add(r run, goal float64) {
	c.runs, c.goals = append(c.runs, r), append(c.goals, goal)
}

// measure runs everything in turns and prints the ratios.
func (b *bench) measure(c *contest) error {
	for range b.rounds {
		for i := range c.runs {
			if err := c.runs[i].once(b.ctx); err != nil {
				return err
			}
		}
	}
	b.memory = max(b.memory, c.runs[0].memory)
	for i, rival := range c.runs[1:] {
		line(c.title+", "+rival.name, c.runs[0].least, rival.least, c.goals[i])
	}
	return nil
}

func line(title string, ours, theirs time.Duration, goal float64) {
	ratio := float64(ours) / float64(theirs)
	verdict := ""
	if ratio > goal {
		verdict = "  MISSED"
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	if goal < 0.2 {
		fmt.Printf("%-44s %10.0f %10.0f %7.0fx %7.0fx%s\n", title, ms(ours), ms(theirs), 1/ratio, 1/goal, verdict)
		return
	}
	fmt.Printf("%-44s %10.0f %10.0f %8.2f %8.2f%s\n", title, ms(ours), ms(theirs), ratio, goal, verdict)
}

// ours is the command that is measured.
func (b *bench) ours(name string) run {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	command := []string{self, "-read", "-vip", b.vip, name}
	if b.program != "" {
		command = []string{b.program, "replay", name}
		if b.vip != "" {
			command = append(command, "--vip", b.vip)
		}
	}
	return run{name: "ours", command: command}
}

// once runs the command and keeps its time if it is the least. Verdicts are
// exit codes, so those up to 3 are no failure.
func (r *run) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if code := cmd.ProcessState; err != nil && (code == nil || code.ExitCode() != 1 && code.ExitCode() != 3) {
		return fmt.Errorf("%q: %w", r.command, err)
	}
	r.memory = max(r.memory, memory(cmd.ProcessState))
	if r.least == 0 || took < r.least {
		r.least = took
	}
	return nil
}

func sh(script string, args ...string) []string {
	return append([]string{"sh", "-c", script, "sh"}, args...)
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
