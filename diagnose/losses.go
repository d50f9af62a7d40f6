package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/evidence"
)

// losses says why silence in the log proves nothing.
func (s *scene) losses() []string {
	if s.log.Lost == (evidence.Lost{}) && len(s.log.Files) == 0 {
		return nil // as for every frame of a live run
	}
	if s.lost == nil {
		s.lost = append([]string{}, lossesOf(s.log)...)
	}
	return s.lost
}

func lossesOf(log *evidence.Log) (all []string) {
	add := func(n uint64, one, several string) {
		if n > 0 {
			all = append(all, count(int(n), one, several))
		}
	}
	add(log.Lost.Total()-log.Lost.Refused, "frame was lost", "frames were lost")
	add(log.Lost.Refused, "frame was one more than are kept", "frames were more than are kept")
	if len(log.Files) == 0 {
		return all
	}
	var damaged, unread uint64
	for i := range log.Files {
		damaged += log.Files[i].Damaged
	}
	if damaged == 1 {
		all = append(all, "the capture is damaged in one place")
	} else if damaged > 1 {
		all = append(all, fmt.Sprintf("the capture is damaged in %d places", damaged))
	}
	reasons := unreadable(log)
	for _, reason := range reasons {
		unread += log.Ignored[evidence.Reason(reason)]
	}
	why := " (" + strings.Join(reasons, ", ") + ")"
	add(unread, "frame could not be read"+why, "frames could not be read"+why)
	add(log.Unlisted, "frame claims more addresses than can be listed", "frames claim more addresses than can be listed")
	add(log.Shortened, "frame is more than can be looked at one by one", "frames are more than can be looked at one by one")
	return all
}

// unreadable lists why frames of a capture could not be read.
func unreadable(log *evidence.Log) (all []string) {
	for _, reason := range slices.Sorted(maps.Keys(log.Ignored)) {
		if len(log.Files) > 0 && reason.MayHide() && log.Ignored[reason] > 0 {
			all = append(all, string(reason))
		}
	}
	return all
}

// loss says that frames did not reach this program, if any did not.
func loss(log *evidence.Log, nic string) (Finding, bool) {
	losses := lossesOf(log)
	if len(losses) == 0 {
		return Finding{}, false
	}
	f := Finding{Code: CaptureLoss, Severity: Warning}
	if len(log.Files) > 0 {
		f.Summary = "Not everything is there: " + strings.Join(losses, "; ") + "."
		f.Why = "A host that seems silent may have answered in a frame that is missing, so no silence in this capture proves anything. What it does show counts."
		f.Fix = []string{"# capture again, with a larger buffer and only what is needed:",
			"tcpdump -i NIC -B 8192 -w again.pcap 'arp or icmp or ip proto 112 or tcp[tcpflags] & tcp-syn != 0'"}
		if len(unreadable(log)) > 0 {
			f.Fix = append(f.Fix, "# and on an Ethernet interface, or a Wi-Fi one that is not in monitor mode, without -s: whole frames, that can be read")
		}
		return f, true
	}
	f.Why = "A host that seems silent may have answered in a frame that was lost, so no silence in this run proves anything."
	if nic == "" {
		nic = "NIC"
	}
	var what []string
	add := func(n uint64, one, several string, fix ...string) {
		if n > 0 {
			what = append(what, count(int(n), one, several))
			f.Fix = append(f.Fix, fix...)
		}
	}
	lost := log.Lost
	if n := lost.Socket + lost.Noted; n > 0 {
		what = append(what, fmt.Sprintf("The kernel dropped %s before arpcheck could read them.", count(int(n), "frame", "frames")))
		f.Fix = append(f.Fix, "sysctl -w net.core.rmem_max=8388608", "# and run arpcheck again, or as root, or when the machine is less busy")
	}
	add(lost.Before, "frame was lost by the interface, or by a processor that was busy.", "frames were lost by the interface, or by a processor that was busy.",
		fmt.Sprintf("ethtool -S %s | grep -iE 'miss|drop|fifo|over'   # which counter rises?", nic),
		fmt.Sprintf("ethtool -G %s rx 4096; sysctl -w net.core.netdev_max_backlog=10000   # more room", nic))
	add(lost.Refused, "frame was one more than arpcheck keeps: somebody floods the segment with ARP.", "frames were more than arpcheck keeps: somebody floods the segment with ARP.",
		fmt.Sprintf("tcpdump -nei %s -c 1000 arp | awk '{print $2}' | sort | uniq -c | sort -rn | head   # who sends them?", nic))
	f.Summary = strings.Join(what, " ")
	return f, true
}
