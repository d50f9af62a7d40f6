package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A health says what became of frames before they came to the packet socket,
// which counts only those that it had itself no room for.
type health struct {
	sock   *nl.SocketHandle // in the namespace of the interface; nil: cannot be asked
	index  int
	before linkState // when it was opened
}

// A linkState is what the kernel says of the interface.
type linkState struct {
	// missed counts frames that the interface lost for want of room, as
	// rx_over_errors, rx_fifo_errors and rx_missed_errors.
	missed [3]uint64
	// rxDropped also counts frames of protocols that nobody here speaks, such
	// as LLDP and spanning tree: it rises on a healthy host (__netif_receive_skb_core).
	rxDropped uint64
	// backlog counts frames that a CPU had no room for, of all interfaces of
	// all namespaces: the second column of /proc/net/softnet_stat.
	backlog uint64

	carrierChanges uint32
	noCarrier      bool
}

// openHealth looks at an interface of the calling thread's namespace. The
// netlink socket stays there, as the packet socket does.
func openHealth(index int) *health {
	h := &health{index: index}
	sock, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		return h // a run without it is better than none
	}
	h.sock = &nl.SocketHandle{Socket: sock}
	if h.before, err = h.state(); err != nil {
		h.close()
	}
	return h
}

func (h *health) close() {
	if h.sock != nil {
		h.sock.Close()
		h.sock = nil
	}
}

// lost is how many frames were lost before the socket since the start, whether
// or not anybody here wanted them.
func (h *health) lost() uint64 {
	if h.sock == nil {
		return 0
	}
	now, err := h.state()
	if err != nil {
		return 0 // the interface is gone: Next says so
	}
	return h.before.lostUntil(now)
}

// lostUntil is how many frames were lost between two states. A full backlog
// counts twice: for the CPU and as rx_dropped of the interface
// (enqueue_to_backlog). Each by itself means nothing, so the lesser of the two
// is taken. What a lower interface loses, as that below a VLAN, is not known
// here.
func (s linkState) lostUntil(now linkState) uint64 {
	// Some drivers count one frame under several of these, so the most is
	// taken and not the sum.
	var missed uint64
	for i := range now.missed {
		missed = max(missed, grown(s.missed[i], now.missed[i]))
	}
	return missed + min(grown(s.rxDropped, now.rxDropped), grown(s.backlog, now.backlog))
}

// grown is by how much a counter has grown; a driver that was reset starts at 0.
func grown(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// carrier returns an error if the interface was or is without a link.
func (h *health) carrier() error {
	if h.sock == nil {
		return nil
	}
	now, err := h.state()
	switch n := now.carrierChanges - h.before.carrierChanges; {
	case err != nil:
		return nil // the interface is gone: Next says so
	case now.noCarrier:
		return errors.New("NO-CARRIER at the end")
	case n != 0:
		return fmt.Errorf("its carrier changed %d times", n)
	}
	return nil
}

func (h *health) state() (linkState, error) {
	req := nl.NewNetlinkRequest(unix.RTM_GETLINK, 0)
	req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: h.sock}
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(h.index)
	req.AddData(msg)
	replies, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil {
		return linkState{}, err
	}
	if len(replies) != 1 || len(replies[0]) < unix.SizeofIfInfomsg {
		return linkState{}, errors.New("no answer about the interface")
	}
	attrs, err := nl.ParseRouteAttr(replies[0][unix.SizeofIfInfomsg:])
	if err != nil {
		return linkState{}, err
	}
	s := linkState{backlog: backlogDrops()}
	for _, a := range attrs {
		switch v := a.Value; {
		case a.Attr.Type == unix.IFLA_STATS64:
			s.readStats(v)
		case a.Attr.Type == unix.IFLA_CARRIER && len(v) >= 1:
			s.noCarrier = v[0] == 0
		case a.Attr.Type == unix.IFLA_CARRIER_CHANGES && len(v) >= 4:
			s.carrierChanges = binary.NativeEndian.Uint32(v)
		}
	}
	return s, nil
}

// readStats reads a struct rtnl_link_stats64: a row of 64-bit counters.
func (s *linkState) readStats(v []byte) {
	const rxDropped, rxOver, rxFifo, rxMissed = 6, 11, 14, 15
	counter := func(i int) uint64 {
		if len(v) < 8*(i+1) {
			return 0
		}
		return binary.NativeEndian.Uint64(v[8*i:])
	}
	s.rxDropped = counter(rxDropped)
	s.missed = [3]uint64{counter(rxOver), counter(rxFifo), counter(rxMissed)}
}

// backlogDrops sums what the CPUs dropped for want of room in their backlog.
// The file says the same in every namespace.
func backlogDrops() (sum uint64) {
	data, err := os.ReadFile("/proc/net/softnet_stat")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if f := bytes.Fields(line); len(f) > 1 {
			n, _ := strconv.ParseUint(string(f[1]), 16, 64)
			sum += n
		}
	}
	return sum
}
