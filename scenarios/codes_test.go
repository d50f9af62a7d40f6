package scenarios

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/diagnose"
)

// Whatever a diagnosis can find, a scenario can expect, and its schema knows.
func TestEveryCodeCanBeExpected(t *testing.T) {
	var schema struct {
		Defs struct {
			Expectation struct {
				Properties struct {
					Findings struct {
						Items struct{ Enum []diagnose.Code }
					}
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	source := ByName("classic").Source()
	for _, code := range diagnose.Codes() {
		if !slices.Contains(schema.Defs.Expectation.Properties.Findings.Items.Enum, code) {
			t.Errorf("%s is not in the schema", code)
		}
		text := strings.Replace(source, "findings: [vip-announce-leak]", "findings: ["+string(code)+"]", 1)
		if _, err := Read(strings.NewReader(text), "x.yaml"); err != nil {
			t.Error(err)
		}
	}
}
