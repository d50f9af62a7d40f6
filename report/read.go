package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/arpcheck/arpcheck/diagnose"
)

// maxDocument bounds what Read takes into memory. A run over 256 VIPs with
// every frame listed stays far below it.
const maxDocument = 256 << 20

// Read reads a document that the json format wrote. Unknown fields are left
// out, as later versions of the schema may add some. The error is one line
// that says what is wrong and where.
func Read(r io.Reader) (Document, error) {
	return readAtMost(r, maxDocument)
}

func readAtMost(r io.Reader, most int64) (Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return Document{}, err
	}
	if int64(len(data)) > most {
		return Document{}, fmt.Errorf("more than %d MiB: not a result of arpcheck", most>>20)
	}
	d, err := parse(data)
	if err != nil {
		// It quotes the input: keep it short, on one line, and harmless.
		return Document{}, errors.New(clip(clean(err.Error()), 300))
	}
	return d, nil
}

func parse(data []byte) (Document, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return Document{}, errors.New("empty: no JSON in it")
	}

	// The schema first: a document of another one may differ in every type.
	var head struct {
		Schema  *string `json:"schema"`
		Command string  `json:"command"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Document{}, where(data, err)
	}
	switch {
	case head.Schema == nil:
		return Document{}, errors.New(`no "schema" in it: not a result of arpcheck`)
	case *head.Schema != Schema:
		return Document{}, fmt.Errorf("schema is %q, and this version reads %q", *head.Schema, Schema)
	case head.Command == "scenario":
		return Document{}, errors.New("it is a run of scenarios, which is rendered as it is made: arpcheck scenario run -o text -o junit=FILE -o json=FILE")
	}

	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return Document{}, where(data, err)
	}
	if err := d.check(); err != nil {
		return Document{}, err
	}
	d.complete()
	return d, nil
}

// check refuses verdicts that are unknown or at odds with each other, or with
// what they rest on: exit codes rest on them in turn.
func (d *Document) check() error {
	for i := range d.Results {
		if err := checkResult(&d.Results[i]); err != nil {
			return fmt.Errorf("results[%d]: %w", i, err)
		}
	}
	if want := worst(d.Results); d.Verdict != want {
		return fmt.Errorf("verdict is %q, and the results make it %q", d.Verdict, want)
	}
	return nil
}

func checkResult(r *diagnose.Result) error {
	if !known(r.Verdict) {
		return fmt.Errorf("verdict %q is none of pass, fail and inconclusive", r.Verdict)
	}
	if !r.VIP.IsValid() && len(r.Capture.Files) == 0 {
		return errors.New(`no address in "vip"`)
	}
	if r.Verdict != diagnose.Pass {
		return nil
	}
	for _, t := range []struct {
		name    string
		verdict diagnose.Verdict
	}{{"reply", r.Tests.Reply}, {"announce", r.Tests.Announce}, {"holders", r.Tests.Holders}} {
		if t.verdict == diagnose.Fail {
			return fmt.Errorf("verdict is pass, and the test %q is fail", t.name)
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Severity == diagnose.Critical {
			return fmt.Errorf("verdict is pass, and findings[%d] (%s) is critical", i, f.Code)
		}
	}
	return nil
}

// where adds to an error of encoding/json the place in the input.
func where(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %s: %w", position(data, syntax.Offset), err)
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		field := typed.Field
		if field == "" {
			field = "the document"
		}
		return fmt.Errorf("%s: %s cannot be a JSON %s", position(data, typed.Offset), field, typed.Value)
	}

	// An address, a MAC or a time that does not parse: encoding/json does
	// not say where, so find the first result that fails by itself.
	var raw struct {
		Results []json.RawMessage `json:"results"`
	}
	if json.Unmarshal(data, &raw) == nil {
		for i, one := range raw.Results {
			if json.Unmarshal(one, new(diagnose.Result)) != nil {
				at := int64(bytes.Index(data, one)) + 1
				return fmt.Errorf("results[%d], from %s: %w", i, position(data, at), err)
			}
		}
	}
	return fmt.Errorf("outside of the results: %w", err)
}

// position names the offset as encoding/json counts it, from 1, by line and byte.
func position(data []byte, offset int64) string {
	before := data[:max(0, min(offset-1, int64(len(data))))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("line %d, byte %d", line, offset)
}
