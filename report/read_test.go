package report

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestReadErrors(t *testing.T) {
	const head = `{"schema": "arpcheck/v1", `
	const passed = head + `"verdict": "pass", "results": [{"vip": "192.168.1.99", "verdict": "pass", `
	for _, tt := range []struct{ name, input, want string }{
		{"empty", " \n", "empty: no JSON in it"},
		{"text", "FAIL  192.168.1.99", "not JSON: line 1, byte 1: invalid character 'F' looking for beginning of value"},
		{"cut off", "{\n\"schema\": \"arpcheck/v1\",\n", "not JSON: line 2, byte 27: unexpected end of JSON input"},
		{"two documents", "{}\n{}", "not JSON: line 2, byte 4: invalid character '{' after top-level value"},
		{"a list", "[]", "line 1, byte 1: the document cannot be a JSON array"},
		{"no schema", "{}", `no "schema" in it: not a result of arpcheck`},
		{"null", "null", `no "schema" in it: not a result of arpcheck`},
		{"schema of a later version", `{"schema": "arpcheck/v2", "results": 1}`, `schema is "arpcheck/v2", and this version reads "arpcheck/v1"`},
		{"a run of scenarios", `{"schema": "arpcheck/v1", "command": "scenario", "scenarios": []}`, "it is a run of scenarios, which is rendered as it is made: arpcheck scenario run -o text -o junit=FILE -o json=FILE"},
		{"schema that is no string", `{"schema": 1}`, "line 1, byte 12: schema cannot be a JSON number"},
		{"wrong type", head + "\n\"verdict\": 1}", "line 2, byte 39: verdict cannot be a JSON number"},
		{
			"wrong type in a host", head + `"results": [{"hosts": [` + "\n" + `{"replies": "many"}]}]}`,
			"line 2, byte 68: results.hosts.replies cannot be a JSON string",
		},
		{
			"bad MAC", head + "\"results\": [\n{\"verdict\": \"pass\"},\n{\"hosts\": [{\"mac\": \"\\u001b[31m\"}]}]}",
			`results[1], from line 3, byte 61: "\x1b[31m" is not a MAC address such as 02:00:5e:10:00:01`,
		},
		{"bad time", head + `"started": "yesterday"}`, `outside of the results: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`},
		{"bad verdict", head + `"results": [{"verdict": "fine"}]}`, `results[0]: verdict "fine" is none of pass, fail and inconclusive`},
		{"no verdict", head + `"results": []}`, `verdict is "", and the results make it "inconclusive"`},
		{"verdicts at odds", head + `"verdict": "pass", "results": [{"vip": "192.168.1.99", "verdict": "fail"}]}`, `verdict is "pass", and the results make it "fail"`},
		{"no VIP", head + `"verdict": "pass", "results": [{"verdict": "pass"}]}`, `results[0]: no address in "vip"`},
		{"empty VIP", head + `"verdict": "pass", "results": [{"vip": "", "verdict": "pass"}]}`, `results[0]: no address in "vip"`},
		{"pass with a failed test", passed + `"tests": {"reply": "pass", "announce": "fail"}}]}`, `results[0]: verdict is pass, and the test "announce" is fail`},
		{
			"pass with a fault", passed + `"findings": [{"severity": "info"}, {"code": "vip-conflict", "severity": "critical"}]}]}`,
			"results[0]: verdict is pass, and findings[1] (vip-conflict) is critical",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.input))
			if err == nil {
				t.Fatalf("no error, want %s", tt.want)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	saved := render(t, "json", document(leaking()), Options{})
	if _, err := readAtMost(bytes.NewReader(saved), int64(len(saved))); err != nil {
		t.Error(err)
	}
	endless := io.MultiReader(bytes.NewReader(saved), blanks{})
	if _, err := readAtMost(endless, 1<<20); err == nil || err.Error() != "more than 1 MiB: not a result of arpcheck" {
		t.Errorf("got %v", err)
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Later versions may add fields.
func TestReadUnknownFields(t *testing.T) {
	const input = `{"schema": "arpcheck/v1", "verdict": "pass", "new": {}, "results": [{"vip": "192.168.1.99", "verdict": "pass", "new": 1, "hosts": null}]}`
	d, err := Read(strings.NewReader(input))
	if err != nil {
		t.Fatal(err)
	}
	if d.Results[0].Hosts == nil {
		t.Error("null was not made an empty list")
	}
}

// Whatever Read accepts must render in every format, at any width, without
// harm to the terminal, and survive another round.
func FuzzRead(f *testing.F) {
	for name, d := range examples() {
		if name == "10000-hosts" || name == "256-vips" {
			continue // too big to be worth mutating
		}
		var buf bytes.Buffer
		if err := Write(&buf, "json", d, Options{}); err != nil {
			f.Fatal(err)
		}
		f.Add(buf.Bytes())
	}
	f.Add([]byte(`{"schema":"arpcheck/v1","verdict":"pass","results":[{"verdict":"pass","vip":"fe80::1%\u001b[m","hosts":[{"first_reply_ms":1e300,"replies":-1,"arp_ignore":[9223372036854775807,3,3]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(bytes.NewReader(data))
		if err != nil {
			if strings.IndexFunc(err.Error(), harmful) >= 0 {
				t.Fatalf("error of more than one line or with control characters: %q", err)
			}
			return
		}
		for _, format := range Formats() {
			for _, o := range []Options{{}, {Width: 1}, {Width: 120, Verbose: true}, {Width: 80, Color: true}} {
				out := render(t, format, d, o)
				if format == "text" && !o.Color && strings.IndexFunc(strings.ReplaceAll(string(out), "\n", ""), harmful) >= 0 {
					t.Fatalf("harmful text: %q", out)
				}
				switch format {
				case "junit":
					checkJUnit(t, out)
				case "markdown":
					checkMarkdown(t, out)
				case Nagios:
					checkNagios(t, out)
				}
			}
		}
		checkWidth(t, d)
		saved := render(t, "json", d, Options{})
		again, err := Read(bytes.NewReader(saved))
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, saved)
		}
		if diff := cmp.Diff(string(saved), string(render(t, "json", again, Options{}))); diff != "" {
			t.Fatalf("-first +second:\n%s", diff)
		}
	})
}

// checkWidth renders d without its fixes: nothing else may be too wide.
func checkWidth(t *testing.T, d Document) {
	d.Results = slices.Clone(d.Results)
	d.complete() // copies the findings
	for i := range d.Results {
		for j := range d.Results[i].Findings {
			d.Results[i].Findings[j].Fix = nil
		}
		d.Results[i].Notes = nil
	}
	for _, width := range []int{40, 80, 120} {
		for line := range strings.Lines(string(render(t, "text", d, Options{Width: width, Verbose: true}))) {
			if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
				t.Fatalf("%d columns wide, not %d: %q", w, width, line)
			}
		}
	}
}

// What a terminal would obey comes out of a result as an escape, and goes in
// again as what it was.
func TestJSONIsHarmless(t *testing.T) {
	const evil = "C1 \u009b2J, \u202ertl, \U000e0041 tag, \x7f; é and 世 stay"
	out, err := EncodeJSON(evil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range string(out) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q is in it", r)
		}
	}
	if !bytes.Contains(out, []byte("é and 世 stay")) {
		t.Errorf("what harms nobody is gone: %s", out)
	}
	var got string
	if err := json.Unmarshal(out, &got); err != nil || got != evil {
		t.Errorf("%v: %q", err, got)
	}
}
