package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/evidence"
)

// wide is the width from which the table says more than it must.
const wide = 100

// hostColumns are the columns of the table of hosts; the first eight need no
// more than 80 columns, whatever the addresses.
func hostColumns(width int) []column {
	cols := []column{
		{head: []string{"ADDRESS"}, most: 15},
		{head: []string{"MAC"}, most: 17},
		{head: []string{"ROLE"}, most: 11},
		{head: []string{"ANSWERS", "FOR VIP"}},
		{head: []string{"HOLDS", "VIP"}},
		{head: []string{"ANNOUNCES", "VIP"}, short: []string{"ANNOUN-", "CES VIP"}},
		{head: []string{"arp_", "ignore"}},
		{head: []string{"arp_", "announce"}},
	}
	if width >= wide {
		cols = append(cols,
			column{head: []string{"REPLIES"}, right: true},
			column{head: []string{"FIRST", "REPLY"}, most: 9, right: true},
			column{head: []string{"WHY THIS ROLE"}, flex: true})
	}
	return cols
}

// hostRow is the line of one host. marks are the codes of the findings about
// it: the answer that a finding is about gets an exclamation mark.
func hostRow(h *diagnose.Host, marks []diagnose.Code, width int) []cell {
	marked := func(a diagnose.Answer, codes ...diagnose.Code) cell {
		c := cell{text: answer(a)}
		for _, code := range codes {
			c.mark = c.mark || a == diagnose.Yes && slices.Contains(marks, code)
		}
		if c.mark {
			c.text += " !"
		}
		return c
	}
	row := []cell{
		{text: addresses(h)},
		{text: hostMAC(h)},
		{text: role(h.Role, width)},
		marked(h.AnswersARP, diagnose.ReplyLeak, diagnose.Conflict, diagnose.ProxyARP, diagnose.SubnetAnswered),
		marked(h.HoldsVIP, diagnose.OnNIC),
		marked(h.AnnouncesVIP, diagnose.AnnounceLeak, diagnose.GratuitousLeak),
		{text: setting(h, h.ARPIgnore, []int{0, 1, 2, 3, 8})},
		{text: setting(h, h.ARPAnnounce, []int{0, 1, 2})},
	}
	if width >= wide {
		row = append(row,
			cell{text: strconv.Itoa(h.Replies)},
			cell{text: latency(h.FirstReplyMS)},
			cell{text: clean(h.RoleReason)})
	}
	return row
}

// hostCard says the same as a row where no table fits.
func hostCard(h *diagnose.Host, marks []diagnose.Code) string {
	row := hostRow(h, marks, 0)
	return fmt.Sprintf("%s (%s), %s: answers for VIP %s, holds VIP %s, announces VIP %s; arp_ignore %s, arp_announce %s",
		row[0].text, row[1].text, row[2].text, row[3].text, row[4].text, row[5].text, row[6].text, row[7].text)
}

func answer(a diagnose.Answer) string {
	if a == diagnose.Yes || a == diagnose.No {
		return string(a)
	}
	return "?"
}

// role is the role in the words of the field.
func role(r diagnose.Role, width int) string {
	switch {
	case r == "":
		return "?"
	case r != diagnose.RealServer:
		return clip(clean(string(r)), 11)
	case width >= wide:
		return "real server"
	}
	return "RS"
}

func hostMAC(h *diagnose.Host) string {
	if h.MAC.IsZero() {
		return "not seen"
	}
	return h.MAC.String()
}

// addresses lists the first addresses of a host, and how many there are more.
func addresses(h *diagnose.Host) string {
	if len(h.IPs) == 0 {
		return "?"
	}
	const most = 3
	var words []string
	for i, ip := range h.IPs {
		if i == most {
			words = append(words, fmt.Sprintf("+%d more", len(h.IPs)-most))
			break
		}
		words = append(words, clip(clean(ip.String()), 15))
	}
	return strings.Join(words, " ")
}

// setting prints a set of values in as few characters as it can.
func setting(h *diagnose.Host, values, all []int) string {
	switch {
	case h.MAC.IsZero():
		return "?" // never seen: that all values fit says nothing
	case len(values) == 0:
		return "none fits"
	case slices.Equal(values, all):
		return "any"
	}
	var parts []string
	for i := 0; i < len(values); {
		end := i
		for end+1 < len(values) && values[end+1] == values[end]+1 {
			end++
		}
		if end-i >= 2 {
			parts = append(parts, fmt.Sprintf("%d-%d", values[i], values[end]))
		} else {
			end = i
			parts = append(parts, strconv.Itoa(values[i]))
		}
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// latency prints milliseconds so that they fit in a column.
func latency(ms *float64) string {
	switch {
	case ms == nil:
		return "-"
	case *ms < 10:
		return fmt.Sprintf("%.2f ms", *ms)
	case *ms < 1000:
		return fmt.Sprintf("%.0f ms", *ms)
	}
	return fmt.Sprintf("%.3g s", *ms/1000)
}

// codesByMAC collects what the findings say about each host.
func codesByMAC(findings []diagnose.Finding) map[evidence.MAC][]diagnose.Code {
	codes := map[evidence.MAC][]diagnose.Code{}
	for i := range findings {
		if f := &findings[i]; !f.MAC.IsZero() {
			codes[f.MAC] = append(codes[f.MAC], f.Code)
		}
	}
	return codes
}
