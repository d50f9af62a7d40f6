package scenarios

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A position is a place in a YAML file, counted from 1.
type position struct{ line, column int }

// A SpecError is the first thing that is wrong with a scenario.
type SpecError struct {
	File         string // empty: the scenario was made in Go
	Line, Column int    // 0: not known
	Path         string // such as hosts[0].interfaces[1].segment
	Message      string
}

func (e *SpecError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	case e.File != "":
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("scenario: %s: %s", e.Path, e.Message)
}

// A decoder fills Go values from YAML nodes and accepts nothing that has no
// place there. The yaml package's own KnownFields knows no columns, and turns
// a number into a string when that is what the field is.
type decoder struct {
	file      string
	positions map[string]position
	left      int // nodes that it will still look at: an alias can multiply them
}

func (d *decoder) fail(n *yaml.Node, path, format string, a ...any) error {
	return &SpecError{d.file, n.Line, n.Column, path, fmt.Sprintf(format, a...)}
}

// decode fills v from n. single is for a list that may be written as its only item.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string, single bool) error {
	if d.left--; d.left < 0 {
		return d.fail(n, path, "too much: a scenario has some hundred values")
	}
	d.positions[path] = position{n.Line, n.Column}
	if n.Kind == yaml.AliasNode {
		return d.decode(n.Alias, v, path, single)
	}
	if v.Type() == reflect.TypeFor[AddressSpec]() && n.Kind == yaml.ScalarNode {
		return d.decode(n, v.FieldByName("Prefix"), path, false)
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := d.scalar(n, path, v.Type()); err != nil {
			return err
		}
		// The form as well: netip would take IPv6, which has no ARP.
		form := regexp.MustCompile(forms[v.Type()][1])
		if err := text.UnmarshalText([]byte(n.Value)); err != nil || !form.MatchString(n.Value) {
			return d.fail(n, path, "%q is not %s", n.Value, describe(v.Type()))
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.decode(n, v.Elem(), path, false)
	case reflect.Struct:
		return d.mapping(n, v, path)
	case reflect.Map:
		return d.table(n, v, path)
	case reflect.Slice:
		return d.list(n, v, path, single)
	}
	return d.value(n, v, path)
}

// value fills a string, a number or a truth value.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) error {
	if err := d.scalar(n, path, v.Type()); err != nil {
		return err
	}
	wrong := func() error { return d.fail(n, path, "%q is not %s", n.Value, describe(v.Type())) }
	switch tag := n.ShortTag(); v.Kind() {
	case reflect.String:
		if tag != "!!str" {
			return d.fail(n, path, "%s is not %s: write \"%s\" if it is meant to be one", n.Value, describe(v.Type()), n.Value)
		}
		if words := words(v.Type()); words != nil && !slices.Contains(words, n.Value) {
			return d.fail(n, path, "%q is none of %s", n.Value, strings.Join(words, ", "))
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			return wrong()
		}
		v.SetBool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
	case reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if tag != "!!int" || err != nil || i < 0 {
			return wrong()
		}
		v.SetInt(i)
	case reflect.Uint16:
		i, err := strconv.ParseUint(n.Value, 10, 16)
		if tag != "!!int" || err != nil || i == 0 {
			return wrong()
		}
		v.SetUint(i)
	default:
		panic("scenarios: no way to decode " + v.Type().String())
	}
	return nil
}

func (d *decoder) scalar(n *yaml.Node, path string, t reflect.Type) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return d.fail(n, path, "%s is wanted here, not %s", describe(t), shape(n))
	}
	return nil
}

// list fills a slice.
func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, single bool) error {
	items := n.Content
	if n.Kind != yaml.SequenceNode {
		if !single || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
			return d.fail(n, path, "a list is wanted here, not %s", shape(n))
		}
		items = []*yaml.Node{n}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), false); err != nil {
			return err
		}
	}
	return nil
}

// table fills a map, whose keys are free.
func (d *decoder) table(n *yaml.Node, v reflect.Value, path string) error {
	return d.entries(n, path, func(key, value *yaml.Node) error {
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		at := join(path, key.Value)
		elem := reflect.New(v.Type().Elem()).Elem()
		if elem.Kind() == reflect.String && value.Kind == yaml.ScalarNode && value.ShortTag() == "!!int" {
			// The value of a sysctl looks like a number.
			d.positions[at] = position{value.Line, value.Column}
			elem.SetString(value.Value)
		} else if err := d.decode(value, elem, at, false); err != nil {
			return err
		}
		d.positions[at] = position{key.Line, key.Column}
		v.SetMapIndex(reflect.ValueOf(key.Value), elem)
		return nil
	})
}

// mapping fills a struct.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) error {
	all := keys(v.Type())
	var have []string
	err := d.entries(n, path, func(key, value *yaml.Node) error {
		i := slices.IndexFunc(all, func(k specKey) bool { return k.name == key.Value })
		if i < 0 {
			var known []string
			for _, k := range all {
				known = append(known, k.name)
			}
			return d.fail(key, join(path, key.Value), "unknown key %q: there are %s", key.Value, strings.Join(known, ", "))
		}
		have = append(have, key.Value)
		return d.decode(value, v.FieldByIndex(all[i].index), join(path, key.Value), all[i].single)
	})
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.required && !slices.Contains(have, k.name) {
			return d.fail(n, path, "the key %q is missing", k.name)
		}
	}
	return nil
}

// entries calls f for each key and value of a mapping, none of them twice.
func (d *decoder) entries(n *yaml.Node, path string, f func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return d.fail(n, path, "keys with values are wanted here, not %s", shape(n))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return d.fail(key, path, "a key is a word, not %s", shape(key))
		}
		if line, twice := seen[key.Value]; twice {
			return d.fail(key, join(path, key.Value), "the key %q is there already, in line %d", key.Value, line)
		}
		seen[key.Value] = key.Line
		if err := f(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// shape names what somebody wrote where it does not fit.
func shape(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null":
		return strconv.Quote(n.Value)
	}
	return "nothing"
}

// lineOf is how the yaml package says where a file is not YAML: it knows no column.
var lineOf = regexp.MustCompile(`^yaml: line (\d+): (.*)`)

// syntaxError gives the yaml package's error its place, as far as it is known.
func syntaxError(file string, data []byte, err error) error {
	e := &SpecError{File: file, Line: 1, Column: 1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	if lines := bytes.Split(data, []byte("\n")); e.Line >= 1 && e.Line <= len(lines) {
		line := lines[e.Line-1]
		e.Column += len(line) - len(bytes.TrimLeft(line, " \t"))
	}
	e.Message = "this is not YAML: " + e.Message
	return e
}
