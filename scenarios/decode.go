package scenarios

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

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
		err := d.decode(n.Alias, v, path, single)
		d.positions[path] = position{n.Line, n.Column} // where it is used, not where it comes from
		return err
	}
	if !slices.Contains(tags, n.ShortTag()) {
		return d.fail(n, path, "the tag %q means nothing here", n.ShortTag())
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

// tags are those that a value can have by itself, less what is written only
// with its tag (!!binary, !!set) and what an application makes up.
var tags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!!map", "!!seq"}

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
		if strings.TrimSpace(n.Value) == "" {
			return d.fail(n, path, "an empty text says nothing: leave the key out")
		}
		// It is shown on terminals, and handed to programs.
		for _, r := range n.Value {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
				return d.fail(n, path, "there is a character in it that cannot be printed: %+q", r)
			}
		}
		if words := words(v.Type()); words != nil && !slices.Contains(words, n.Value) {
			return d.fail(n, path, "%q is none of %s%s", n.Value, strings.Join(words, ", "), meant(n.Value, words))
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			return wrong()
		}
		v.SetBool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
	case reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if tag == "!!int" && errors.Is(err, strconv.ErrRange) {
			return d.fail(n, path, "%s is far too large a number", n.Value)
		}
		if tag != "!!int" || err != nil || i < 0 || strconv.FormatInt(i, 10) != n.Value { // 010 is eight to some
			return wrong()
		}
		v.SetInt(i)
	case reflect.Uint16:
		i, err := strconv.ParseUint(n.Value, 10, 16)
		if tag != "!!int" || err != nil || i == 0 || strconv.FormatUint(i, 10) != n.Value {
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
