package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"
)

// The addresses of the classic cluster. All hosts are on one segment, "lan",
// with their interface eth1.
var (
	ClassicVIP       = netip.MustParseAddr("192.168.1.99")
	ClassicClient    = netip.MustParseAddr("192.168.1.182")
	ClassicDirector  = netip.MustParseAddr("192.168.1.10")
	ClassicBystander = netip.MustParseAddr("192.168.1.77")
)

// A Server is a real server of the classic cluster. The zero value has the VIP
// on lo and has forgotten all settings: it answers for the VIP and announces it.
type Server struct {
	Ignore   int // net.ipv4.conf.all.arp_ignore; 1 is right
	Announce int // net.ipv4.conf.all.arp_announce; 2 is right

	VIP   AddressSpec // zero: 192.168.1.99/32, scope global
	OnNIC bool        // the VIP is on eth1 instead of lo

	Sysctls map[string]string // further settings
}

// A Cluster is the classic LVS-DR cluster, with what can be different about it.
type Cluster struct {
	Servers   []Server // r1, r2, … are 192.168.1.41, .42, …; 36 at most
	Bystander bool     // one more host, 192.168.1.77, with a neighbour cache to spoil
}

// Classic is the cluster that all documentation of LVS-DR shows: the hosts
// "client" and "director", which has the VIP on its eth1, and the real servers
// "r1", "r2" and so on.
func Classic(servers ...Server) Topology { return Cluster{Servers: servers}.Topology() }

// Topology describes the cluster's hosts: client, director, the servers, and
// last the bystander.
func (c Cluster) Topology() Topology {
	vip := AddressSpec{Prefix: netip.PrefixFrom(ClassicVIP, 32)}
	director := onLAN("director", ClassicDirector)
	director.Interfaces[0].Addresses = append(director.Interfaces[0].Addresses, vip)

	t := Topology{Hosts: []HostSpec{onLAN("client", ClassicClient), director}}
	for i, s := range c.Servers {
		h := onLAN(fmt.Sprintf("r%d", i+1), netip.AddrFrom4([4]byte{192, 168, 1, byte(41 + i)}))
		h.Sysctls = map[string]string{
			"net.ipv4.conf.all.arp_ignore":   strconv.Itoa(s.Ignore),
			"net.ipv4.conf.all.arp_announce": strconv.Itoa(s.Announce),
		}
		maps.Copy(h.Sysctls, s.Sysctls)
		has := s.VIP
		if !has.Prefix.IsValid() {
			has.Prefix = vip.Prefix
		}
		if s.OnNIC {
			h.Interfaces[0].Addresses = append(h.Interfaces[0].Addresses, has)
		} else {
			h.Loopback = []AddressSpec{has}
		}
		t.Hosts = append(t.Hosts, h)
	}
	if c.Bystander {
		t.Hosts = append(t.Hosts, onLAN("bystander", ClassicBystander))
	}
	return t
}

// onLAN is a host with one interface on the segment and nothing special.
func onLAN(name string, ip netip.Addr) HostSpec {
	return HostSpec{Name: name, Interfaces: []InterfaceSpec{{
		Name:      "eth1",
		Segment:   "lan",
		Addresses: []AddressSpec{{Prefix: netip.PrefixFrom(ip, 24)}},
	}}}
}
