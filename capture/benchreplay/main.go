// Benchreplay measures the replay of captures against cat, tcpdump, tshark and
// gzip: it makes its own files, runs everything in turns in the same minutes,
// and prints how the least times compare, for only that means something on a
// machine that others use too.
//
//	go run ./capture/benchreplay                     the reading and counting alone
//	go run ./capture/benchreplay -program ./arpcheck the whole program
package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"

	"github.com/arpcheck/arpcheck/capture"
)

func main() {
	var (
		scale   = flag.Float64("scale", 0.5, "size of the files; the largest three, 2.2 GB at 0.5, are there at once")
		rounds  = flag.Int("rounds", 7, "how often everything runs; the least time counts")
		dir     = flag.String("dir", "", "a folder for the files, of a disk with room (default: a temporary one)")
		program = flag.String("program", "", "an arpcheck to be measured as \"arpcheck replay FILE\" (default: this program's own reading)")
		vip     = flag.String("vip", "", "addresses to watch, as replay's --vip")
		slow    = flag.Bool("tshark", true, "measure tshark too, on a part of each file")
		read    = flag.Bool("read", false, "do nothing but read the files that are named, and print counts")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *read {
		err = replay(ctx, flag.Args(), *vip)
	} else {
		b := bench{ctx: ctx, scale: *scale, rounds: *rounds, program: *program, vip: *vip, tshark: *slow}
		err = b.run(*dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchreplay:", err)
		os.Exit(2)
	}
}

// replay reads files as arpcheck replay does, and stops short of the verdict.
func replay(ctx context.Context, names []string, vip string) error {
	var cfg capture.ReplayConfig
	for _, s := range strings.FieldsFunc(vip, func(r rune) bool { return r == ',' }) {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return err
		}
		cfg.Watch = append(cfg.Watch, addr)
	}
	var sources []capture.Source
	for _, name := range names {
		source := capture.Source{Name: name}
		if name == "-" {
			source.Stream = os.Stdin
		}
		sources = append(sources, source)
	}
	log, err := capture.Replay(ctx, sources, cfg)
	if err != nil {
		return err
	}
	fmt.Printf("%d frames, %d claims, %d frames of more, %d records, %d more, ignored %v\n", log.Received,
		len(log.Claims), log.Unlisted, len(log.Records), log.Shortened, log.Ignored)
	for _, f := range log.Files {
		for _, d := range f.Damage {
			fmt.Printf("%s: %s, at octet %d, frame %d, %d octets skipped\n", f.Name, d.What, d.Offset, d.Frame, d.Skipped)
		}
	}
	return nil
}
