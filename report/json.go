package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// writeJSON writes the document in the form that Read takes.
func writeJSON(w io.Writer, d Document) error {
	data, err := EncodeJSON(d)
	if err != nil {
		return err
	}
	// A file name need not be UTF-8, and encoding/json replaces what is not,
	// by an escape that it would not write again: a saved result must come
	// out as it went in.
	if bytes.Contains(data, []byte(`\ufffd`)) {
		var valid Document
		if err := json.Unmarshal(data, &valid); err != nil {
			return err
		}
		if data, err = EncodeJSON(valid); err != nil {
			return err
		}
	}
	_, err = w.Write(data)
	return err
}

// EncodeJSON returns v as people read it: indented, and with "<" and "&" as they
// are, for this is no HTML. What a terminal would obey, or not show, is escaped:
// control characters of all kinds, and those that turn the direction of text.
func EncodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	// Outside of strings JSON is ASCII alone, and encoding/json has escaped the
	// control characters of that.
	var out []byte
	for _, r := range buf.String() {
		switch {
		case r < 0x7f || unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out, nil
}
