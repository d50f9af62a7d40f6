package report

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// The cast: a director, three real servers and a VIP, as in the namespace labs.
var (
	start = time.Date(2025, 11, 22, 3, 14, 7, 120_000_000, time.UTC)

	vip      = netip.MustParseAddr("192.168.1.99")
	director = evidence.MAC{0x02, 0, 0, 0, 0, 0x10}
	r1       = evidence.MAC{0x02, 0, 0, 0, 0, 0x41}
	r2       = evidence.MAC{0x02, 0, 0, 0, 0, 0x42}
	r3       = evidence.MAC{0x02, 0, 0, 0, 0, 0x43}

	anyIgnore   = []int{0, 1, 2, 3, 8}
	anyAnnounce = []int{0, 1, 2}
	counted     = diagnose.Capture{Received: 31, Analysed: 26, Ignored: map[evidence.Reason]uint64{evidence.NotInteresting: 4, evidence.Truncated: 1}}
)

func at(ms float64) time.Time { return start.Add(time.Duration(ms * float64(time.Millisecond))) }

func ms(v float64) *float64 { return &v }

func rip(last int) []netip.Addr {
	return []netip.Addr{netip.AddrFrom4([4]byte{192, 168, 1, byte(last)})}
}

// document makes what a check of 1.2 s would.
func document(results ...diagnose.Result) Document {
	return New("1.0.0", "check", start, 1234567*time.Microsecond, results)
}

func theDirector() diagnose.Host {
	return diagnose.Host{
		MAC: director, IPs: rip(10), Role: diagnose.Director, RoleReason: "named as the director",
		AnswersARP: diagnose.Yes, HoldsVIP: diagnose.Yes, AnnouncesVIP: diagnose.Yes, Replies: 3, FirstReplyMS: ms(0.09),
		ARPIgnore: anyIgnore, ARPAnnounce: []int{0, 1},
	}
}

func realServer(mac evidence.MAC, last int, answers, announces diagnose.Answer) diagnose.Host {
	h := diagnose.Host{
		MAC: mac, IPs: rip(last), Role: diagnose.RealServer, RoleReason: "holds the VIP and is not the director",
		AnswersARP: answers, HoldsVIP: diagnose.Yes, AnnouncesVIP: announces,
		ARPIgnore: []int{1, 2}, ARPAnnounce: []int{2},
	}
	if answers == diagnose.Yes {
		h.Replies, h.FirstReplyMS = 3, ms(0.124)
		h.ARPIgnore = []int{0, 3}
		h.Causes = []string{
			"arp_ignore is 0 on `all` and on the interface that faces the segment: `sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.eth1.arp_ignore`",
			"arp_ignore was set on lo only, where it changes nothing: `sysctl net.ipv4.conf.lo.arp_ignore`",
			"arp_ignore is 3, and the VIP has scope global: `ip -o addr show to 192.168.1.99`",
		}
	}
	if announces == diagnose.Yes {
		h.ARPAnnounce = []int{0, 1}
	}
	return h
}

func replyLeak() diagnose.Finding {
	return diagnose.Finding{
		Code: diagnose.ReplyLeak, Severity: diagnose.Critical, MAC: r1, IPs: rip(41),
		Summary: "192.168.1.41 answers who-has 192.168.1.99, and is not the director.",
		Why: "With arp_ignore 0 Linux answers for every address of the host, whatever interface it is on, so a VIP on lo is answered " +
			"on the wire. The value that counts is the greater of conf/all and of the interface where the request arrives; " +
			"conf/lo alone changes nothing.",
		Fix: []string{
			"sysctl -w net.ipv4.conf.all.arp_ignore=1",
			"# to keep it over a reboot:",
			"printf 'net.ipv4.conf.all.arp_ignore = 1\\nnet.ipv4.conf.all.arp_announce = 2\\n' > /etc/sysctl.d/90-lvs-arp.conf",
		},
		Variants: []string{
			"kube-proxy in ipvs mode: set strictARP: true in its configuration, which sets both for you.",
			"keepalived on the real server does not set these; a sysctl.d file does.",
		},
		Evidence: []diagnose.Evidence{
			{Frame: 1, Time: at(0.2), Text: "who-has 192.168.1.99 tell 192.168.1.182"},
			{Frame: 3, Time: at(0.324), Text: "192.168.1.99 is-at 02:00:00:00:00:41"},
		},
	}
}

func announceLeak(mac evidence.MAC, last int) diagnose.Finding {
	return diagnose.Finding{
		Code: diagnose.AnnounceLeak, Severity: diagnose.Critical, MAC: mac, IPs: rip(last),
		Summary: fmt.Sprintf("192.168.1.%d sends its own ARP requests with 192.168.1.99 as sender.", last),
		Why: "Each such request moves the VIP to this host in every neighbour cache that has an entry for it. arp_announce 0 takes the " +
			"source address of the packet at hand, and 1 does the same for a VIP inside the subnet of the real server.",
		Fix: []string{
			"sysctl -w net.ipv4.conf.all.arp_announce=2",
			"# to keep it over a reboot:",
			"printf 'net.ipv4.conf.all.arp_ignore = 1\\nnet.ipv4.conf.all.arp_announce = 2\\n' > /etc/sysctl.d/90-lvs-arp.conf",
		},
		Evidence: []diagnose.Evidence{
			{Frame: 14, Time: at(602.4), Text: "echo request 192.168.1.213 > 192.168.1.99 in a broadcast frame"},
			{Frame: 17, Time: at(602.61), Text: "who-has 192.168.1.213 tell 192.168.1.99"},
		},
	}
}

// leaking is the lab with 0/0, 1/2 and 1/1.
func leaking() diagnose.Result {
	return diagnose.Result{
		VIP: vip, Interface: "eth1", Verdict: diagnose.Fail,
		Summary: "192.168.1.41 answers ARP for it, and should not; 192.168.1.41 and 192.168.1.43 announce it",
		Tests:   diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Fail, Holders: diagnose.Pass},
		Hosts: []diagnose.Host{
			theDirector(), realServer(r1, 41, diagnose.Yes, diagnose.Yes),
			realServer(r2, 42, diagnose.No, diagnose.No), realServer(r3, 43, diagnose.No, diagnose.Yes),
		},
		Findings: []diagnose.Finding{replyLeak(), announceLeak(r1, 41), announceLeak(r3, 43)},
		Notes: []diagnose.Note{{
			Text: "The announce test moved the VIP in neighbour caches, and the director was seen to move it back.",
		}},
		Capture: counted,
	}
}

func passing(last int) diagnose.Result {
	return diagnose.Result{
		VIP: rip(last)[0], Interface: "eth1", Verdict: diagnose.Pass,
		Summary: "192.168.1.10 alone answers; 2 other holders are silent and announce their own address",
		Tests:   diagnose.Tests{Reply: diagnose.Pass, Announce: diagnose.Pass, Holders: diagnose.Pass},
		Hosts:   []diagnose.Host{theDirector(), realServer(r1, 41, diagnose.No, diagnose.No), realServer(r2, 42, diagnose.No, diagnose.No)},
		Capture: counted,
	}
}

// silent is a cluster with one host that was named and never seen, one that no
// Linux setting explains, and addresses as long as they get.
func silent() diagnose.Result {
	odd := realServer(r2, 142, diagnose.No, diagnose.Unknown)
	odd.IPs = []netip.Addr{netip.MustParseAddr("192.168.101.142"), netip.MustParseAddr("10.100.200.142")}
	odd.ARPIgnore, odd.ARPAnnounce = nil, []int{0, 1, 2}
	return diagnose.Result{
		VIP: vip, Interface: "eth1", NetNS: "client", VLAN: []uint16{10}, Verdict: diagnose.Inconclusive,
		Summary: "192.168.1.10 alone answers, but the named real server 192.168.1.43 was never seen",
		Tests:   diagnose.Tests{Reply: diagnose.Pass, Announce: diagnose.Skipped, Holders: diagnose.Inconclusive},
		Hosts: []diagnose.Host{theDirector(), odd, {
			IPs: rip(43), Role: diagnose.RealServer, RoleReason: "named by --rs",
			AnswersARP: diagnose.Unknown, HoldsVIP: diagnose.Unknown, AnnouncesVIP: diagnose.Unknown,
			ARPIgnore: anyIgnore, ARPAnnounce: anyAnnounce,
		}},
		Findings: []diagnose.Finding{{
			Code: diagnose.CaptureLoss, Severity: diagnose.Warning,
			Summary: "12 frames were lost in the kernel, so silence proves nothing.",
			Why:     "The socket's buffer was full.", Fix: []string{"# run it again, with fewer VIPs at a time"},
		}},
		Notes: []diagnose.Note{{
			Text: "No unused address was found on the segment, so the announce test was left out.",
			Fix:  "arpcheck --vip 192.168.1.99 -i eth1 --probe-source 192.168.1.213",
		}},
		Capture: diagnose.Capture{Received: 31, Dropped: 12, Analysed: 31},
	}
}

func unowned() diagnose.Result {
	return diagnose.Result{
		VIP: vip, Interface: "eth1", Verdict: diagnose.Fail, Summary: "nobody answers ARP for it",
		Tests: diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Skipped, Holders: diagnose.Pass},
		Findings: []diagnose.Finding{{
			Code: diagnose.Unowned, Severity: diagnose.Critical,
			Summary: "Three who-has frames for 192.168.1.99 drew no answer in 1.4 s.",
			Why:     "No host on this segment has the VIP on an interface where it would answer. Clients cannot reach it.",
			Fix:     []string{"# on the director:", "ip addr add 192.168.1.99/32 dev eth1"},
			Evidence: []diagnose.Evidence{
				{Frame: 1, Time: at(0.2), Text: "who-has 192.168.1.99 tell 192.168.1.182"},
				{Frame: 2, Time: at(200.3), Text: "who-has 192.168.1.99 tell 192.168.1.182"},
				{Frame: 3, Time: at(400.2), Text: "who-has 192.168.1.99 tell 192.168.1.182"},
				{Frame: 4, Time: at(600.2), Text: "who-has 192.168.1.99 tell 192.168.1.182"},
			},
		}},
		Capture: diagnose.Capture{},
	}
}

// conflict comes from a capture that is older than the run over it.
func conflict() diagnose.Result {
	a, b := realServer(r1, 41, diagnose.Yes, diagnose.Unknown), realServer(r2, 42, diagnose.Yes, diagnose.Unknown)
	a.Role, a.RoleReason, a.IPs = diagnose.Other, "nothing shows what it is", nil
	b.Role, b.RoleReason = diagnose.Other, "nothing shows what it is"
	old := start.AddDate(-1, 0, 0)
	return diagnose.Result{
		VIP: vip, File: "incident-4711.pcapng", Verdict: diagnose.Fail, Summary: "two hosts claim it, and nothing shows which is right",
		Tests: diagnose.Tests{Reply: diagnose.Fail, Announce: diagnose.Skipped, Holders: diagnose.Skipped},
		Hosts: []diagnose.Host{a, b},
		Findings: []diagnose.Finding{{
			Code: diagnose.Conflict, Severity: diagnose.Critical,
			Summary: "02:00:00:00:00:41 and 02:00:00:00:00:42 both answer who-has 192.168.1.99.",
			Why:     "Either may be the director. Say which it is with --director, and the other one gets a finding of its own.",
			Evidence: []diagnose.Evidence{
				{Frame: 1041, Time: old, Text: "192.168.1.99 is-at 02:00:00:00:00:41"},
				{Frame: 998, Time: old.Add(time.Millisecond), Text: "192.168.1.99 is-at 02:00:00:00:00:42"},
			},
		}},
		Capture: counted,
	}
}

// manyVIPs is a run over 256 addresses with a few that are not well.
func manyVIPs() Document {
	var results []diagnose.Result
	for i := range 256 {
		r := passing(i)
		switch i {
		case 99:
			r = leaking()
		case 100, 101:
			r = leaking()
			r.VIP = rip(i)[0]
		case 200:
			r = silent()
			r.VIP = rip(i)[0]
			r.Capture = counted
		}
		results = append(results, r)
	}
	return document(results...)
}

// manyHosts is a segment where ten thousand hosts answer.
func manyHosts() Document {
	r := leaking()
	r.Summary = "10,000 hosts answer ARP for it, and should not"
	r.Hosts, r.Findings = nil, nil
	for i := range 10000 {
		mac := evidence.MAC{0x02, 0, 0, 1, byte(i >> 8), byte(i)}
		h := realServer(mac, i, diagnose.Yes, diagnose.Unknown)
		h.IPs = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}
		f := replyLeak()
		f.MAC, f.IPs = mac, h.IPs
		f.Summary = fmt.Sprintf("%s answers who-has 192.168.1.99, and is not the director.", h.IPs[0])
		r.Hosts, r.Findings = append(r.Hosts, h), append(r.Findings, f)
	}
	r.Hosts = append(r.Hosts, theDirector())
	return document(r)
}

// verbose is a short run with each of its frames.
func verbose() Document {
	r := passing(99)
	r.Frames = []diagnose.Frame{
		{Frame: 1, Time: at(0.2), Sent: true, Text: "who-has 192.168.1.99 tell 192.168.1.182"},
		{Frame: 2, Time: at(0.29), Text: "192.168.1.99 is-at 02:00:00:00:00:10"},
		{Frame: 10, Time: at(1200.2), Sent: true, Text: "echo request 192.168.1.213 > 192.168.1.99 in a broadcast frame"},
		{Frame: 11, Time: at(1200.5), Text: "who-has 192.168.1.213 tell 192.168.1.42"},
	}
	return document(r)
}
