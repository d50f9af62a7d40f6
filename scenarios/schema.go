package scenarios

import (
	"encoding/json"
	"reflect"
)

// Schema is the JSON schema (draft 2020-12) of a scenario file, for editors and
// for whoever makes scenarios by program. It is made from the types that
// [Load] fills, so the two cannot disagree about a key; but what refers to
// something, such as the host of a step, only Load can check.
func Schema() []byte {
	defs := map[string]any{}
	root := schemaOf(reflect.TypeFor[Spec](), defs)
	out := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "a scenario of arpcheck",
		"$defs":   defs,
	}
	for k, v := range root {
		out[k] = v
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(text, '\n')
}

// schemaOf describes a type; structs go to defs, for steps contain steps.
func schemaOf(t reflect.Type, defs map[string]any) map[string]any {
	if form, ok := forms[t]; ok {
		return map[string]any{"type": "string", "pattern": form[1], "description": form[0]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), defs)
	case reflect.String:
		if w := words(t); w != nil {
			return map[string]any{"enum": w}
		}
		return map[string]any{"type": "string", "pattern": `\S`}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Uint16:
		return map[string]any{"type": "integer", "minimum": 1, "maximum": 65535}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), defs)}
	case reflect.Map:
		elem := schemaOf(t.Elem(), defs)
		if t.Elem().Kind() == reflect.String {
			elem = map[string]any{"type": []string{"string", "integer"}}
		}
		return map[string]any{"type": "object", "additionalProperties": elem}
	}
	ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, done := defs[t.Name()]; done {
		return ref
	}
	def := map[string]any{"type": "object", "additionalProperties": false}
	defs[t.Name()] = def
	properties, required := map[string]any{}, []string{}
	for _, k := range keys(t) {
		p := schemaOf(k.typ, defs)
		if k.single {
			p = map[string]any{"anyOf": []any{p["items"], p}}
		}
		properties[k.name] = p
		if k.required {
			required = append(required, k.name)
		}
	}
	def["properties"] = properties
	if len(required) > 0 {
		def["required"] = required
	}
	if t == reflect.TypeFor[AddressSpec]() {
		// An address alone is the usual case.
		defs[t.Name()] = map[string]any{"anyOf": []any{schemaOf(t.Field(0).Type, defs), def}}
	}
	return ref
}
