package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Options say how to render. The zero value is right for a pipe.
type Options struct {
	Width   int  // columns of the terminal; 0: 80; less than 40 counts as 40
	Color   bool // false: not one escape byte
	Verbose bool // every frame, host and finding, however many
}

// Nagios is the format that has exit codes of its own (Document.NagiosCode).
const Nagios = "nagios"

// formats holds one entry for each format, in the order in which they are
// offered. Only text knows of width and colour.
var formats = []struct {
	name  string
	write func(io.Writer, Document, Options) error
}{
	{"text", WriteText},
	{"json", func(w io.Writer, d Document, _ Options) error { return writeJSON(w, d) }},
	{"markdown", writeMarkdown},
	{"junit", writeJUnit},
	{Nagios, func(w io.Writer, d Document, _ Options) error { return writeNagios(w, d) }},
}

// Formats returns the names that Write takes, the default first.
func Formats() []string {
	names := make([]string, len(formats))
	for i := range formats {
		names[i] = formats[i].name
	}
	return names
}

// CheckFormat returns an error that names the existing formats, two at least,
// when format is none of them. It lets a command refuse before it sends a frame.
func CheckFormat(format string, names []string) error {
	if slices.Contains(names, format) {
		return nil
	}
	last := len(names) - 1
	return fmt.Errorf("no output format %q: there are %s and %s", format, strings.Join(names[:last], ", "), names[last])
}

// Write renders the document in one of the Formats. It writes all or, where
// rendering fails, nothing.
func Write(w io.Writer, format string, d Document, o Options) error {
	if err := CheckFormat(format, Formats()); err != nil {
		return err
	}
	i := slices.Index(Formats(), format)
	var buf bytes.Buffer
	if err := formats[i].write(&buf, d, o); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}
