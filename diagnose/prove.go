package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// mostFiltered is how many frames of a file a display filter names.
const mostFiltered = 50

// prove lets a finding rest on frames. It shows the first few of them; those of
// files can be seen all, with a filter.
func prove(f *Finding, recs []evidence.Record) {
	f.Evidence, f.Filters = frames(recs), filters(recs)
}

// frames turns records into evidence, the first few of them.
func frames(recs []evidence.Record) []Evidence {
	var all []Evidence
	for _, rec := range recs[:min(len(recs), mostProof)] {
		all = append(all, Evidence{Frame: rec.Number, Time: rec.Time, Text: rec.String(), File: rec.File})
	}
	return all
}

// filters are the Wireshark display filters that show records, one for each
// file. The numbers stand in a set, whose members need no commas in any version
// of Wireshark.
func filters(recs []evidence.Record) (all []Filter) {
	var files []string
	numbers := map[string][]int{}
	for _, rec := range recs {
		if rec.File == "" {
			continue
		}
		if !slices.Contains(files, rec.File) {
			files = append(files, rec.File)
		}
		if len(numbers[rec.File]) < mostFiltered {
			numbers[rec.File] = append(numbers[rec.File], rec.Number)
		}
	}
	for _, file := range files {
		n := numbers[file]
		slices.Sort(n)
		n = slices.Compact(n)
		display := fmt.Sprintf("frame.number == %d", n[0])
		if len(n) > 1 {
			display = "frame.number in {" + strings.Trim(fmt.Sprint(n), "[]") + "}"
		}
		all = append(all, Filter{File: file, Display: display})
	}
	return all
}

// inFrame names a frame for a sentence.
func (s *scene) inFrame(rec evidence.Record) string {
	if len(s.log.Files) > 1 {
		return fmt.Sprintf("frame %d of %s", rec.Number, rec.File)
	}
	return fmt.Sprintf("frame %d", rec.Number)
}
