package scenarios

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestEmbeddedSpecs(t *testing.T) {
	names := map[string]bool{}
	for _, s := range All() { // panics on one that is wrong
		if names[s.Name] {
			t.Errorf("there are two scenarios %q", s.Name)
		}
		names[s.Name] = true
		if got, ok := strings.CutSuffix(s.File(), "-"+s.Name+".yaml"); !ok || len(got) != 2 {
			t.Errorf("%s: the file is to be called NN-%s.yaml", s.File(), s.Name)
		}
		if host, command := s.Command(0); host == "" || !strings.HasPrefix(command, "arpcheck --vip ") {
			t.Errorf("%s: the check is %q on %q", s.Name, command, host)
		}
	}
}

// The example is what people begin with: it must be right, and have every key.
func TestExampleHasEveryKey(t *testing.T) {
	s, err := Read(strings.NewReader(Example()), "example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for path := range s.positions {
		have[path[strings.LastIndexByte(path, '.')+1:]] = true
	}
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			look(typ.Elem())
		case reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			for _, k := range keys(typ) {
				if !have[k.name] {
					t.Errorf("%s: the key %q is not in the example", typ.Name(), k.name)
				}
				look(k.typ)
			}
		}
	}
	look(reflect.TypeFor[Spec]())
}

// The schema is made from the types; whether it says what it should is seen by
// what it lets pass.
func TestSchema(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	check := func(text string) error {
		var doc any
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		return satisfies(doc, schema, defs, "")
	}
	texts := map[string]string{"example.yaml": Example()}
	for _, s := range All() {
		texts[s.File()] = s.Source()
	}
	for name, text := range texts {
		if err := check(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, spoil := range [][2]string{
		{"role: client", "role: cleint"}, {"name: example", "nmae: example"}, {"verdict: fail", "verdict: 1"},
		{"10ms", "10"}, {"192.168.1.182/24", "192.168.1.182"}, {"noarp: true", "noarp: 1"}, {"port: 80", "port: 70000"},
		{"teaches: One", "# One"}, {"count: 3", "count: x"}, {"arp_ignore: [1, 3]", "arp_ignore: [x]"},
	} {
		text := strings.Replace(Example(), spoil[0], spoil[1], 1)
		if err := check(text); err == nil {
			t.Errorf("the schema lets %q pass", spoil[1])
		}
		if _, err := Read(strings.NewReader(text), "x"); err == nil {
			t.Errorf("Read lets %q pass", spoil[1])
		}
	}
}

// Everything that is wrong is one error with its place.
func TestSpecErrors(t *testing.T) {
	good := ByName("classic").Source()
	for name, tc := range map[string]struct {
		old, new string // replaced once; without old, all of it is new
		want     string
	}{
		"empty":                {"", "", "x.yaml:1:1: there is nothing in it"},
		"not YAML":             {"", "name: [x\nabout: y", "x.yaml:1:1: this is not YAML"},
		"a tab":                {"", "name: x\n\tabout: y", "this is not YAML"},
		"two documents":        {"steps:", "---\nsteps:", "is missing"},
		"second document":      {"          director: {findings", "          r1: {}\n---\nx: 1\n#", "x.yaml:80:1: a second document"},
		"a list":               {"", "- a", "x.yaml:1:1: keys with values are wanted here, not a list"},
		"unknown key":          {"segments:", "segmnets:", `x.yaml:5:1: unknown key "segmnets": there are name, about,`},
		"unknown key below":    {"findings: [vip-unowned", "finding: [vip-unowned", `unknown key "finding"`},
		"key twice":            {"about:", "name: again\nabout:", `x.yaml:2:1: the key "name" is there already, in line 1`},
		"key missing":          {"about:", "# ", `x.yaml:1:1: the key "about" is missing`},
		"number for text":      {"name: client\n", "name: 12\n", `x.yaml:8:11: 12 is not a text: write "12"`},
		"text for a list":      {"segments: [lan]", "segments: lan", `x.yaml:5:11: a list is wanted here, not "lan"`},
		"list for text":        {"name: client\n", "name: [a]\n", "x.yaml:8:11: a text is wanted here, not a list"},
		"null":                 {"segments: [lan]", "segments:", "x.yaml:5:10: a list is wanted here, not nothing"},
		"bad role":             {"role: client", "role: server", `x.yaml:9:11: "server" is none of client, director,`},
		"bad verdict":          {"verdict: fail", "verdict: bad", `"bad" is none of pass, fail, inconclusive`},
		"bad code":             {"[vip-unowned", "[vip-unowed", `"vip-unowed" is none of`},
		"bad address":          {"192.168.1.182/24", "192.168.1.282/24", `x.yaml:11:48: "192.168.1.282/24" is not an IPv4 address with its prefix`},
		"IPv6":                 {"vips: [192.168.1.99]", "vips: [fd00::1]", `"fd00::1" is not an IPv4 address`},
		"bad name":             {"name: classic", "name: Classic/2", `x.yaml:1:7: bad name "Classic/2"`},
		"two hosts":            {"name: director", "name: client", `x.yaml:12:11: there are two hosts "client"`},
		"no such segment":      {"segment: lan, addresses: [192.168.1.182/24]", "segment: wan, addresses: [192.168.1.182/24]", `x.yaml:11:31: there is no segment "wan", only lan`},
		"no such host":         {"on: r1", "on: r9", `x.yaml:36:9: there is no host "r9", only client, director, r1`},
		"no such director":     {"director: director\n", "director: nobody\n", `x.yaml:25:13: there is no host "nobody"`},
		"no such real server":  {"real-servers: [r1]", "real-servers: [r2]", `x.yaml:26:18: there is no host "r2"`},
		"no such client":       {"from: client", "from: r5", `x.yaml:23:9: there is no host "r5"`},
		"no such expectation":  {"r1: {answers: yes, holds", "r7: {answers: yes, holds", `there is no host "r7"`},
		"no such interface":    {"net.ipv4.conf.eth1.arp_ignore: 1", "net.ipv4.conf.eth7.arp_ignore: 1", `host r1 has no interface "eth7", only lo, eth1`},
		"sysctl of the host":   {"net.ipv4.conf.eth1.arp_ignore: 1", "kernel.panic: 1", "whole machine"},
		"step of two things":   {"down: all", "down: all\n    up: all", "a step does one thing, and this does down, up"},
		"step of nothing":      {"    down: all\n", "", "a step does one thing, and this does none"},
		"step on no host":      {"  - on: director\n    down: all", "  - down: all", "on which host?"},
		"no service":           {"down: all", "stop: httpd", `host director has no service "httpd", only none`},
		"no VIP":               {"  vips: [192.168.1.99]\n", "", "no VIP to check"},
		"too long a pause":     {"    down: all", "    await: 192.168.1.99\n  - pause: 2h", "is not a time up to one minute"},
		"alias of itself":      {"segments: [lan]", "segments: &a [*a]", "x.yaml:5:"},
		"host without segment": {"{name: eth1, segment: lan, addresses: [192.168.1.41/24]}", "{name: eth1}", `x.yaml:19:9: interface "eth1" is on no segment`},
	} {
		t.Run(name, func(t *testing.T) {
			text := tc.new
			if tc.old != "" {
				if text = strings.Replace(good, tc.old, tc.new, 1); text == good {
					t.Fatalf("%q is not in the file", tc.old)
				}
			}
			_, err := Read(strings.NewReader(text), "x.yaml")
			if specErr := (*SpecError)(nil); !errors.As(err, &specErr) || specErr.Line == 0 || specErr.Column == 0 {
				t.Errorf("got %v, want an error with a place", err)
			} else if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

// Aliases save typing, but cannot be made to explode.
func TestAliases(t *testing.T) {
	text := strings.Replace(ByName("classic").Source(), "from: client", "from: &who client", 1)
	if _, err := Read(strings.NewReader(strings.Replace(text, "real-servers: [r1]", "real-servers: [*who]", 1)), "x"); err != nil {
		t.Error(err)
	}
	bomb := "name: &a [x,x,x,x,x,x,x,x,x,x]\nneeds: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
	if _, err := Read(strings.NewReader(bomb), "x"); err == nil {
		t.Error("a list is no name")
	}
}

func FuzzRead(f *testing.F) {
	// Small ones: the fuzzer spends its time on making large ones small.
	const head = "name: a\nabout: b\nteaches: c\nsegments: [l]\nhosts:\n- {name: h, role: client, interfaces: [{name: e, segment: l, addresses: [10.0.0.1/8]}]}\nsteps:\n"
	f.Add(head + "- {check: {vips: [10.0.0.9], director: h, expect: {verdict: pass, hosts: {h: {arp_ignore: 1}}}}}\n")
	f.Add(head + "- {on: h, sysctls: {net.ipv4.conf.e.arp_ignore: 1}}\n- {on: h, down: all}\n- pause: 1s\n")
	f.Add(head + "- {on: h, add: {interface: &i e, address: 10.0.0.2/32, scope: host}}\n- {on: h, down: *i}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Read(strings.NewReader(text), "x.yaml")
		if specErr := (*SpecError)(nil); err != nil && !errors.As(err, &specErr) {
			t.Errorf("an error without a place: %v", err)
		}
		if err == nil {
			s.Picture()
			s.Command(0)
			for i := range s.Steps {
				s.Steps[i].Describe()
			}
		}
	})
}

func TestPicture(t *testing.T) {
	s, err := Read(strings.NewReader(Example()), "example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := `lan
├─ client     client       eth1        192.168.1.182/24
├─ director   director     eth1        192.168.1.10/24  192.168.1.99/32
│                                      service TCP on 192.168.1.99:80
├─ backup     director     eth1        192.168.1.11/24
│                                      service vrrp: keepalived (not started yet)
├─ r1         real-server  eth1        192.168.1.41/24
│                          eth2        10.0.2.41/24  (on back)
│                          kube-ipvs0  192.168.1.100/32  NOARP
│                          lo          192.168.1.99/32  192.168.1.101/32 scope host
│                                      net.ipv4.conf.all.arp_ignore = 1
│                                      route to 10.9.0.0/16 via 10.0.2.1 dev eth2
│                                      service sleep 60
└─ appliance  bystander    eth1        192.168.1.66/24
                                       service late: a program that answers who-has 192.168.1.99 on eth1 after 300ms (not started yet)

back
└─ r1         real-server  eth1        192.168.1.41/24  (on lan)
                           eth2        10.0.2.41/24
`
	got := s.Picture()
	if head := got[:min(len(got), len(want))]; !strings.HasPrefix(head, want) {
		t.Errorf("got\n%s\nwant\n%s…", got, want)
	}
}
