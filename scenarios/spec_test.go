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
		{"title: arp_announce is not set", `title: " "`},
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

// A wrongSpec is the classic scenario with a mistake in it.
type wrongSpec struct {
	old, new string // replaced once; without old, all of it is new
	want     string // part of the error; empty: it is right after all
}

// Everything that is wrong is one error with its place.
func TestSpecErrors(t *testing.T) {
	testWrongSpecs(t, map[string]wrongSpec{
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
	})
}

// What would be taken for something else, or could never come true, is wrong too.
func TestSpecIsStrict(t *testing.T) {
	const nic = "addresses: [192.168.1.41/24]}"
	testWrongSpecs(t, map[string]wrongSpec{
		"tag of a value":        {"192.168.1.182/24", "!x 192.168.1.182/24", `x.yaml:11:48: the tag "!x" means nothing here`},
		"tag of a text":         {"name: classic", "name: !x classic", `x.yaml:1:7: the tag "!x"`},
		"tag of a list":         {"segments: [lan]", "segments: !x [lan]", `the tag "!x"`},
		"a set":                 {"segments: [lan]", "segments: !!set {lan}", `the tag "!!set"`},
		"empty text":            {"from: client", `from: ""`, "x.yaml:23:9: an empty text says nothing"},
		"blank text":            {"title: nothing is set on the real server", `title: " "`, "an empty text says nothing"},
		"escape":                {"title: nothing is set on the real server", `title: "\e[31m red"`, `x.yaml:29:12: there is a character in it that cannot be printed: '\x1b'`},
		"title of two lines":    {"title: nothing is set on the real server", `title: "a\nb"`, `x.yaml:29:12: "title" wants one line of text`},
		"no such gateway":       {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    routes: [{to: 10.0.0.0/8, via: 10.0.0.1}]", "x.yaml:21:36: host r1 cannot reach the gateway 10.0.0.1"},
		"octal":                 {"from: client", "from: client\n  count: 010", `x.yaml:24:10: "010" is not a whole number`},
		"plus":                  {"from: client", "from: client\n  port: +80", `"+80" is not a port number`},
		"count out of range":    {"from: client", "from: client\n  count: 999999999999", `x.yaml:24:10: 999999999999 is far too large a number`},
		"count too large":       {"from: client", "from: client\n  count: 99999", `x.yaml:24:10: 99999 is no number from 1 to 1000`},
		"no time limit":         {"    down: all", "    down: all\n    timeout: 3s", "only run and await have a time limit"},
		"zero as a limit":       {"    down: all", "    run: sleep 1\n    timeout: 0s", "0s is not a time up to one hour"},
		"kill what is not":      {"    down: all", "    kill: x", `host director has no service "x", only none`},
		"a misspelt code":       {"[vip-unowned", "[vip-unwned", "did you mean vip-unowned?"},
		"count 0":               {"from: client", "from: client\n  count: 0", "x.yaml:24:10: zero is not possible"},
		"wait 0":                {"from: client", "from: client\n  wait: 0s", "x.yaml:24:9: zero is not possible"},
		"MAC 0":                 {nic, `mac: "00:00:00:00:00:00", ` + nic, "x.yaml:19:41: 00:00:00:00:00:00 is no address"},
		"address 0":             {"192.168.1.41/24", "0.0.0.0/24", "x.yaml:19:48: address 0.0.0.0/24 is no address"},
		"long host name":        {"name: director\n", "name: " + strings.Repeat("d", 64) + "\n", "x.yaml:12:11: bad name"},
		"sysctl twice":          {"net.ipv4.conf.eth1.arp_ignore: 1", "net.ipv4.conf.eth1.arp_ignore: 1, net/ipv4/conf/eth1/arp_ignore: 2", `is there already, as "net.ipv4.conf.eth1.arp_ignore"`},
		"route twice":           {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    routes: [{to: 10.0.0.0/8, dev: eth1}, {to: 10.0.0.0/8, via: 192.168.1.10}]", "x.yaml:21:48: host r1 has two routes to 10.0.0.0/8"},
		"VIP for nobody":        {"vips: [192.168.1.99]", "vips: [224.0.0.1]", "x.yaml:24:10: 224.0.0.1 is no host's address"},
		"VIP on a loopback":     {"vips: [192.168.1.99]", "vips: [127.0.0.1]", "is a loopback address"},
		"VIP twice":             {"vips: [192.168.1.99]", "vips: [192.168.1.99, 192.168.1.99]", "x.yaml:24:24: 192.168.1.99 is there twice"},
		"a VIP as the director": {"director: director\n", "director: 192.168.1.99\n", "x.yaml:25:13: 192.168.1.99 is a VIP itself"},
		"director as a server":  {"real-servers: [r1]", "real-servers: [192.168.1.10]", `x.yaml:26:18: "192.168.1.10" is named already, as "director"`},
		"real server twice":     {"real-servers: [r1]", "real-servers: [r1, r1]", `x.yaml:26:22: "r1" is named already`},
		"port here, none there": {"from: client", "from: client\n  no-announce-test: true\n  port: 80", "x.yaml:25:9: port and no-announce-test exclude each other"},
		"port in the step":      {"    check:\n", "    check:\n      no-announce-test: true\n      port: 80\n", "x.yaml:32:13: port and no-announce-test exclude each other"},
		"no such check NIC":     {"from: client", "interface: eth7", "x.yaml:23:14: host client, where the check is made, has no such interface"},
		"expected twice":        {"      expect:\n        verdict: fail\n        hosts:\n          r1: {answers: yes, holds", "      expect:\n      - verdict: fail\n      - verdict: pass\n        hosts:\n          r1: {answers: yes, holds", "x.yaml:33:9: what is expected of every VIP was said already"},
		"expected of one twice": {"      expect:\n        verdict: fail\n        hosts:\n          r1: {answers: yes, holds", "      expect:\n      - {verdict: fail, vip: 192.168.1.99}\n      - verdict: pass\n        vip: 192.168.1.99\n        hosts:\n          r1: {answers: yes, holds", "x.yaml:34:14: what is expected of 192.168.1.99 was said already"},
		"nothing expected of":   {"    check:\n      expect:\n        verdict: fail", "    check:\n      vips: [192.168.1.99, 192.168.1.98]\n      expect:\n        vip: 192.168.1.99\n        verdict: fail", "x.yaml:33:9: nothing is expected of 192.168.1.98"},
		"finding twice":         {"[vip-unowned, arp-silent]", "[vip-unowned, vip-unowned]", "x.yaml:79:46: vip-unowned is there twice"},
		"no such arp_ignore":    {"r1: {answers: yes, holds: yes,", "r1: {arp_ignore: 4, holds: yes,", "4 is none of the values that a diagnosis tells apart: [0 1 2 3 8]"},
		"arp_announce in order": {"r1: {answers: yes, holds: yes,", "r1: {arp_announce: [1, 0], holds: yes,", "0 comes after 1"},
		"announce on lo":        {"    down: all", "    announce: {interface: lo, address: 192.168.1.99}", `x.yaml:73:27: interface "lo" is on no segment`},
		"announce of no host":   {"    down: all", "    announce: {interface: eth1, address: 0.0.0.0}", "x.yaml:73:42: 0.0.0.0 is no host's address"},
		"name of a service":     {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    services: [{name: a/b, run: sleep 60}]", `x.yaml:21:23: bad name "a/b" of a service`},
		"port 0":                {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    services: [{tcp: 0.0.0.0:0}]", "x.yaml:21:22: port 0 is none"},
		"another's address":     {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    services: [{tcp: 192.168.1.10:80}]", "x.yaml:21:22: host r1 has no address 192.168.1.10"},
		"responder on lo":       {"    lo: [192.168.1.99/32]", "    lo: [192.168.1.99/32]\n    services: [{responder: {interface: lo, address: 192.168.1.98}}]", `x.yaml:21:40: interface "lo" is on no segment`},
	})
}

func testWrongSpecs(t *testing.T, all map[string]wrongSpec) {
	good := ByName("classic").Source()
	for name, tc := range all {
		t.Run(name, func(t *testing.T) {
			text := tc.new
			if tc.old != "" {
				if text = strings.Replace(good, tc.old, tc.new, 1); text == good {
					t.Fatalf("%q is not in the file", tc.old)
				}
			}
			_, err := Read(strings.NewReader(text), "x.yaml")
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
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
	text = strings.Replace(text, "director: director\n", "director: *nobody\n", 1)
	text = strings.Replace(text, "about:", "needs: [&nobody nobody]\nabout:", 1)
	if _, err := Read(strings.NewReader(text), "x"); err == nil || !strings.HasPrefix(err.Error(), `x:26:13: there is no host "nobody"`) {
		t.Errorf("got %v, want the place where the alias is used", err)
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
│                                      service sleep infinity
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
