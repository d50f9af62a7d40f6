package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// writeJSON writes the document in the form that Read takes.
func writeJSON(w io.Writer, d Document) error {
	data, err := encode(d)
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
		if data, err = encode(valid); err != nil {
			return err
		}
	}
	_, err = w.Write(data)
	return err
}

// encode leaves "<" and "&" as they are: this is no HTML, and people read it.
func encode(d Document) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return buf.Bytes(), err
}
