package scenarios

import (
	"net/netip"
	"reflect"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// A specKey is one key that a mapping can have, and the field that takes it.
type specKey struct {
	name     string
	index    []int // of the field, for reflect.Value.FieldByIndex
	typ      reflect.Type
	required bool
	single   bool // a list that may be written as its only item
}

// keys are those of a struct, by its tags, the keys of inlined structs
// included.
func keys(t reflect.Type) (all []specKey) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			for _, k := range keys(f.Type) {
				k.index = append([]int{i}, k.index...)
				all = append(all, k)
			}
		case name != "":
			all = append(all, specKey{name, []int{i}, f.Type, strings.Contains(options, "required"), strings.Contains(options, "single")})
		}
	}
	return all
}

// vocabulary holds the words of each type that takes no others.
var vocabulary = map[reflect.Type][]string{
	reflect.TypeFor[Kind]():  {string(Dummy)},
	reflect.TypeFor[Scope](): {string(ScopeGlobal), string(ScopeHost), string(ScopeLink)},
	reflect.TypeFor[Role](): {
		string(RoleClient), string(RoleDirector), string(RoleRealServer), string(RoleRouter), string(RoleBystander),
	},
	reflect.TypeFor[diagnose.Verdict](): {string(diagnose.Pass), string(diagnose.Fail), string(diagnose.Inconclusive)},
	reflect.TypeFor[diagnose.Answer]():  {string(diagnose.Yes), string(diagnose.No), string(diagnose.Unknown)},
	reflect.TypeFor[diagnose.Role]():    {string(diagnose.Director), string(diagnose.RealServer), string(diagnose.Other)},
	reflect.TypeFor[diagnose.Code]():    findingCodes(),
}

// findingCodes are all that there are, so that none can be missing here.
func findingCodes() (words []string) {
	for _, c := range diagnose.Codes() {
		words = append(words, string(c))
	}
	return words
}

func words(t reflect.Type) []string { return vocabulary[t] }

// forms says of each type that is written as text what it looks like: in
// words, and as a pattern (ECMA 262) for the JSON schema.
var forms = map[reflect.Type][2]string{
	reflect.TypeFor[netip.Addr]():     {"an IPv4 address such as 192.168.1.99", `^[0-9]{1,3}(\.[0-9]{1,3}){3}$`},
	reflect.TypeFor[netip.Prefix]():   {"an IPv4 address with its prefix length, such as 192.168.1.99/32", `^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$`},
	reflect.TypeFor[netip.AddrPort](): {"an IPv4 address with a port, such as 0.0.0.0:80", `^[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}$`},
	reflect.TypeFor[evidence.MAC]():   {"a MAC address such as 02:00:00:00:00:01", `^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$`},
	reflect.TypeFor[Duration]():       {"a time such as 300ms", `^[0-9.]+(ns|us|µs|ms|s|m|h)([0-9.]+(ns|us|µs|ms|s|m|h))*$`},
}

// describe says in words what a type takes.
func describe(t reflect.Type) string {
	if form, ok := forms[t]; ok {
		return form[0]
	}
	switch t.Kind() {
	case reflect.String:
		if w := words(t); w != nil {
			return "one of " + strings.Join(w, ", ")
		}
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Uint16:
		return "a port number, 1 to 65535"
	}
	return "a value"
}
