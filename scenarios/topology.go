package scenarios

import (
	"net/netip"

	"github.com/arpcheck/arpcheck/evidence"
)

// A Topology describes a lab. Segments need no declaration: each name that an
// interface uses is one Ethernet segment.
type Topology struct {
	Hosts []HostSpec
}

// A HostSpec describes one host, which becomes one network namespace.
//
// Its loopback interface is up, IPv6 is off (its neighbour discovery would be
// noise in every capture), and the settings that decide about ARP start at the
// kernel's defaults, whatever the machine itself has.
type HostSpec struct {
	Name       string          `yaml:"name,required"`
	Interfaces []InterfaceSpec `yaml:"interfaces"`

	// Loopback are further addresses on lo, which is where a real server
	// of an LVS-DR cluster has its virtual IP.
	Loopback []AddressSpec `yaml:"lo"`

	// Sysctls are settings such as net.ipv4.conf.all.arp_ignore. Those of
	// conf.default are written before the interfaces exist, the others
	// when all of them exist, before any is up.
	Sysctls map[string]string `yaml:"sysctls"`

	// Routes are added last.
	Routes []RouteSpec `yaml:"routes"`
}

// An InterfaceSpec describes one network interface of a host.
type InterfaceSpec struct {
	Name string `yaml:"name,required"`

	// Segment is what the interface is plugged into. A Dummy has none.
	Segment string `yaml:"segment"`

	Kind Kind `yaml:"kind"`

	// MAC is chosen by Build when zero, the same in every run: the first
	// interface of the first host gets 02:00:00:00:00:01, that of the
	// second host 02:00:00:00:00:02; second interfaces 02:00:00:01:00:NN.
	MAC evidence.MAC `yaml:"mac"`

	Addresses []AddressSpec `yaml:"addresses"`

	// NoARP sets the interface's NOARP flag: it neither asks nor answers.
	NoARP bool `yaml:"noarp"`
}

// Kind says what an interface is.
type Kind string

const (
	// Ethernet is an interface on a segment, and the zero value.
	Ethernet Kind = ""
	// Dummy is an interface that leads nowhere, to hold addresses. It is
	// an empty bridge, just as docker0 is without containers, because the
	// kernel's dummy driver is not to be had everywhere.
	Dummy Kind = "dummy"
)

// An AddressSpec is an IPv4 address with its mask, such as 192.168.1.99/32.
type AddressSpec struct {
	Prefix netip.Prefix `yaml:"address,required"`
	Scope  Scope        `yaml:"scope"`
}

// Scope is where an address is valid, in the words of ip-address(8). An
// arp_ignore of 3 hides those of scope host.
type Scope string

// The scopes of an address. The zero value is global, as it is for
// `ip address add`, on lo too.
const (
	ScopeGlobal Scope = "global"
	ScopeHost   Scope = "host"
	ScopeLink   Scope = "link"
)

// A RouteSpec is one route: via a gateway, or straight out of an interface.
type RouteSpec struct {
	Destination netip.Prefix `yaml:"to,required"` // 0.0.0.0/0 is the default route
	Via         netip.Addr   `yaml:"via"`         // invalid: the destination is on the link
	Dev         string       `yaml:"dev"`         // may be empty when Via is set
}
