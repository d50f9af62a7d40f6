package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// onlookers is how many hosts stand by. One more is a router.
const onlookers = 20

// unmendable are the checks after which the entries of others cannot be right,
// for no director can be made to announce the VIP: it is down, unknown, or set
// to announce its own address. The run must say so instead.
var unmendable = map[string]string{
	"vrrp-split-brain: their virtual router ids differ, so both are masters": "nobody knows which of the two it is",
	"two-vips: both answer for both, and nobody said which is whose":         "the same",
}

// TestNoLastingHarm makes every check of every scenario before the eyes of
// twenty hosts and a router that all have an entry for the VIP. Afterwards each
// entry is as before or the director's; if it was another's meanwhile the
// report says so; and no entry of any other address was made or changed.
func TestNoLastingHarm(t *testing.T) {
	Need(t)
	specs := All()
	room := make(chan bool, 4*runtime.NumCPU())
	var all sync.WaitGroup
	var longest sync.Map // by the name of the check
	for _, s := range specs {
		all.Go(func() {
			room <- true
			defer func() { <-room }()
			watchHarm(t, s, &longest)
		})
	}
	all.Wait()
	for name, d := range longest.Range {
		t.Logf("%-70s entries were wrong for %.2f s", name, d.(time.Duration).Seconds())
	}
}

// watchHarm makes the checks of one scenario. It is not on the test's own
// goroutine, so it reports errors and returns.
func watchHarm(t *testing.T, s *Spec, longest *sync.Map) {
	full := s.Check
	from, dev, err := s.origin(full)
	if err != nil {
		t.Error(err)
		return
	}
	segment := from.on(dev)
	names := addOnlookers(s, segment, from)
	lab, err := s.build()
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
		return
	}
	defer lab.Close()
	r := &run{s, lab}
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Check == nil {
			if err := r.step(t.Context(), step); err != nil {
				t.Errorf("%s: %v", s.Name, err)
				return
			}
			continue
		}
		name := s.Name + ": " + step.Describe()
		vips := step.Check.CheckSpec.over(s.Check).VIPs
		h := harm{owners: map[evidence.MAC]bool{}, before: map[string]table{}, vips: vips}
		for mac, name := range s.onSegment(segment) {
			if s.member(name).Role == RoleDirector {
				h.owners[mac] = true
			}
		}
		right := h.someOwner()
		for _, n := range names {
			for _, vip := range vips {
				if err := lab.Host(n).SetNeighbour("eth1", vip, right); err != nil {
					t.Error(err)
					return
				}
			}
			h.before[n] = readTable(t, lab.Host(n))
		}
		// Entries that were made just now would resist (locktime).
		time.Sleep(1100 * time.Millisecond)
		stop := h.watch(t, lab, names)
		var o StepOutcome
		err := r.check(t.Context(), step.Check, &o)
		time.Sleep(20 * time.Millisecond) // for what the kernel has still to tell
		stop()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		h.judge(t, name, lab, names, o.Results, len(step.Check.During) == 0)
		if d := h.worst(); d > 0 {
			longest.Store(name, d)
		}
	}
}

// addOnlookers adds the hosts to the scenario and gives their names.
func addOnlookers(s *Spec, segment string, from *Member) (names []string) {
	var subnet netip.Prefix
	for _, ifc := range from.Interfaces {
		if ifc.Segment == segment {
			subnet = ifc.Addresses[0].Prefix.Masked()
		}
	}
	base := subnet.Addr().As4()
	for i := range onlookers + 1 {
		base[3] = byte(200 + i)
		name := fmt.Sprintf("onlooker%d", i)
		h := HostSpec{Name: name, Interfaces: []InterfaceSpec{{Name: "eth1", Segment: segment,
			Addresses: []AddressSpec{{Prefix: netip.PrefixFrom(netip.AddrFrom4(base), subnet.Bits())}}}}}
		role := RoleBystander
		if i == onlookers {
			role = RoleRouter
			h.Sysctls = map[string]string{"net.ipv4.ip_forward": "1"}
			h.Interfaces = append(h.Interfaces, InterfaceSpec{Name: "far", Kind: Dummy,
				Addresses: []AddressSpec{{Prefix: netip.MustParsePrefix("10.77.0.1/24")}}})
		}
		s.Hosts = append(s.Hosts, Member{Role: role, HostSpec: h})
		names = append(names, name)
	}
	return names
}

// A table is the neighbour table of a host.
type table map[netip.Addr]evidence.MAC

func readTable(t *testing.T, h *Host) table {
	all := table{}
	err := h.onLink("eth1", "list neighbours", func(nl *netlink.Handle, link netlink.Link) error {
		list, err := nl.NeighList(link.Attrs().Index, unix.AF_INET)
		for _, n := range list {
			if ip, ok := netip.AddrFromSlice(n.IP.To4()); ok && len(n.HardwareAddr) == 6 {
				all[ip] = evidence.MAC(n.HardwareAddr)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

func notesOf(results []diagnose.Result) (all []diagnose.Note) {
	for _, r := range results {
		all = append(all, r.Notes...)
	}
	return all
}

// harm is what became of the onlookers' entries in one check.
type harm struct {
	vips   []netip.Addr
	owners map[evidence.MAC]bool // of any of the VIPs
	before map[string]table

	mu    sync.Mutex
	wrong map[string]time.Time // since when an entry is another's, by onlooker and VIP
	took  time.Duration        // the longest that one was
	odd   []string             // what should not have happened
}

func (h *harm) someOwner() evidence.MAC {
	return slices.MinFunc(slices.Collect(maps.Keys(h.owners)), func(a, b evidence.MAC) int { return slices.Compare(a[:], b[:]) })
}

// watch follows what the kernels tell of their tables, until the function that
// it returns is called.
func (h *harm) watch(t *testing.T, lab *Lab, names []string) (stop func()) {
	h.wrong = map[string]time.Time{}
	done := make(chan struct{})
	var ended sync.WaitGroup
	for _, name := range names {
		updates := make(chan netlink.NeighUpdate, 1000)
		ns := netns.NsHandle(lab.Host(name).ns.Fd())
		if err := netlink.NeighSubscribeWithOptions(updates, done, netlink.NeighSubscribeOptions{Namespace: &ns}); err != nil {
			t.Error(err)
			continue
		}
		ended.Go(func() {
			for u := range updates {
				h.update(name, u)
			}
		})
	}
	return func() { close(done); ended.Wait() }
}

func (h *harm) update(name string, u netlink.NeighUpdate) {
	ip, ok := netip.AddrFromSlice(u.IP.To4())
	if !ok || u.Family != unix.AF_INET || u.Type != unix.RTM_NEWNEIGH || len(u.HardwareAddr) != 6 {
		return
	}
	mac := evidence.MAC(u.HardwareAddr)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := name + " " + ip.String()
	switch since, was := h.wrong[key]; {
	case !slices.Contains(h.vips, ip):
		if h.before[name][ip] != mac {
			h.odd = append(h.odd, fmt.Sprintf("%s: %s is now at %s, before at %s", name, ip, mac, h.before[name][ip]))
		}
	case !h.owners[mac] && !was:
		h.wrong[key] = time.Now()
	case h.owners[mac] && was:
		h.took = max(h.took, time.Since(since))
		delete(h.wrong, key)
	}
}

func (h *harm) worst() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.took
}

// judge compares the tables with those before. What the check itself has drawn
// it has to tell; what else happened meanwhile may have been before it listened.
func (h *harm) judge(t *testing.T, name string, lab *Lab, names []string, results []diagnose.Result, drawn bool) {
	for _, odd := range h.odd {
		t.Errorf("%s: %s", name, odd)
	}
	noted := func(vip netip.Addr, text string) bool {
		return slices.ContainsFunc(results, func(r diagnose.Result) bool {
			return r.VIP == vip && slices.ContainsFunc(r.Notes, func(n diagnose.Note) bool { return strings.Contains(n.Text, text) })
		})
	}
	for _, vip := range h.vips {
		var lasting []string
		for _, n := range names {
			mac := readTable(t, lab.Host(n))[vip]
			if mac != h.before[n][vip] && !h.owners[mac] {
				lasting = append(lasting, n+" has "+mac.String())
			}
		}
		switch _, expected := unmendable[name]; {
		case len(lasting) == 0:
		case !expected:
			t.Errorf("%s: %s: after the run %v\n%v", name, vip, lasting, notesOf(results))
		case !noted(vip, "may now point to"):
			t.Errorf("%s: %s: after the run %v, and the report does not say so", name, vip, lasting)
		}
		if drawn && h.worst() > 0 && len(lasting) == 0 && len(h.vips) == 1 && !noted(vip, "could point to") {
			t.Errorf("%s: %s: entries were another's for %v, and the report does not say so", name, vip, h.worst())
		}
	}
}
