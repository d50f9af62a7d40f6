package scenarios

import (
	"fmt"
	"regexp"
	"strings"
)

// satisfies checks a document against the part of JSON schema that Schema uses.
// A keyword that it does not know is an error, so that none goes unchecked.
func satisfies(doc any, schema, defs map[string]any, path string) error {
	wrong := func(format string, a ...any) error { return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, a...)) }
	for keyword, arg := range schema {
		switch keyword {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			def, ok := defs[name].(map[string]any)
			if !ok {
				return wrong("no definition %s", name)
			}
			if err := satisfies(doc, def, defs, path); err != nil {
				return err
			}
		case "anyOf":
			var errs []error
			for _, s := range arg.([]any) {
				if err := satisfies(doc, s.(map[string]any), defs, path); err != nil {
					errs = append(errs, err)
				}
			}
			if len(errs) == len(arg.([]any)) {
				return wrong("fits none: %v", errs)
			}
		case "type":
			types, ok := arg.([]any)
			if !ok {
				types = []any{arg}
			}
			if !contains(types, typeOf(doc)) {
				return wrong("%v is %s, not %v", doc, typeOf(doc), types)
			}
		case "enum":
			if !contains(arg.([]any), doc) {
				return wrong("%v is none of %v", doc, arg)
			}
		case "pattern":
			if s, ok := doc.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(s) {
				return wrong("%q does not match %s", s, arg)
			}
		case "minimum":
			if n, ok := doc.(int); ok && float64(n) < arg.(float64) {
				return wrong("%d is less than %v", n, arg)
			}
		case "maximum":
			if n, ok := doc.(int); ok && float64(n) > arg.(float64) {
				return wrong("%d is more than %v", n, arg)
			}
		case "items":
			list, _ := doc.([]any)
			for i, item := range list {
				if err := satisfies(item, arg.(map[string]any), defs, fmt.Sprintf("%s[%d]", path, i)); err != nil {
					return err
				}
			}
		case "required":
			m, _ := doc.(map[string]any)
			for _, key := range arg.([]any) {
				if _, ok := m[key.(string)]; !ok {
					return wrong("%s is missing", key)
				}
			}
		case "properties", "additionalProperties":
			// Both at once, below.
		default:
			return wrong("unknown keyword %s", keyword)
		}
	}
	m, _ := doc.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	for key, value := range m {
		rule, ok := properties[key]
		if !ok {
			rule = schema["additionalProperties"]
		}
		switch rule := rule.(type) {
		case map[string]any:
			if err := satisfies(value, rule, defs, path+"."+key); err != nil {
				return err
			}
		case bool:
			return wrong("unknown key %s", key)
		}
	}
	return nil
}

func contains(list []any, v any) bool {
	for _, have := range list {
		if have == v {
			return true
		}
	}
	return false
}

func typeOf(doc any) string {
	switch doc.(type) {
	case string:
		return "string"
	case int:
		return "integer"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", doc)
}
