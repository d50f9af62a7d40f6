package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// deed is what a host does, for a sentence about it.
var deed = map[Code]string{
	ReplyLeak:      "answers for it",
	AnnounceLeak:   "announces it",
	GratuitousLeak: "sends gratuitous ARP for it",
	OnNIC:          "has it on the NIC",
	Unanswered:     "does not answer for it",
	Missing:        "does not have it",
	SubnetAnswered: "answers for addresses that nobody has",
	WideMask:       "cannot reach its subnet",
	ARPSilent:      "does not answer for its own address",
	ProxyARP:       "answers for addresses that it only routes to",
	RPFilterDrop:   "drops packets for it",
}

// deeds lists what the host does.
func (j *judge) deeds(troubles []trouble) string {
	var all []string
	for _, code := range Codes() {
		if slices.ContainsFunc(troubles, func(t trouble) bool { return t.code == code }) {
			all = append(all, deed[code])
		}
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// critical are the troubles that fail the verdict.
func critical(now []trouble) []trouble {
	return slices.DeleteFunc(slices.Clone(now), func(t trouble) bool { return severity([]trouble{t}) != Critical })
}

// summary says in one sentence, without a full stop, what the verdict is.
func (j *judge) summary(r Result, now []trouble) string {
	as := map[Role]string{Director: "this director", RealServer: "this real server"}[j.role]
	if as == "" {
		as = "this host"
	}
	switch {
	case len(r.Interfaces) == 0 && r.Verdict == Fail:
		return as + " " + j.deeds(critical(now)) + "; it has no interface that is up and leads to other hosts, so the rest was not judged"
	case len(r.Interfaces) == 0:
		return "no interface of this host that is up leads to other hosts, so there is nothing to judge"
	case r.Verdict == Fail:
		text := as + " " + j.deeds(critical(now))
		for _, f := range r.Findings {
			if f.Severity == Critical && len(f.Causes) > 0 {
				return text + ": " + f.Causes[0]
			}
		}
		return text
	}
	text := as
	switch {
	case len(j.at) == 0:
		text += " does not have it"
		if !slices.ContainsFunc(r.Interfaces, func(v Interface) bool { return v.AnswersARP == Yes }) {
			text += ", and answers for it nowhere"
		} else {
			text += ", and answers for it as a proxy"
		}
	case j.role == Director:
		text += " answers for it"
	default:
		text += " holds it silently: it neither answers for it nor announces it"
	}
	var doubts []string
	if j.unsure {
		doubts = append(doubts, "it has the arp_ignore and arp_announce of a real server, which should not: say which it is, with --role director or --role real-server")
	}
	for _, f := range r.Findings {
		switch f.Code {
		case NotPersistent, Overridden:
			if lost := "that will not outlive the next boot"; !slices.Contains(doubts, lost) {
				doubts = append(doubts, lost)
			}
		case Missing:
		default:
			doubts = append(doubts, "it "+deed[f.Code])
		}
	}
	if j.Boot != nil && len(j.Boot.Unreadable) > 0 {
		doubts = append(doubts, "whether that outlives the next boot could not be read")
	}
	if len(doubts) > 0 {
		text += "; but " + strings.Join(doubts, "; ")
	}
	return text
}

// notes tell what was not judged.
func (j *judge) notes(r Result) (all []Note) {
	switch {
	case j.Boot == nil:
		all = append(all, Note{Text: "Whether the settings outlive the next boot was not judged: the files in /etc/sysctl.d belong to the machine, not to this namespace. --root names the folder that they are in."})
	case len(j.Boot.Unreadable) > 0:
		all = append(all, Note{Text: fmt.Sprintf("%s cannot be read, so anything may be in it: run arpcheck inspect as root.", strings.Join(j.Boot.Unreadable, ", "))})
	}
	if j.role == Director && j.Role == "" {
		var elsewhere []string
		for _, vip := range j.now.vips {
			if at := j.now.at[vip]; vip != j.vip && len(at) > 0 && j.Links[at[0].dev].Holder {
				elsewhere = append(elsewhere, at[0].String())
			}
		}
		if len(elsewhere) > 0 {
			all = append(all, Note{Text: fmt.Sprintf("This host has %s as real servers have a VIP, and %s as directors do. If the latter was left there, --role real-server judges it so.", some(elsewhere), j.where())})
		}
	}
	for _, v := range r.Interfaces {
		if len(v.Alike) > 0 {
			all = append(all, Note{Text: fmt.Sprintf("As %s does, so do %s: they answer and announce nothing of the VIP.", v.Name, some(v.Alike))})
		}
	}
	if j.Rules {
		all = append(all, Note{Text: "This host has rules of its own in `ip rule`. Which table they choose for a packet is not followed: each interface that a route of any table leads to is judged as a way out, and rp_filter is not judged."})
	}
	if len(j.Filters) > 0 {
		all = append(all, Note{Text: fmt.Sprintf("A filter may drop ARP or change it: %s. Its rules are not followed: what is said here is what the host does without them.", some(j.Filters))})
	}
	if j.Hidden && len(j.Filters) == 0 {
		all = append(all, Note{Text: "Whether nftables drops ARP, or changes it, could not be read: only root can."})
	}
	return all
}

// some lists the first few names.
func some(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
