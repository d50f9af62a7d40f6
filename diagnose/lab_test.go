package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A lab is a segment on paper: hosts that react as package kernel says, and a
// log of what a run would see of them.
type lab struct {
	log     evidence.Log
	now     time.Time
	actors  []*actor
	temps   int // unused addresses taken so far
	echoSeq uint16
}

// An actor is one host of a lab.
type actor struct {
	mac   evidence.MAC
	rip   netip.Addr
	host  kernel.Host
	known map[netip.Addr]bool // its neighbour cache, as far as it matters
	off   bool                // it has left
	by    *actor              // whose interface its echo replies leave by: another one of the same host; nil: its own
}

// The cast of most tests. The director and the first two real servers.
var (
	vip      = netip.MustParseAddr("192.168.1.99")
	client   = netip.MustParseAddr("192.168.1.182")
	farAddr  = netip.MustParseAddr("198.51.100.7")
	subnet   = netip.MustParsePrefix("192.168.1.0/24")
	selfMAC  = evidence.MAC{2, 0, 0, 0, 0, 1}
	dirMAC   = evidence.MAC{2, 0, 0, 0, 0, 2}
	r1, r2   = evidence.MAC{2, 0, 0, 0, 0, 3}, evidence.MAC{2, 0, 0, 0, 0, 4}
	r1IP     = netip.MustParseAddr("192.168.1.41")
	dirIP    = netip.MustParseAddr("192.168.1.10")
	dirNamed = evidence.Host{IP: dirIP, MAC: dirMAC}
	r1Named  = evidence.Host{IP: r1IP, MAC: r1}
)

// self is the configuration of a run that names nobody.
func self(vips ...netip.Addr) Config {
	return Config{VIPs: vips, Self: Self{Interface: "eth1", MAC: selfMAC, Addr: client, Prefix: subnet, Local: []netip.Addr{client}}}
}

func newLab(actors ...*actor) *lab {
	l := &lab{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), actors: actors}
	l.log.Start = l.now
	return l
}

// server is a host with its RIP on the NIC and the VIP on lo or on the NIC.
func server(mac evidence.MAC, rip netip.Addr, ignore, announce int, on string) *actor {
	lo := kernel.Interface{Name: "lo", Loopback: true}
	nic := kernel.Interface{Name: modelNIC,
		Settings:  kernel.Settings{ARPIgnore: ignore, ARPAnnounce: announce},
		Addresses: []kernel.Address{{Prefix: netip.PrefixFrom(rip, 24)}}}
	has := kernel.Address{Prefix: netip.PrefixFrom(vip, 32)}
	switch on {
	case "lo":
		lo.Addresses = append(lo.Addresses, has)
	case "lo/24":
		has.Prefix = netip.PrefixFrom(vip, 24)
		lo.Addresses = append(lo.Addresses, has)
	case modelNIC:
		nic.Addresses = append(nic.Addresses, has)
	}
	return &actor{mac: mac, rip: rip, host: kernel.Host{
		Interfaces: []kernel.Interface{lo, nic, {Name: "other"}},
		Routes:     []kernel.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Dev: modelNIC, Via: netip.MustParseAddr("192.168.1.1")}},
	}}
}

func director() *actor { return server(dirMAC, dirIP, 0, 0, modelNIC) }

// add logs a record at a moment from now.
func (l *lab) add(after time.Duration, rec evidence.Record) {
	rec.Time = l.now.Add(after)
	l.log.Records = append(l.log.Records, rec)
}

// tick lets time pass.
func (l *lab) tick(d time.Duration) { l.now = l.now.Add(d) }

// end closes the log: in order of time, numbered, listened to until now.
func (l *lab) end() evidence.Log {
	slices.SortStableFunc(l.log.Records, func(a, b evidence.Record) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	for i := range l.log.Records {
		l.log.Records[i].Number = i + 1
	}
	l.log.End = l.now
	return l.log
}

// whoHas asks for an address, and logs what the actors answer.
func (l *lab) whoHas(target, sender netip.Addr, to evidence.MAC) {
	l.add(0, evidence.Record{Kind: evidence.ARPRequest, Sent: true, Src: selfMAC, Dst: to, SenderMAC: selfMAC, SenderIP: sender, TargetIP: target})
	for _, a := range l.reached(to) {
		s := kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: sender, Target: target, Broadcast: to == evidence.Broadcast}
		switch a.host.React(s).Reply {
		case kernel.AtOnce:
			l.isAt(100*time.Microsecond, a.mac, target, sender)
		case kernel.Late:
			l.isAt(400*time.Millisecond, a.mac, target, sender)
		default:
			continue
		}
		if !sender.IsUnspecified() {
			a.known[sender] = true // neigh_event_ns
		}
	}
	l.tick(5 * time.Millisecond)
}

func (l *lab) isAt(after time.Duration, mac evidence.MAC, addr, to netip.Addr) {
	l.add(after, evidence.Record{Kind: evidence.ARPReply, Src: mac, Dst: selfMAC, SenderMAC: mac, SenderIP: addr, TargetMAC: selfMAC, TargetIP: to})
}

// tells is a who-has of another host, in which it announces itself.
func (l *lab) tells(after time.Duration, mac evidence.MAC, sender, target netip.Addr) {
	l.add(after, evidence.Record{Kind: evidence.ARPRequest, Src: mac, Dst: evidence.Broadcast, SenderMAC: mac, SenderIP: sender, TargetIP: target})
}

// echo sends an echo request, and logs who asks for its source and who replies.
func (l *lab) echo(target, source netip.Addr, to evidence.MAC) {
	l.echoSeq++
	l.add(0, evidence.Record{Kind: evidence.EchoRequest, Sent: true, Src: selfMAC, Dst: to, SenderIP: source, TargetIP: target, ID: 7, Seq: l.echoSeq})
	for _, a := range l.reached(to) {
		r := a.host.React(kernel.Stimulus{Kind: kernel.Echo, In: modelNIC, Sender: source, Target: target,
			Broadcast: to == evidence.Broadcast, Known: a.known[source]})
		if r.Out != modelNIC {
			continue // it is another MAC address that is seen to react
		}
		if r.Announces.IsValid() {
			l.tells(100*time.Microsecond, a.mac, r.Announces, source)
			l.add(200*time.Microsecond, evidence.Record{Kind: evidence.ARPReply, Sent: true, Src: selfMAC, Dst: a.mac,
				SenderMAC: selfMAC, SenderIP: source, TargetMAC: a.mac, TargetIP: r.Announces})
			a.known[source] = true
		}
		if r.Reply != kernel.Silent {
			src := a.mac
			if a.by != nil {
				src = a.by.mac
			}
			l.add(300*time.Microsecond, evidence.Record{Kind: evidence.EchoReply, Src: src, Dst: selfMAC,
				SenderIP: target, TargetIP: source, ID: 7, Seq: l.echoSeq})
		}
	}
	l.tick(5 * time.Millisecond)
}

// reached are the actors that get a frame.
func (l *lab) reached(to evidence.MAC) (all []*actor) {
	for _, a := range l.actors {
		if a.known == nil {
			a.known = map[netip.Addr]bool{}
		}
		if !a.off && (to == evidence.Broadcast || to == a.mac) {
			all = append(all, a)
		}
	}
	return all
}

// unused is an address that nobody has, another one each time.
func (l *lab) unused() netip.Addr {
	l.temps++
	return netip.AddrFrom4([4]byte{192, 168, 1, byte(200 + l.temps)})
}

// asking is the first phase of a check: who answers for the VIPs, and for what
// nobody has?
func (l *lab) asking(vips ...netip.Addr) {
	free := []netip.Addr{netip.MustParseAddr("192.168.1.240"), netip.MustParseAddr("192.168.1.241"), netip.MustParseAddr("192.168.1.242")}
	for i := range 3 {
		start := l.now
		for _, v := range vips {
			l.whoHas(v, client, evidence.Broadcast)
			if i < 2 {
				l.whoHas(v, netip.IPv4Unspecified(), evidence.Broadcast)
				l.whoHas(v, farAddr, evidence.Broadcast)
			}
		}
		for _, a := range l.actors {
			l.whoHas(a.rip, client, evidence.Broadcast)
		}
		for _, f := range free {
			l.whoHas(f, netip.IPv4Unspecified(), evidence.Broadcast)
		}
		l.now = start.Add(200 * time.Millisecond)
	}
	l.tick(600 * time.Millisecond)
}

// testing is the second phase: who holds the VIPs, and what do they announce?
func (l *lab) testing(vips ...netip.Addr) {
	for _, v := range vips {
		l.echo(v, l.unused(), evidence.Broadcast)
		l.tick(100 * time.Millisecond)
		l.echo(v, client, evidence.Broadcast)
		l.tick(100 * time.Millisecond)
		for range 2 {
			source := l.unused()
			for _, a := range l.actors {
				l.echo(v, source, a.mac)
				l.echo(v, client, a.mac)
				l.echo(a.rip, client, a.mac)
				l.whoHas(v, client, a.mac)
				l.whoHas(a.rip, client, a.mac)
				l.whoHas(a.rip, farAddr, a.mac)
			}
			l.tick(100 * time.Millisecond)
		}
	}
	l.tick(time.Second)
}

// run is a whole check.
func (l *lab) run(vips ...netip.Addr) evidence.Log {
	l.asking(vips...)
	l.testing(vips...)
	return l.end()
}
