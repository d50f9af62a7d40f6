package scenarios

import (
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
)

// A Spec is one scenario: a lab, what happens in it, and what a check must
// find then. [Load] reads it from YAML; the tags are its keys there.
type Spec struct {
	Name    string `yaml:"name,required"`    // what it is called, and its labs after it
	About   string `yaml:"about,required"`   // one line
	Teaches string `yaml:"teaches,required"` // what one learns from it

	// Needs are the programs that it cannot do without. Where one is not
	// installed the scenario is skipped.
	Needs []string `yaml:"needs"`

	Segments []string  `yaml:"segments,required"` // each is one Ethernet segment, a bridge
	Hosts    []Member  `yaml:"hosts,required"`
	Check    CheckSpec `yaml:"check"` // what all checks have in common
	Steps    []Step    `yaml:"steps,required"`

	file      string              // where it was read from
	source    []byte              // and what
	positions map[string]position // by path, such as hosts[0].name
}

// A Member is one host of a scenario.
type Member struct {
	Role     Role `yaml:"role,required"`
	HostSpec `yaml:",inline"`
	Services []Service `yaml:"services"`
}

// Role is what a host is for. It decides nothing but the picture, and from
// which host a check is made that does not say.
type Role string

// The roles.
const (
	RoleClient     Role = "client"
	RoleDirector   Role = "director"
	RoleRealServer Role = "real-server"
	RoleRouter     Role = "router"
	RoleBystander  Role = "bystander"
)

// A Service is something that runs on a host while the lab stands. Exactly one
// of the fields but Name and Off is set. A scenario whose program ends without
// a step that stops it is [Broken].
type Service struct {
	Name string `yaml:"name"` // for steps that start and stop it; default: the name of its kind
	Off  bool   `yaml:"off"`  // it waits for a step that starts it

	TCP        netip.AddrPort `yaml:"tcp"`        // greets everyone who connects with the host's name
	Keepalived string         `yaml:"keepalived"` // the configuration of a keepalived
	Responder  *Responder     `yaml:"responder"`
	Run        string         `yaml:"run"` // a command for sh that stays in the foreground; its end breaks the scenario
}

// A Responder is a program that answers who-has by itself, past all sysctls,
// as some virtual machine managers, appliances and attackers do.
type Responder struct {
	Interface string     `yaml:"interface,required"`
	Address   netip.Addr `yaml:"address,required"`
	Delay     Duration   `yaml:"delay"` // how late it is
}

// A Step is one thing that happens. Exactly one of the fields but Title, On
// and Timeout is set; all but Pause and Check happen on a host.
type Step struct {
	Title string `yaml:"title"`
	On    string `yaml:"on"`

	Run      string            `yaml:"run"`      // a command for sh; if it fails the scenario has failed; it ends with all that it started
	Sysctls  map[string]string `yaml:"sysctls"`  // settings to change
	Add      *Address          `yaml:"add"`      // an address to add
	Remove   *Address          `yaml:"remove"`   // an address to take away
	Down     string            `yaml:"down"`     // an interface, or "all": the host, services included
	Up       string            `yaml:"up"`       // the reverse
	Forget   string            `yaml:"forget"`   // an interface whose neighbour cache is emptied
	Announce *Announcement     `yaml:"announce"` // gratuitous ARP, as arping -U sends
	Await    netip.Addr        `yaml:"await"`    // waits until the host has this address
	Start    string            `yaml:"start"`    // a service
	Stop     string            `yaml:"stop"`     // a service, which gets SIGTERM and the time to tidy up
	Kill     string            `yaml:"kill"`     // a service, which gets SIGKILL: what it has set up stays

	Timeout Duration `yaml:"timeout"` // how long Run, by default a minute, and Await, ten seconds, may take

	Pause Duration   `yaml:"pause"`
	Check *CheckStep `yaml:"check"`
}

// An Address is an address on an interface.
type Address struct {
	Interface   string `yaml:"interface,required"`
	AddressSpec `yaml:",inline"`
}

// An Announcement is gratuitous ARP: a request for an address by itself, which
// RFC 5227, section 3, calls an ARP announcement.
type Announcement struct {
	Interface string     `yaml:"interface,required"`
	Address   netip.Addr `yaml:"address,required"`
}

// A CheckSpec says what a check asks, and from where. What a step leaves out is
// as in [Spec.Check].
type CheckSpec struct {
	From      string       `yaml:"from"`      // a host; default: the first client
	Interface string       `yaml:"interface"` // default: the first of the host that is on a segment
	VIPs      []netip.Addr `yaml:"vips"`

	Director    string   `yaml:"director"` // a host, or what --director takes
	RealServers []string `yaml:"real-servers"`

	Port           uint16   `yaml:"port"`
	Count          int      `yaml:"count"`
	Wait           Duration `yaml:"wait"`
	NoAnnounceTest bool     `yaml:"no-announce-test"`
}

// A CheckStep is a check, and what it has to find.
type CheckStep struct {
	CheckSpec `yaml:",inline"`
	During    []Step        `yaml:"during"` // what happens meanwhile
	Expect    []Expectation `yaml:"expect,required,single"`
}

// An Expectation is what the diagnosis has to be. What is left out is not
// compared; but where findings are named there must be no others, of critical
// or warning severity, on any host.
type Expectation struct {
	VIP      netip.Addr                 `yaml:"vip"` // which; default: every one
	Verdict  diagnose.Verdict           `yaml:"verdict,required"`
	Findings []diagnose.Code            `yaml:"findings"` // those about no single host
	Hosts    map[string]HostExpectation `yaml:"hosts"`
}

// A HostExpectation is what the diagnosis has to say about one host. Without
// ARPIgnore or ARPAnnounce the value that the host really has must be among
// those that the diagnosis leaves possible.
type HostExpectation struct {
	Role     diagnose.Role   `yaml:"role"`
	Findings []diagnose.Code `yaml:"findings"`

	Answers   diagnose.Answer `yaml:"answers"`
	Holds     diagnose.Answer `yaml:"holds"`
	Announces diagnose.Answer `yaml:"announces"`

	ARPIgnore   []int `yaml:"arp_ignore,single"`
	ARPAnnounce []int `yaml:"arp_announce,single"`

	// Filtered says that a rule of a firewall or a program does on the host
	// what settings would: its real ones are not compared.
	Filtered bool `yaml:"filtered"`
}

// Duration is a time such as 300ms.
type Duration time.Duration

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

func (d Duration) String() string { return time.Duration(d).String() }
