package report

import (
	"strings"

	"github.com/arpcheck/arpcheck/diagnose"
)

// hosts writes the table of hosts.
func (m *markdown) hosts(r *diagnose.Result) {
	if len(r.Hosts) == 0 {
		return
	}
	codes := codesByMAC(r.Findings)
	shown := m.chosen(r, codes)
	rows := make([][]cell, len(shown))
	for i, h := range shown {
		rows[i] = hostRow(h, codes[h.MAC], wide)
	}
	m.table([]string{
		"Address", "MAC", "Role", "Answers for VIP", "Holds VIP", "Announces VIP", "arp_ignore", "arp_announce",
		"Replies", "First reply", "Why this role",
	}, rows)
	m.rest(len(r.Hosts)-len(shown), "host")
}

// interfaces writes the table of the interfaces of the host that was inspected.
func (m *markdown) interfaces(r *diagnose.Result) {
	for i := range r.Hosts {
		m.block("**Role:** %s", markdownText(roleOf(&r.Hosts[i])))
	}
	rows := interfaceRows(r, m.verbose)
	m.table([]string{"Interface", "Address", "Answers for VIP", "Announces VIP", "Sends gratuitous", "arp_ignore", "arp_announce"}, rows)
	m.rest(len(r.Interfaces)-len(rows), "interface")
}

// table writes a table; what a finding is about is bold.
func (m *markdown) table(heads []string, rows [][]cell) {
	var lines []string
	var b strings.Builder
	add := func(text string) { b.WriteString("| " + text + " ") }
	end := func() {
		lines = append(lines, b.String()+"|")
		b.Reset()
	}
	for _, head := range heads {
		add(markdownCell(head))
	}
	end()
	lines = append(lines, strings.Repeat("|---", len(heads))+"|")
	for _, row := range rows {
		for _, c := range row {
			text := markdownCell(c.text)
			if c.mark {
				text = "**" + text + "**"
			}
			add(text)
		}
		end()
	}
	m.block("%s", strings.Join(lines, "\n"))
}
