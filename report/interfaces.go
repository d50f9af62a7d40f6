package report

import (
	"fmt"
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// interfaces prints what the inspected host does about the VIP on each of its
// interfaces, with the settings that decide it.
func (p *printer) interfaces(r *diagnose.Result) {
	p.gap()
	for i := range r.Hosts {
		p.para("role: ", "      ", roleOf(&r.Hosts[i]))
	}
	rows := interfaceRows(r, p.verbose)
	p.gap()
	lines := table(interfaceColumns, rows, p.width, p.style)
	for _, line := range lines {
		p.line(line)
	}
	if lines == nil {
		for _, row := range rows {
			p.para("- ", "  ", fmt.Sprintf("%s (%s): answers for VIP %s, announces VIP %s, gratuitous ARP %s; arp_ignore %s, arp_announce %s",
				row[0].text, row[1].text, row[2].text, row[3].text, row[4].text, row[5].text, row[6].text))
		}
	}
	p.more(len(r.Interfaces)-len(rows), "interface", "")
}

var interfaceColumns = []column{
	{head: []string{"INTERFACE"}, most: 15},
	{head: []string{"ADDRESS"}, most: 18},
	{head: []string{"ANSWERS", "FOR VIP"}},
	{head: []string{"ANNOUNCES", "VIP"}, short: []string{"ANNOUN-", "CES VIP"}},
	{head: []string{"SENDS GRA-", "TUITOUS"}, short: []string{"GRATUI-", "TOUS"}},
	{head: []string{"arp_", "ignore"}, most: 15},
	{head: []string{"arp_", "announce"}, most: 15},
}

// roleOf is what an inspected host is, and why.
func roleOf(h *diagnose.Host) string {
	return clean(fmt.Sprintf("%s (%s)", strings.ReplaceAll(string(h.Role), "-", " "), h.RoleReason))
}

// interfaceRows are the rows of the table, the first few if there are many.
func interfaceRows(r *diagnose.Result, verbose bool) [][]cell {
	shown := r.Interfaces
	if len(shown) > mostHosts && !verbose {
		shown = shown[:mostHosts]
	}
	marked := map[diagnose.Code]bool{}
	for i := range r.Findings {
		marked[r.Findings[i].Code] = true
	}
	rows := make([][]cell, len(shown))
	for i := range shown {
		rows[i] = interfaceRow(&shown[i], marked)
	}
	return rows
}

func interfaceRow(v *diagnose.Interface, marked map[diagnose.Code]bool) []cell {
	yes := func(a diagnose.Answer, code diagnose.Code) cell {
		c := cell{text: answer(a), mark: a == diagnose.Yes && marked[code]}
		if c.mark {
			c.text += " !"
		}
		return c
	}
	var own []string
	for i, p := range v.Addresses {
		if i == 3 {
			own = append(own, fmt.Sprintf("+%d more", len(v.Addresses)-i))
			break
		}
		own = append(own, clip(clean(p.String()), 18))
	}
	if len(own) == 0 {
		own = []string{"none"}
	}
	return []cell{
		{text: clip(clean(v.Name), 15)},
		{text: strings.Join(own, " ")},
		yes(v.AnswersARP, diagnose.ReplyLeak),
		yes(v.AnnouncesVIP, diagnose.AnnounceLeak),
		yes(v.SendsUnasked, diagnose.GratuitousLeak),
		{text: clean(v.ARPIgnore.String())},
		{text: clean(v.ARPAnnounce.String())},
	}
}
