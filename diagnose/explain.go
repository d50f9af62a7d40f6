package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// sysctlFile is where the fixes put what must outlive the next boot.
const sysctlFile = "/etc/sysctl.d/90-vip-arp.conf"

// setting returns the commands that set a sysctl on all interfaces, now and
// at the next boot. "all" is enough, for the greater of all and the interface
// counts; and it is right whatever the interface is called.
func setting(name string, value int) []string {
	return []string{
		fmt.Sprintf("sysctl -w net.ipv4.conf.all.%s=%d", name, value),
		fmt.Sprintf("echo 'net.ipv4.conf.all.%s = %d' >> %s", name, value, sysctlFile),
	}
}

// announceCommand makes every neighbour entry for the VIP point to the host
// that it is typed on.
func announceCommand(vip netip.Addr) string {
	return fmt.Sprintf(`arping -U -c 3 -I "$(ip -o -4 addr show to %s | awk '$2 != "lo" {print $2; exit}')" %s`, vip, vip)
}

var elsewhere = []string{
	"kube-proxy in IPVS mode: set `strictARP: true` in its configuration; it then sets both sysctls",
	"keepalived: on real servers the VIP belongs on lo, never into virtual_ipaddress, which is for directors",
	"not Linux: BSD needs the VIP on a loopback clone (lo1), Windows on a loopback adapter with forwarding and weak host receive",
}

// What counts, said wherever arp_ignore or arp_announce come up.
const (
	whereAsked  = "The value of the interface that is asked counts, or that of `all`, whichever is greater; set on lo alone it does nothing."
	whereLeaves = "The value of the interface that the request leaves by counts, or that of `all`; set on lo alone it does nothing."
)

func (s *scene) explainReply(x *suspect, f *Finding) {
	c := x.class
	if x.repliedOnce() {
		s.explainPast(x, f, "answered who-has "+s.vip.String(), last(x.replies), "arp_ignore", 1, c.ignore())
		return
	}
	if len(c.left) > 0 && !slices.Contains(c.ignore(), 0) && c.holdsVIP() == Yes {
		f.Why = fmt.Sprintf("arp_ignore is not 0 there, but %s, so the usual cause is ruled out: where the VIP sits, and with which scope, decides.", list(c.ignore()))
		f.Fix = []string{fmt.Sprintf("ip addr show to %s   # on which interface, with which scope?", s.vip)}
		f.Causes = s.replyCauses(x)
		return
	}
	switch {
	case c.holdsVIP() == No:
		f.Why = "It does not have the address, but answers for what it routes to (proxy_arp)."
		f.Fix = []string{"sysctl -w net.ipv4.conf.all.proxy_arp=0", "# and likewise for each interface that shows 1: sysctl -a | grep '[.]proxy_arp '"}
		return
	case len(c.left) == 0:
		f.Why = "arp_ignore decides on Linux, but no setting of it fits what this host did: so first look what is different there."
		f.Fix = []string{
			fmt.Sprintf("ip -br addr show to %s; ip route get %s", s.vip, s.vip),
			"sysctl -a 2>/dev/null | grep -E 'arp_(ignore|announce|filter) |proxy_arp '",
			"nft list ruleset; arptables -L",
		}
		f.Causes = s.causes(x)
		return
	case slices.Equal(c.ignore(), []int{0}):
		f.Why = "arp_ignore is 0 there: Linux answers for every address of the host, those on lo too, whichever interface is asked."
	default:
		f.Why = "With arp_ignore 0, Linux answers for every address of the host, those on lo too, whichever interface is asked; with 1 only for those of that interface."
	}
	f.Why += " " + whereAsked
	if n := len(s.directly(x.mac)); n > 0 {
		f.Why += fmt.Sprintf(" Clients do go there: it has answered %s to the VIP.", count(n, "ping or connection", "pings or connections"))
	}
	f.Fix = setting("arp_ignore", 1)
	if s.misnamed() {
		f.Fix = append([]string{fmt.Sprintf("# only if the director is really %s, which does not answer for it", s.people.call(s.directorMAC))}, f.Fix...)
	}
	if x.class.any(func(h hypothesis) bool { return h.Ignore == 3 }) {
		f.Fix = append(f.Fix, "# and for an interface that shows more than 1 itself, likewise: sysctl -a 2>/dev/null | grep 'arp_ignore '")
	}
	if x.class.any(func(h hypothesis) bool { return h.Place.nic() }) {
		f.Fix = append(f.Fix,
			"# if that does not help, the VIP is on the interface itself: move it to lo, as this lists it:",
			fmt.Sprintf("ip -br addr show to %s", s.vip),
			fmt.Sprintf("#   ip addr add %s/32 dev lo; ip addr del %s/MASK dev NIC", s.vip, s.vip))
	}
	f.Causes = s.replyCauses(x)
	f.Variants = elsewhere
}

// misnamed reports whether the host that was named as the director may be another
// one: it does not answer for the VIP, and one other host alone does.
func (s *scene) misnamed() bool {
	d := s.did(s.directorMAC)
	return !s.cfg.Director.IsZero() && !s.directorMAC.IsZero() && len(d.replies)+len(d.gratuitous) == 0 && len(s.claimants()) == 1
}

func (s *scene) explainNIC(x *suspect, f *Finding) {
	f.Summary = fmt.Sprintf("%s has %s on the interface that faces the segment.", s.people.call(x.mac), s.vip)
	if x.class.any(func(h hypothesis) bool { return !h.Place.nic() }) {
		f.Summary = fmt.Sprintf("%s most likely has %s on the interface that faces the segment.", s.people.call(x.mac), s.vip)
	}
	f.Why = fmt.Sprintf("It is silent about another address of its own, so its arp_ignore is not 0 but %s; and 1 and 2 let an interface answer for its own addresses. Only 8 would not, and 8 silences the real server's own address, too.",
		list(x.class.ignore()))
	f.Causes = s.replyCauses(x)
	f.Fix = moveToLo(s.vip)
}

// moveToLo returns the commands that take the VIP off the interface that faces
// the segment.
func moveToLo(vip netip.Addr) []string {
	return []string{
		fmt.Sprintf("ip addr add %s/32 dev lo", vip),
		fmt.Sprintf("ip addr del $(ip -o -4 addr show to %s | awk '$2 != \"lo\" {print $4, \"dev\", $2}')", vip),
		"# and move it to lo in the network configuration, for the next boot",
	}
}

func (s *scene) explainAnnounce(x *suspect, f *Finding) {
	c := x.class
	if x.announcedOnce() {
		s.explainPast(x, f, "used "+s.vip.String()+" as the sender of its own ARP requests", last(x.announcements), "arp_announce", 2, c.announce())
		return
	}
	where := "is not"
	if c.grid == gridOf(vipInside) || c.grid == gridOf(vipSurely) {
		where = "is"
	}
	f.Why = "Every host that has a neighbour entry for the VIP believes the sender of such a broadcast, and sends the VIP's traffic to this host from then on. "
	switch {
	case slices.Equal(c.announce(), []int{0}) && where == "is not":
		f.Why += "arp_announce is 0 there: it announces the address that the packet comes from. "
	case slices.Contains(c.announce(), 1) && where == "is":
		f.Why += "arp_announce 0 announces the address that the packet comes from, and so does 1 here, for the VIP is in the subnet of the host's own address. "
	case slices.Contains(c.announce(), 1):
		f.Why += "arp_announce 0 announces the address that the packet comes from, and so does 1 if the VIP is in the subnet of the host's own address. "
	case len(c.left) == 0:
		f.Why += "arp_announce decides on Linux, but no setting of it fits what this host did. "
	}
	f.Why += "2 announces the interface's own address. " + whereLeaves
	f.Fix = setting("arp_announce", 2)
	if slices.Equal(c.announce(), []int{2}) {
		f.Why = "arp_announce is 2 there already, which announces the first address of the interface; and that is the VIP, for even packets from the host's own address announce it."
		f.Fix = moveToLo(s.vip)
	}
	f.Causes = s.announceCauses(x)
	f.Variants = elsewhere
}

func (s *scene) explainGratuitous(x *suspect, f *Finding) {
	f.Why = "Gratuitous ARP moves the neighbour entries of all hosts at once. The kernel sends it only where arp_notify is on; otherwise a program does: arping -U or -A in a start-up script, keepalived, kube-vip, or a network manager that brings the VIP up."
	f.Fix = []string{
		"sysctl -w net.ipv4.conf.all.arp_notify=0",
		"# and for each interface that still shows 1, which alone is enough: sysctl -a 2>/dev/null | grep 'arp_notify '",
		"grep -rls 'arping' /etc/network /etc/NetworkManager /etc/keepalived /etc/systemd 2>/dev/null   # who sends it?",
	}
}

func (s *scene) explainWide(f *Finding) {
	f.Why = fmt.Sprintf("An address on lo makes its whole subnet local, so %s on lo with a mask as wide as /24 makes the host own each address of it: it answers for all of them and can reach none. A VIP on lo needs /32.", s.vip)
	f.Fix = []string{
		fmt.Sprintf("ip addr replace %s/32 dev lo", s.vip),
		fmt.Sprintf("ip addr del $(ip -o -4 addr show to %s | awk '$2 == \"lo\" && $4 !~ \"/32$\" {print $4, \"dev\", $2}')", s.vip),
		"# and write /32 (255.255.255.255) into the network configuration, for the next boot",
	}
}

func (s *scene) explainProxy(x *suspect, f *Finding) {
	f.Why = "With proxy_arp and forwarding on, Linux answers for addresses that it reaches through another interface, up to 0.8 s late. Traffic for them passes through this host."
	f.Fix = []string{
		"sysctl -w net.ipv4.conf.all.proxy_arp=0",
		"# and for each interface that still shows 1: sysctl -a 2>/dev/null | grep 'proxy_arp '",
	}
}

func (s *scene) explainSilent(x *suspect, f *Finding) {
	if !s.people.alive[x.mac] {
		f.Why = "It sent nothing at all during the run. It is down, on another segment, or silent to ARP: arp_ignore 8, the NOARP flag, or a filter (arptables, nftables)."
		f.Fix = []string{"# on its console:", "ip -br link; ip -br addr; sysctl -a 2>/dev/null | grep 'arp_ignore '"}
		return
	}
	f.Why = "It is up, for it sends other frames. So its ARP is off (arp_ignore 8, or the NOARP flag) or filtered (arptables, nftables). Once the director's neighbour entry for it ends, the director cannot reach it any more."
	f.Fix = []string{
		"sysctl -w net.ipv4.conf.all.arp_ignore=1   # for each interface that shows 8, likewise: sysctl -a 2>/dev/null | grep 'arp_ignore '",
		"ip -o link | grep NOARP   # if it lists the interface: ip link set dev NIC arp on",
	}
}

// causes ranks what the host's settings may be, where something is wrong with
// it: the commonest first, each with the command that confirms it.
func (s *scene) causes(x *suspect) []string {
	if x.part.role == Director {
		return nil
	}
	if len(x.class.left) == 0 && s.people.alive[x.mac] {
		return []string{fmt.Sprintf("no Linux setting that arpcheck knows fits: %s. It may not be Linux, or a filter answers or drops in between: `nft list ruleset; arptables -L`", s.tell(x.class.contradiction))}
	}
	return slices.Concat(s.replyCauses(x), s.announceCauses(x))
}

// replyCauses are those for which the host may answer who-has VIP.
func (s *scene) replyCauses(x *suspect) (all []string) {
	if len(x.replies) == 0 || x.repliedOnce() {
		return nil
	}
	add := func(is func(hypothesis) bool, cause string) {
		if x.class.any(is) {
			all = append(all, cause)
		}
	}
	if s.misnamed() {
		all = append(all, fmt.Sprintf("it is the director, and --director names another host, %s, which does not answer: then set nothing there", s.people.call(s.directorMAC)))
	}
	add(func(h hypothesis) bool { return h.Ignore == 0 && h.Place.holds() && !h.Place.nic() },
		"arp_ignore is not set (or on lo alone): `sysctl -a 2>/dev/null | grep 'arp_ignore '`")
	add(func(h hypothesis) bool { return h.Place.nic() },
		fmt.Sprintf("the VIP is on the interface that is asked, where arp_ignore 1 and 2 let it answer: `ip -br addr show to %s`", s.vip))
	add(func(h hypothesis) bool { return h.Ignore == 3 && h.Place.holds() && !h.Place.nic() },
		fmt.Sprintf("arp_ignore is 3, which hides only addresses of scope host: `ip addr show to %s`", s.vip))
	if !s.isNamed(x.mac) && x.part.role != Director {
		all = append(all, fmt.Sprintf("it is no real server, but a second director, or the address is in use twice: then take it off that host and set nothing: `ip -br addr show to %s`", s.vip))
	}
	add(func(h hypothesis) bool { return !h.Place.holds() && h.Proxy },
		"it has not got the VIP, but routes to it with proxy_arp on: `sysctl -a 2>/dev/null | grep 'proxy_arp '`")
	return all
}

// announceCauses are those for which it may announce the VIP.
func (s *scene) announceCauses(x *suspect) (all []string) {
	if len(x.announcements) == 0 || x.announcedOnce() {
		return nil
	}
	if slices.Contains(x.class.announce(), 0) {
		all = append(all, "arp_announce is not set (or on lo alone): `sysctl -a 2>/dev/null | grep 'arp_announce '`")
	}
	if slices.Contains(x.class.announce(), 1) {
		all = append(all, "arp_announce is 1, which lets a VIP through that is in the subnet of the host's own address: `sysctl -a 2>/dev/null | grep 'arp_announce '`")
	}
	if x.class.any(func(h hypothesis) bool { return h.Announce == 2 && h.Place == onNICFirst }) {
		all = append(all, fmt.Sprintf("arp_announce is 2, and the VIP is the first address of the interface, which 2 announces: `ip -br addr show to %s`", s.vip))
	}
	return all
}

// tell puts an observation into words.
func (s *scene) tell(o observation) string {
	if len(o.proof) > 0 {
		return fmt.Sprintf("%s, %s", s.inFrame(o.proof[0]), o.proof[0])
	}
	ask, answer := "a who-has", "did not answer"
	if o.stimulus.Kind == kernel.Echo {
		ask = "an echo request"
	}
	if o.replied {
		answer = "answered"
	}
	target := "an address that is not its own"
	switch o.stimulus.Target {
	case modelRIP:
		target = "its own address"
	case modelVIPIn, modelVIPOut, modelVIPNear:
		target = s.vip.String()
	}
	from, to := "", "to all"
	switch o.stimulus.Sender {
	case netip.IPv4Unspecified():
		from = " from 0.0.0.0"
	case modelFar:
		from = " from an address off the subnet"
	}
	if !o.stimulus.Broadcast {
		to = "to it alone"
	}
	return fmt.Sprintf("it %s %s for %s%s, sent %s", answer, ask, target, from, to)
}

// list prints values as "1 or 2".
func list(values []int) string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return strings.Join(all, " or ")
}
