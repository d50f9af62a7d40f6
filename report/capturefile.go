package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A fileView is how frames of captures are named: by the number of the file,
// where there are several, and by the time of day, where all are of one day.
type fileView struct {
	fromFiles    bool // the document is about captures
	severalFiles bool
	order        map[string]int // of the files, from 1
	days         bool           // frames of several days
}

// viewOf looks at which captures a document is about.
func viewOf(d *Document) fileView {
	v := fileView{order: map[string]int{}}
	var first, last time.Time
	for _, f := range captureFiles(d) {
		v.order[f.Name] = len(v.order) + 1
		for _, t := range []time.Time{f.First, f.Last} {
			if !t.IsZero() && (first.IsZero() || t.Before(first)) {
				first = t
			}
			if t.After(last) {
				last = t
			}
		}
	}
	v.fromFiles, v.severalFiles = len(v.order) > 0, len(v.order) > 1
	v.days = first.Format(time.DateOnly) != last.Format(time.DateOnly)
	return v
}

// frame names a frame.
func (v *fileView) frame(file string, number int) string {
	if n := v.order[file]; v.severalFiles && n > 0 {
		return fmt.Sprintf("%d:#%d", n, number)
	}
	return fmt.Sprintf("#%d", number)
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

// captureFiles prints what is to be known of the captures.
func (p *printer) captureFiles(d *Document) {
	for _, f := range captureFiles(d) {
		p.para("", "  ", p.captureFile(f))
	}
}

// captureFile says what a file is, and what of it could not be read.
func (v *fileView) captureFile(f *diagnose.CaptureFile) string {
	kind := clean(f.Format)
	if f.Compression != "" {
		kind += " in " + clean(f.Compression)
	}
	text := fmt.Sprintf("%s (%s): %s", clean(f.Name), kind, plural(f.Frames, "frame", "frames"))
	if v.severalFiles {
		text = fmt.Sprintf("%d: %s", v.order[f.Name], text)
	}
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
	if f.Damaged > 0 {
		text += "; DAMAGED" // a note says where
	}
	var links []string
	for name, n := range f.OtherLinks {
		links = append(links, fmt.Sprintf("; %s of link type %s, which is not supported", thousands(int(n)), clean(name)))
	}
	slices.Sort(links)
	return text + strings.Join(links, "")
}
