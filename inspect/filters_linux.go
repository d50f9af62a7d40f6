package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// readFilters lists what may drop ARP before the rules of package kernel see it,
// or after. hidden says that nftables may have more, which only CAP_NET_ADMIN shows.
func readFilters() (all []string, hidden bool) {
	// Not /proc/net: that is the namespace of the first thread.
	names, _ := os.ReadFile("/proc/thread-self/net/arp_tables_names")
	for name := range strings.FieldsSeq(string(names)) {
		all = append(all, "the table "+name+" of arptables")
	}
	if !hasNftables() {
		return all, false
	}
	for _, family := range []struct {
		number uint8
		name   string
	}{{unix.NFPROTO_ARP, "arp"}, {unix.NFPROTO_NETDEV, "netdev"}, {unix.NFPROTO_BRIDGE, "bridge"}} {
		chains, err := hookedChains(family.number)
		hidden = hidden || errors.Is(err, unix.EPERM)
		for _, chain := range chains {
			all = append(all, fmt.Sprintf("chain %s %s of nftables", family.name, chain))
		}
	}
	return all, hidden
}

// hasNftables reports whether the kernel has nftables already: to ask one that
// has not makes it load the module (nfnetlink_rcv_msg).
func hasNftables() bool {
	if _, err := os.Stat("/sys/module/nf_tables"); err == nil {
		return true
	}
	if _, err := os.Stat("/proc/modules"); err != nil {
		return true // it can load nothing
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	release, _, _ := bytes.Cut(name.Release[:], []byte{0})
	builtin, _ := os.ReadFile("/lib/modules/" + string(release) + "/modules.builtin")
	return bytes.Contains(builtin, []byte("/nf_tables.ko"))
}

// hookedChains lists the chains of a family that see packets and do something
// about them: base chains that have rules, or drop what no rule accepts.
func hookedChains(family uint8) (all []string, err error) {
	req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_GETCHAIN, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: unix.NFNETLINK_V0})
	msgs, err := req.Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return nil, err
	}
	for _, m := range msgs {
		if len(m) < nl.SizeofNfgenmsg || m[0] != family {
			continue
		}
		attrs, err := nl.ParseRouteAttr(m[nl.SizeofNfgenmsg:])
		if err != nil {
			continue
		}
		var table, name string
		hooked, acts := false, false
		for _, a := range attrs {
			switch a.Attr.Type &^ unix.NLA_F_NESTED {
			case unix.NFTA_CHAIN_TABLE:
				table = nl.BytesToString(a.Value)
			case unix.NFTA_CHAIN_NAME:
				name = nl.BytesToString(a.Value)
			case unix.NFTA_CHAIN_HOOK:
				hooked = true
			case unix.NFTA_CHAIN_POLICY: // NF_DROP is 0
				acts = acts || bytes.Equal(a.Value, make([]byte, 4))
			case unix.NFTA_CHAIN_USE: // the number of its rules
				acts = acts || !bytes.Equal(a.Value, make([]byte, 4))
			}
		}
		if hooked && acts {
			all = append(all, table+" "+name)
		}
	}
	return all, nil
}
