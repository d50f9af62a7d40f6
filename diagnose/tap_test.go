package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/kernel"
)

// A tap is a capture on paper: frames of other people, with the claims that
// they make.
type tap struct {
	log evidence.Log
	now time.Time
	// hides says which frames do not come by where the capture is taken.
	hides func(evidence.Record) bool
}

var (
	clientMAC = evidence.MAC{2, 0, 0, 0, 0, 0x82}
	routerMAC = evidence.MAC{2, 0, 0, 0, 0, 0xfe}
	routerIP  = netip.MustParseAddr("192.168.1.1")
	peerMAC   = evidence.MAC{2, 0, 0, 0, 0, 0x83}
	peerIP    = netip.MustParseAddr("192.168.1.183")
)

const tapFile = "eth1.pcap"

func newTap() *tap {
	return &tap{now: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)}
}

func (t *tap) tick(d time.Duration) { t.now = t.now.Add(d) }

// see puts a frame into the capture, a little after the one before.
func (t *tap) see(rec evidence.Record) {
	t.now = t.now.Add(50 * time.Microsecond)
	if t.hides != nil && t.hides(rec) {
		return
	}
	rec.Time = t.now
	if rec.File == "" {
		rec.File = tapFile
	}
	t.log.Records = append(t.log.Records, rec)
}

// whoHas is a broadcast request; with to, one to that host alone.
func (t *tap) whoHas(addr netip.Addr, mac evidence.MAC, ip netip.Addr, to ...evidence.MAC) {
	rec := evidence.Record{Kind: evidence.ARPRequest, Src: mac, Dst: evidence.Broadcast, SenderMAC: mac, SenderIP: ip, TargetIP: addr}
	if len(to) > 0 {
		rec.Dst = to[0]
	}
	t.see(rec)
}

func (t *tap) isAt(addr netip.Addr, mac evidence.MAC, toMAC evidence.MAC, to netip.Addr) {
	t.see(evidence.Record{Kind: evidence.ARPReply, Src: mac, Dst: toMAC, SenderMAC: mac, SenderIP: addr, TargetMAC: toMAC, TargetIP: to})
}

func (t *tap) gratuitous(addr netip.Addr, mac evidence.MAC) { t.whoHas(addr, mac, addr) }

// ping is an echo request for the VIP with its reply.
func (t *tap) ping(mac evidence.MAC, ip netip.Addr, at evidence.MAC, seq uint16) {
	t.see(evidence.Record{Kind: evidence.EchoRequest, Src: mac, Dst: at, SenderIP: ip, TargetIP: vip, ID: 9, Seq: seq})
	t.see(evidence.Record{Kind: evidence.EchoReply, Src: at, Dst: mac, SenderIP: vip, TargetIP: ip, ID: 9, Seq: seq})
}

// connect is a connection to the VIP: over some hosts, the last of which accepts.
func (t *tap) connect(mac evidence.MAC, ip netip.Addr, port uint16, over ...evidence.MAC) {
	from := mac
	for _, to := range over {
		t.see(evidence.Record{Kind: evidence.TCPSyn, Src: from, Dst: to, SenderIP: ip, TargetIP: vip, SenderPort: port, TargetPort: 80})
		from = to
	}
	t.see(evidence.Record{Kind: evidence.TCPSynAck, Src: from, Dst: mac, SenderIP: vip, TargetIP: ip, SenderPort: 80, TargetPort: port})
}

func (t *tap) advert(kind evidence.Kind, mac evidence.MAC, ip netip.Addr, priority uint8, virtual ...netip.Addr) {
	t.see(evidence.Record{Kind: kind, Src: mac, Dst: evidence.MAC{1, 0, 0x5e, 0, 0, 0x12}, SenderIP: ip, VRID: 51, Priority: priority, Virtual: virtual})
}

// known are the addresses that hosts have of their own, from earlier ARP.
func (t *tap) known() {
	for _, h := range []struct {
		mac evidence.MAC
		ip  netip.Addr
	}{{clientMAC, client}, {peerMAC, peerIP}, {dirMAC, dirIP}, {r1, r1IP}, {r2, r2IP}} {
		t.log.Claims = append(t.log.Claims, evidence.Claim{Addr: h.ip, MAC: h.mac, Requests: 1,
			First: evidence.Place{File: tapFile, Frame: 1, Time: t.now}, Last: evidence.Place{File: tapFile, Frame: 1, Time: t.now}})
	}
}

// end closes the capture: numbered, and with the claims that its frames make.
func (t *tap) end() evidence.Log {
	t.tick(5 * time.Second)
	log := &t.log
	files := map[string]*evidence.File{}
	for i := range log.Records {
		rec := &log.Records[i]
		f := files[rec.File]
		if f == nil {
			f = &evidence.File{Name: rec.File, Format: "pcap", First: rec.Time, Last: t.now}
			files[rec.File] = f
		}
		f.Frames++
		rec.Number = int(f.Frames)
		t.claim(rec)
	}
	for _, f := range files {
		log.Files = append(log.Files, *f)
	}
	slices.SortFunc(log.Files, func(a, b evidence.File) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(log.Claims, func(a, b evidence.Claim) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.VLANs, b.VLANs))
	})
	log.End = t.now
	log.Received = uint64(len(log.Records))
	return *log
}

func (t *tap) claim(rec *evidence.Record) {
	if !rec.IsARP() {
		return
	}
	addr := rec.SenderIP
	if rec.IsProbe() {
		addr = rec.TargetIP
	}
	i := slices.IndexFunc(t.log.Claims, func(c evidence.Claim) bool {
		return c.Addr == addr && c.MAC == rec.SenderMAC && c.VLANs == rec.VLANs
	})
	place := evidence.Place{File: rec.File, Frame: rec.Number, Time: rec.Time}
	if i < 0 {
		i = len(t.log.Claims)
		t.log.Claims = append(t.log.Claims, evidence.Claim{Addr: addr, MAC: rec.SenderMAC, VLANs: rec.VLANs, First: place})
	}
	c := &t.log.Claims[i]
	c.Last = place
	switch {
	case rec.IsProbe():
		c.Probes++
	case rec.IsGratuitous():
		c.Gratuitous++
	case rec.Kind == evidence.ARPRequest:
		c.Requests++
	default:
		c.Replies++
	}
	if rec.Src != rec.SenderMAC {
		c.Mismatched++
	}
}

// asked puts a who-has for the VIP to actors, and logs what they answer.
func (t *tap) asked(target netip.Addr, mac evidence.MAC, ip netip.Addr, actors ...*actor) {
	t.whoHas(target, mac, ip)
	for _, a := range actors {
		r := a.host.React(kernel.Stimulus{Kind: kernel.WhoHas, In: modelNIC, Sender: ip, Target: target, Broadcast: true})
		if r.Reply == kernel.Late {
			t.tick(300 * time.Millisecond)
		}
		if r.Reply != kernel.Silent {
			t.isAt(target, a.mac, mac, ip)
		}
	}
	t.tick(2 * time.Second)
}
