package report

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A fileView is how frames of captures are named: by file, where there are
// several, and by the time of day, where all are of one day.
type fileView struct {
	fromFiles    bool // the document is about captures
	severalFiles bool
	base         map[string]string // short names, where they are unique
	days         bool              // frames of several days
}

// viewOf looks at which captures a document is about.
func viewOf(d *Document) fileView {
	var v fileView
	var first, last time.Time
	files := map[string]bool{}
	for i := range d.Results {
		for j := range d.Results[i].Capture.Files {
			f := &d.Results[i].Capture.Files[j]
			files[f.Name] = true
			for _, t := range []time.Time{f.First, f.Last} {
				if t.IsZero() {
					continue
				}
				if first.IsZero() || t.Before(first) {
					first = t
				}
				if last.IsZero() || t.After(last) {
					last = t
				}
			}
		}
	}
	v.fromFiles, v.severalFiles = len(files) > 0, len(files) > 1
	v.days = first.Format(time.DateOnly) != last.Format(time.DateOnly)
	count := map[string]int{}
	for name := range files {
		count[filepath.Base(name)]++
	}
	v.base = map[string]string{}
	for name := range files {
		v.base[name] = name
		if count[filepath.Base(name)] == 1 {
			v.base[name] = filepath.Base(name)
		}
	}
	return v
}

// fileName is what a capture is called in a line that has little room.
func (v *fileView) fileName(name string) string { return clean(cmp.Or(v.base[name], name)) }

// frame names a frame.
func (v *fileView) frame(file string, number int) string {
	text := fmt.Sprintf("#%d", number)
	if v.severalFiles && file != "" {
		text = v.fileName(file) + " " + text
	}
	return text
}

// clock prints the time of a frame.
func (v *fileView) clock(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case v.days:
		return t.Format("2006-01-02 15:04:05.000000")
	}
	return t.Format("15:04:05.000000")
}

// brief prints the time of a frame in a column of a table.
func (v *fileView) brief(t time.Time) string {
	switch {
	case t.IsZero():
		return "-"
	case v.days:
		return t.Format("01-02 15:04:05")
	}
	return t.Format("15:04:05.000")
}

// captureFiles are the files of a document, each once.
func captureFiles(d *Document) (files []*diagnose.CaptureFile) {
	seen := map[string]bool{}
	for i := range d.Results {
		for j := range d.Results[i].Capture.Files {
			f := &d.Results[i].Capture.Files[j]
			if !seen[f.Name] {
				seen[f.Name] = true
				files = append(files, f)
			}
		}
	}
	return files
}

// captureFile says what a file is, and what of it could not be read.
func captureFile(f *diagnose.CaptureFile) string {
	kind := clean(f.Format)
	if f.Compression != "" {
		kind += " in " + clean(f.Compression)
	}
	text := fmt.Sprintf("%s (%s): %s", clean(f.Name), kind, plural(f.Frames, "frame", "frames"))
	if !f.First.IsZero() {
		text += fmt.Sprintf(", %s to %s", f.First.Format("2006-01-02 15:04:05.000"), f.Last.Format("15:04:05.000 MST"))
		if a, b := f.First.Format(time.DateOnly), f.Last.Format(time.DateOnly); a != b {
			text = strings.Replace(text, " to ", " to "+b+" ", 1)
		}
	}
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{f.Dropped, "LOST, as the capturing program says"},
		{f.Cut, "cut by a snap length"},
		{f.NoMACs, "of links without MAC addresses"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf("; %s %s", thousands(int(part.n)), part.text)
		}
	}
	if f.Backwards > 0 {
		text += fmt.Sprintf("; time runs backwards %s", plural(f.Backwards, "time", "times"))
		if f.FirstBack != nil {
			text += fmt.Sprintf(", first at frame %d, by %.3g ms at most", f.FirstBack.Frame, f.MostBackMS)
		}
	}
	text += damage(f)
	var links []string
	for name, n := range f.OtherLinks {
		links = append(links, fmt.Sprintf("; %s of link type %s, which is not supported", thousands(int(n)), clean(name)))
	}
	slices.Sort(links)
	return text + strings.Join(links, "")
}

// mostDamage is how many damaged places of a file are told.
const mostDamage = 3

// damage tells where a file could not be read.
func damage(f *diagnose.CaptureFile) string {
	text := ""
	for _, d := range f.Damage[:min(len(f.Damage), mostDamage)] {
		text += fmt.Sprintf("; DAMAGED at octet %d, frame %d: %s", d.Offset, d.Frame, clean(d.What))
		if d.Skipped > 0 {
			text += fmt.Sprintf(" (%s skipped)", plural(uint64(d.Skipped), "octet", "octets"))
		}
	}
	if n := int(f.Damaged) - min(len(f.Damage), mostDamage); n > 0 {
		text += fmt.Sprintf("; and at %s more", plural(uint64(n), "place", "places"))
	}
	return text
}
