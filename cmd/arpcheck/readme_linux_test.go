package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

// What README.md shows of the program is the program's own output:
//
//	go test ./cmd/arpcheck -run README -update
//
// writes it there, between comments; without -update it is compared.
var update = flag.Bool("update", false, "write fresh output into README.md")

const readme = "../../README.md"

// readmeBlock finds a generated part of README.md by its name.
func readmeBlock(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)(<!-- generated: ` + name + ` -->\n).*?(<!-- end -->)`)
}

func TestREADMESession(t *testing.T) {
	checkREADME(t, func(t *testing.T) map[string]string {
		lab := scenarios.Start(t, labs["three"])
		ask := []string{"--vip", "192.168.1.99", "-i", "eth1", "--director", "192.168.1.10"}
		command := "$ arpcheck " + strings.Join(ask, " ")
		bad := runOnClient(t, lab, 1, ask...)
		for _, host := range []string{"r1", "r2", "r3"} {
			for key, value := range map[string]string{"arp_ignore": "1", "arp_announce": "2"} {
				if err := lab.Host(host).Sysctl("net.ipv4.conf.all."+key, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		good := runOnClient(t, lab, 0, ask...)

		// The first finding as far as what to type is what one screen takes.
		top, _, _ := strings.Cut(bad, "   likely causes")
		return map[string]string{
			"bad":  fence(fmt.Sprintf("%s | head -%d\n%s", command, strings.Count(top, "\n"), top)),
			"good": fence(command + "\n" + good),
			"full": fence(command + "\n" + bad),
		}
	})
}

func TestREADMEFlags(t *testing.T) {
	checkREADME(t, func(t *testing.T) map[string]string {
		_, flags, _ := strings.Cut(runIn(t, func(f func() error) error { return f() }, 0, "--help"), "\nFlags:\n")
		flags, _, _ = strings.Cut(flags, "\n\n")
		return map[string]string{"flags": fence(flags + "\n")}
	})
}

// TestREADMEFrames counts what is sent to clusters without a fault, and what
// one more real server, VIP or name adds to it.
func TestREADMEFrames(t *testing.T) {
	checkREADME(t, func(t *testing.T) map[string]string {
		right := scenarios.Server{Ignore: 1, Announce: 2}
		other := netip.MustParseAddr("192.168.1.98")
		twoVIPs := scenarios.Classic(right)
		spec := scenarios.AddressSpec{Prefix: netip.PrefixFrom(other, 32)}
		twoVIPs.Hosts[1].Interfaces[0].Addresses = append(twoVIPs.Hosts[1].Interfaces[0].Addresses, spec)
		twoVIPs.Hosts[2].Loopback = append(twoVIPs.Hosts[2].Loopback, spec)

		const director = "192.168.1.10"
		one := framesSent(t, scenarios.Classic(right), director, scenarios.ClassicVIP)
		server := framesSent(t, scenarios.Classic(right, right), director, scenarios.ClassicVIP)
		vip := framesSent(t, twoVIPs, director, scenarios.ClassicVIP, other)

		var b strings.Builder
		b.WriteString("| frames | one VIP, director and one real server | each further real server | each further VIP |\n|---|--:|--:|--:|\n")
		row := func(kind string, of func(map[string]int) int) {
			n := of(one)
			fmt.Fprintf(&b, "| %s | %d | %+d | %+d |\n", kind, n, of(server)-n, of(vip)-n)
		}
		for _, kind := range frameKinds {
			if one[kind]+server[kind]+vip[kind] > 0 {
				row(kind, func(sent map[string]int) int { return sent[kind] })
			}
		}
		row("all", func(sent map[string]int) (sum int) {
			for n := range maps.Values(sent) {
				sum += n
			}
			return sum
		})
		return map[string]string{"frames": strings.ReplaceAll(b.String(), " +0 ", " 0 ")}
	})
}

// frameKinds are what the frames are called that a check sends.
var frameKinds = []string{
	"who-has VIP, broadcast",
	"who-has another address, broadcast",
	"echo request to the VIP, broadcast",
	"who-has, to one host alone",
	"echo request, to one host alone",
	"is-at, to the host that asked for an unused address",
}

var toOneHost = regexp.MustCompile(` to ([0-9a-f]{2}:){5}`)

// frameKind sorts a frame that was sent, by its text.
func frameKind(text string, vips []netip.Addr) string {
	target, who := strings.CutPrefix(text, "who-has ")
	target, _, _ = strings.Cut(target, " ")
	alone := toOneHost.MatchString(text)
	switch {
	case who && alone:
		return frameKinds[3]
	case who && slices.ContainsFunc(vips, func(vip netip.Addr) bool { return vip.String() == target }):
		return frameKinds[0]
	case who:
		return frameKinds[1]
	case strings.Contains(text, " is-at "):
		return frameKinds[5]
	case alone:
		return frameKinds[4]
	}
	return frameKinds[2]
}

// framesSent runs a check and counts the frames that it sent, by their kind.
func framesSent(t *testing.T, top scenarios.Topology, director string, vips ...netip.Addr) map[string]int {
	t.Helper()
	lab := scenarios.Start(t, top)
	defer lab.Close()
	args := []string{"-i", "eth1", "-v", "-o", "json"}
	for _, vip := range vips {
		args = append(args, "--vip", vip.String())
	}
	if director != "" {
		args = append(args, "--director", director)
	}
	doc, err := report.Read(strings.NewReader(runOnClient(t, lab, 0, args...)))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[int]string{} // by number: results may share frames
	for _, r := range doc.Results {
		for _, f := range r.Frames {
			if f.Sent {
				kinds[f.Frame] = frameKind(f.Text, vips)
			}
		}
	}
	sent := map[string]int{}
	for kind := range maps.Values(kinds) {
		sent[kind]++
	}
	return sent
}

// checkREADME compares blocks of README.md with what the program prints now,
// or writes them. On a machine that is busy a run may see things in another
// way, so it has more than one try.
func checkREADME(t *testing.T, generate func(*testing.T) map[string]string) {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var diffs []string
	for range 3 {
		diffs = nil
		fresh := generate(t)
		for _, name := range slices.Sorted(maps.Keys(fresh)) {
			block := readmeBlock(name)
			have := block.FindSubmatch(text)
			if have == nil {
				t.Fatalf("README.md has no <!-- generated: %s --> … <!-- end -->", name)
			}
			if *update {
				text = block.ReplaceAllFunc(text, func([]byte) []byte {
					return []byte(string(have[1]) + fresh[name] + string(have[2]))
				})
				continue
			}
			old := strings.TrimSuffix(strings.TrimPrefix(string(have[0]), string(have[1])), string(have[2]))
			if diff := cmp.Diff(strings.Split(mask(old), "\n"), strings.Split(mask(fresh[name]), "\n")); diff != "" {
				diffs = append(diffs, fmt.Sprintf("%s (-README.md +the program):\n%s", name, diff))
			}
		}
		if len(diffs) == 0 {
			break
		}
	}
	for _, diff := range diffs {
		t.Errorf("%s\n`make readme` brings README.md up to date", diff)
	}
	if *update {
		if err := os.WriteFile(readme, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const maskedProof = "     #N +T ms  "

var (
	proofLine   = regexp.MustCompile(`^( *)#\d+ +\+[\d.]+ ms  `)
	varyingLine = regexp.MustCompile(`^(note|frames): `)
	frameCount  = regexp.MustCompile(`\d+ (sent|received|analysed)`)
	frameNumber = regexp.MustCompile(`frame \d+`)
	took        = regexp.MustCompile(`took .*`)
	harmTime    = regexp.MustCompile(`for [\d.]+ s`)
	harmBy      = regexp.MustCompile(`point to [\d.]+`) // of several, whoever was last
	labAddress  = regexp.MustCompile(`192\.168\.1\.\d+`)
)

// mask removes from a report what differs from run to run: times, numbers of
// frames, addresses that were found unused, the order in which hosts answered,
// and the line breaks that depend on how long all these are.
func mask(text string) string {
	var lines []string
	varies := false // the paragraph has other line breaks in each run
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		word := strings.TrimLeft(line, " ")
		switch {
		case proofLine.MatchString(line):
			line = proofLine.ReplaceAllString(line, maskedProof)
			varies = true
		case word == "" || strings.HasPrefix(word, "`"):
			varies = false
		case varies:
			lines[len(lines)-1] += " " + word
			continue
		default:
			varies = varyingLine.MatchString(line)
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		line = labAddress.ReplaceAllStringFunc(line, func(addr string) string {
			if slices.Contains([]string{"10", "41", "42", "43", "99", "182"}, strings.TrimPrefix(addr, "192.168.1.")) {
				return addr
			}
			return "UNUSED"
		})
		switch kind, _, _ := strings.Cut(line, ": "); kind {
		case "frames":
			line = frameCount.ReplaceAllString(line, "N $1")
			line = took.ReplaceAllString(line, "took T")
		case "note":
			line = harmTime.ReplaceAllString(line, "for T")
			line = frameNumber.ReplaceAllString(line, "frame N")
			line = harmBy.ReplaceAllString(line, "point to ONE OF THEM")
		}
		lines[i] = line
	}
	// Neighbouring lines of proof may come in any order.
	for i := range lines {
		end := i
		for end < len(lines) && strings.HasPrefix(lines[end], maskedProof) {
			end++
		}
		slices.Sort(lines[i:end])
	}
	return strings.Join(lines, "\n")
}

// runOnClient runs the program on the client of the lab.
func runOnClient(t *testing.T, lab *scenarios.Lab, code int, args ...string) string {
	t.Helper()
	return runIn(t, lab.Host("client").Do, code, args...)
}

// runIn runs the program for 80 columns, within do, and returns its standard
// output.
func runIn(t *testing.T, do func(func() error) error, code int, args ...string) string {
	t.Helper()
	t.Setenv("COLUMNS", "80")
	stdout, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	err = do(func() error {
		if got := run(args, strings.NewReader(""), stdout, os.Stderr); got != code {
			return fmt.Errorf("exit code %d, want %d", got, code)
		}
		return nil
	})
	text, rerr := os.ReadFile(stdout.Name())
	if err := errors.Join(err, rerr); err != nil {
		t.Fatalf("arpcheck %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}

func fence(text string) string { return "```text\n" + text + "```\n" }

// section returns the part of README.md below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// The exit codes are those of the manual, which the lab scripts see at work.
func TestREADMEExitCodes(t *testing.T) {
	manual, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\d+)  (.*)$`).FindAllStringSubmatch(string(manual), -1) {
		want = append(want, m[1]+" "+m[2])
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \|$`).FindAllStringSubmatch(section(t, "Exit codes"), -1) {
		got = append(got, m[1]+" "+m[2])
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 5 {
		t.Errorf("exit codes (-doc.go +README.md):\n%s", diff)
	}
}

// Each module that go.mod requires directly has its line.
func TestREADMEDependencies(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require |\t)(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) {
		want = append(want, m[1])
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\S+)` \\|").FindAllStringSubmatch(section(t, "Dependencies"), -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("dependencies (-go.mod +README.md):\n%s", diff)
	}
}
