package scenarios

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/evidence"
)

// Interface indexes in the switch's own namespace are ours to choose, and so
// nothing has to be looked up after it was made: lo is 1, the bridges follow,
// and ports count from firstPort.
const (
	firstBridge = 2
	firstPort   = 1 << 16
)

// A fabric is the namespace that holds the bridges, one for each segment.
type fabric struct {
	ns      *os.File
	nl      *netlink.Handle
	raw     map[int]*nl.SocketHandle // for requests that netlink has no call for
	bridges map[string]int32         // index by segment
	cables  map[string]int           // how many each segment gets
	control int                      // a socket for ioctls; -1: none
	ports   int32
}

// newFabric makes the namespace and the bridges, and leaves the calling thread in it.
func newFabric(t Topology, base *baseline) (_ *fabric, err error) {
	f := &fabric{bridges: map[string]int32{}, cables: map[string]int{}, control: -1}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.ns, err = newNamespace(); err != nil {
		return nil, err
	}
	if f.nl, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return nil, err
	}
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE) // no groups: just a socket in this namespace
	if err != nil {
		return nil, err
	}
	if f.control, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	f.raw = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: socket}}
	if err := base.apply(); err != nil {
		return nil, err
	}
	for _, h := range t.Hosts {
		for _, ifc := range h.Interfaces {
			f.cables[ifc.Segment]++
			if ifc.Segment == "" || f.bridges[ifc.Segment] != 0 {
				continue
			}
			index := int32(firstBridge + len(f.bridges))
			if err := addBridge(f.raw, fmt.Sprintf("segment%d", len(f.bridges)+1), index, evidence.MAC{}, true); err != nil {
				return nil, fmt.Errorf("segment %q: %w", ifc.Segment, err)
			}
			f.bridges[ifc.Segment] = index
		}
	}
	return f, nil
}

// plug makes a cable: one end is a port of the segment's bridge, the other is
// the interface, which appears in the namespace with the given index, down.
// One message does it all, which is most of why a lab is built so fast.
func (f *fabric) plug(ifc InterfaceSpec, index int32, into *os.File) error {
	f.ports++
	port := linkMessage(firstPort+f.ports, true)
	req := newLinkRequest(f.raw, port)
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(fmt.Sprintf("port%d", f.ports))))
	req.AddData(nl.NewRtAttr(unix.IFLA_MASTER, nl.Uint32Attr(uint32(f.bridges[ifc.Segment]))))
	addOneQueue(req.AddData)

	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("veth"))
	peer := info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.VETH_INFO_PEER, nil)
	peer.AddChild(linkMessage(index, false))
	peer.AddRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(ifc.Name))
	peer.AddRtAttr(unix.IFLA_ADDRESS, ifc.MAC[:])
	peer.AddRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(into.Fd())))
	addOneQueue(func(d nl.NetlinkRequestData) { peer.AddChild(d) })
	req.AddData(info)

	if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil || f.cables[ifc.Segment] <= crowd {
		return err
	}
	return f.ownQueue(fmt.Sprintf("port%d", f.ports), ifc.Name)
}

// settle waits until the ports forward: all of them, or the one with this
// index. When an interface comes up, the kernel tells the other end of the
// cable, and the bridge behind it, a moment later (net/core/link_watch.c); a
// frame sent before that is lost, and ARP would repeat it after a second only.
func (f *fabric) settle(index int) error {
	return awaitUp(f.nl, func(a *netlink.LinkAttrs) bool {
		return a.Index > firstPort && (index == 0 || a.Index == index)
	})
}

// settle waits until all cables of the host can send. Its end of a cable gets
// its queue in the same moment as it becomes operational (linkwatch_do_dev);
// until then noop_qdisc drops what is sent.
func (h *Host) settle() error {
	return awaitUp(h.nl, func(a *netlink.LinkAttrs) bool { return a.ParentIndex > firstPort })
}

// awaitUp waits until the links of a namespace that count are operational.
func awaitUp(nl *netlink.Handle, counts func(*netlink.LinkAttrs) bool) error {
	const patience = 5 * time.Second
	start := time.Now()
	for wait := 100 * time.Microsecond; ; wait += wait / 2 {
		links, err := nl.LinkList()
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return fmt.Errorf("list the interfaces: %w", err)
		}
		down := slices.IndexFunc(links, func(l netlink.Link) bool {
			return counts(l.Attrs()) && l.Attrs().OperState != netlink.OperUp
		})
		switch {
		case down < 0 && err == nil:
			return nil
		case time.Since(start) > patience:
			return fmt.Errorf("not all interfaces are operational after %s", patience)
		}
		time.Sleep(wait)
	}
}

func (f *fabric) close() {
	if f.control >= 0 {
		unix.Close(f.control)
		f.control = -1
	}
	if f.raw != nil {
		f.raw[unix.NETLINK_ROUTE].Close()
	}
	if f.nl != nil {
		f.nl.Close()
	}
	if f.ns != nil {
		f.ns.Close()
	}
}

// addBridge makes a bridge in the namespace of the sockets. Without sockets
// that is the calling thread's.
//
// It forwards at once (no spanning tree, no delay) and floods all multicast
// (no snooping), as a cable would.
func addBridge(sockets map[int]*nl.SocketHandle, name string, index int32, mac evidence.MAC, up bool) error {
	req := newLinkRequest(sockets, linkMessage(index, up))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	if !mac.IsZero() {
		req.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, mac[:]))
	}
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("bridge"))
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	data.AddRtAttr(nl.IFLA_BR_STP_STATE, nl.Uint32Attr(0))
	data.AddRtAttr(nl.IFLA_BR_FORWARD_DELAY, nl.Uint32Attr(0))
	data.AddRtAttr(nl.IFLA_BR_MCAST_SNOOPING, []byte{0})
	req.AddData(info)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

func newLinkRequest(sockets map[int]*nl.SocketHandle, link *nl.IfInfomsg) *nl.NetlinkRequest {
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.Sockets = sockets
	req.AddData(link)
	return req
}

func linkMessage(index int32, up bool) *nl.IfInfomsg {
	m := nl.NewIfInfomsg(unix.AF_UNSPEC)
	m.Index = index
	if up {
		m.Flags, m.Change = unix.IFF_UP, unix.IFF_UP
	}
	return m
}

// addOneQueue asks for one queue each way. The kernel would make one for each
// processor, which on a large machine is memory and time for nothing.
func addOneQueue(add func(nl.NetlinkRequestData)) {
	add(nl.NewRtAttr(unix.IFLA_NUM_TX_QUEUES, nl.Uint32Attr(1)))
	add(nl.NewRtAttr(unix.IFLA_NUM_RX_QUEUES, nl.Uint32Attr(1)))
}
