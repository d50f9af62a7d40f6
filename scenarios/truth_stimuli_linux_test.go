package scenarios_test

import (
	"fmt"
	"net/netip"

	"github.com/arpcheck/arpcheck/kernel"
)

// truthFresh stands for a source that the host does not know: the driver takes
// another one each time.
var truthFresh = netip.MustParseAddr("192.168.1.192")

var nobody = netip.IPv4Unspecified()

// whoHas asks for each target as each sender.
func whoHas(in string, broadcast bool, targets []netip.Addr, senders ...netip.Addr) (all []kernel.Stimulus) {
	for _, target := range targets {
		for _, sender := range senders {
			all = append(all, kernel.Stimulus{Kind: kernel.WhoHas, In: in, Sender: sender, Target: target, Broadcast: broadcast})
		}
	}
	return all
}

func echo(in string, broadcast bool, target, source netip.Addr) kernel.Stimulus {
	return kernel.Stimulus{Kind: kernel.Echo, In: in, Sender: source, Target: target, Broadcast: broadcast}
}

// everything is each target from each sender, in both kinds of frame.
func everything(vip netip.Addr) (all []kernel.Stimulus) {
	rip := truthRIP.Addr()
	for _, broadcast := range []bool{true, false} {
		all = append(all, whoHas("eth1", broadcast,
			// An address of another interface, one that nobody has, one of no
			// subnet, the first and the last one of a subnet, and two more that
			// nobody may ask for.
			[]netip.Addr{vip, rip, fenceTarget, truthUnused, truthOut.Next(),
				netip.MustParseAddr("192.168.1.0"), netip.MustParseAddr("192.168.1.255"),
				netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("224.0.0.18")},
			// The last two are the host's own, so they are martian, or may be.
			truthClient, nobody, truthFar, truthNear, rip, vip)...)
	}
	for _, target := range []netip.Addr{vip, rip, fenceTarget, truthUnused} {
		for _, broadcast := range []bool{true, false} {
			all = append(all, echo("eth1", broadcast, target, truthFresh), echo("eth1", broadcast, target, truthFar))
			// Once more from there, where it now is known.
			known := echo("eth1", broadcast, target, truthFresh)
			known.Known = true
			all = append(all, known)
		}
	}
	return all
}

// decided is what arp_ignore and arp_announce decide about.
func decided(vip netip.Addr) []kernel.Stimulus {
	all := whoHas("eth1", true, []netip.Addr{vip}, truthClient, nobody, truthFar)
	all = append(all, whoHas("eth1", true, []netip.Addr{truthRIP.Addr()}, truthClient, truthFar)...)
	all = append(all, whoHas("eth1", false, []netip.Addr{vip}, truthClient)...)
	return append(all, echo("eth1", true, vip, truthFresh))
}

// sources is what arp_filter and rp_filter decide about.
func sources(vip netip.Addr) []kernel.Stimulus {
	all := whoHas("eth1", true, []netip.Addr{vip, truthRIP.Addr()}, truthClient, nobody, truthFar, truthNear, truthRIP.Addr(), vip)
	return append(all, echo("eth1", true, vip, truthFresh), echo("eth1", false, truthRIP.Addr(), truthFresh))
}

// proxied is what a proxy may answer for.
func proxied(vip netip.Addr) (all []kernel.Stimulus) {
	targets := []netip.Addr{vip, truthUnused, truthOut.Next()}
	for _, broadcast := range []bool{true, false} {
		all = append(all, whoHas("eth1", broadcast, targets, truthClient, nobody, truthFar, truthUnused)...)
	}
	return append(all, echo("eth1", false, truthUnused, truthFresh))
}

// flow is what two interfaces of one segment can both react to: a broadcast
// reaches both, a frame to one of them must be its own.
func flow(vip netip.Addr) []kernel.Stimulus {
	both := []netip.Addr{vip, truthRIP.Addr(), truthSecond.Addr()}
	all := whoHas("eth1", true, both, truthClient, nobody, truthFar, truthSecond.Addr())
	all = append(all, whoHas("eth1", false, both, truthClient, truthFar)...)
	all = append(all, whoHas("eth3", false, both, truthClient, truthFar)...)
	return append(all, echo("eth1", true, vip, truthFresh), echo("eth3", false, truthRIP.Addr(), truthFresh))
}

func describe(s kernel.Stimulus) string {
	how := "to " + s.In + " alone"
	if s.Broadcast {
		how = "broadcast"
	}
	if s.Kind == kernel.WhoHas {
		return fmt.Sprintf("who-has %s tell %s, %s", s.Target, s.Sender, how)
	}
	if s.Known {
		how += ", from who is known"
	}
	return fmt.Sprintf("echo request %s > %s, %s", s.Sender, s.Target, how)
}
