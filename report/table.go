package report

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A column of a table. Cells that are wider than most are wrapped inside the
// column.
type column struct {
	head  []string // one string for each line of the heading
	short []string // the heading where room is scarce; nil: head
	most  int      // width that the cells may take; 0: what the heading takes
	right bool     // numbers
	flex  bool     // takes what the others leave, and at least the heading
}

// A cell of a table; mark is for what a finding is about.
type cell struct {
	text string
	mark bool
}

// cellLines is the most lines that one cell may take.
const cellLines = 4

// table lays rows out in at most width columns of the terminal: with the long
// headings and wide gaps if they fit, else with narrower ones. It returns nil
// if nothing fits.
func table(cols []column, rows [][]cell, width int, s style) []string {
	for _, try := range []struct {
		gap   int
		short bool
	}{{2, false}, {1, false}, {1, true}} {
		heads := make([][]string, len(cols))
		for i, c := range cols {
			heads[i] = c.head
			if try.short && c.short != nil {
				heads[i] = c.short
			}
		}
		widths, total := measure(cols, heads, rows, width, try.gap)
		if total <= width {
			return layout(cols, heads, rows, widths, try.gap, s)
		}
	}
	return nil
}

// measure finds the width of each column, and their sum with the gaps.
func measure(cols []column, heads [][]string, rows [][]cell, width, gap int) (widths []int, total int) {
	widths = make([]int, len(cols))
	total = gap * (len(cols) - 1)
	flexible := -1
	for i, c := range cols {
		for _, line := range heads[i] {
			widths[i] = max(widths[i], ansi.StringWidth(line))
		}
		if c.flex {
			flexible = i
		} else {
			most := max(c.most, widths[i])
			for _, row := range rows {
				for word := range strings.FieldsSeq(row[i].text) {
					widths[i] = max(widths[i], min(most, ansi.StringWidth(word)))
				}
			}
			// Words that share a line, such as "not seen".
			for _, row := range rows {
				if w := ansi.StringWidth(row[i].text); w <= most {
					widths[i] = max(widths[i], w)
				}
			}
		}
		total += widths[i]
	}
	if flexible >= 0 && total < width {
		longest := 0
		for _, row := range rows {
			longest = max(longest, ansi.StringWidth(row[flexible].text))
		}
		more := min(width-total, max(0, longest-widths[flexible]))
		widths[flexible] += more
		total += more
	}
	return widths, total
}

// layout prints the headings, standing on their last line, and the rows.
func layout(cols []column, heads [][]string, rows [][]cell, widths []int, gap int, s style) []string {
	height := 0
	for _, h := range heads {
		height = max(height, len(h))
	}
	var lines []string
	for n := range height {
		cells := make([]string, len(cols))
		for i, h := range heads {
			if at := n - (height - len(h)); at >= 0 {
				cells[i] = h[at]
			}
		}
		lines = append(lines, s.bold(join(cols, cells, widths, gap, nil)))
	}
	for _, row := range rows {
		lines = append(lines, layoutRow(cols, row, widths, gap, s)...)
	}
	return lines
}

func layoutRow(cols []column, row []cell, widths []int, gap int, s style) []string {
	wrapped := make([][]string, len(cols))
	height := 1
	for i := range cols {
		wrapped[i] = wrap(row[i].text, widths[i])
		if len(wrapped[i]) > cellLines {
			wrapped[i] = wrapped[i][:cellLines]
			wrapped[i][cellLines-1] = clip(wrapped[i][cellLines-1]+"~~", widths[i])
		}
		height = max(height, len(wrapped[i]))
	}
	var lines []string
	for n := range height {
		cells := make([]string, len(cols))
		for i := range cols {
			if n < len(wrapped[i]) {
				cells[i] = wrapped[i][n]
			}
		}
		lines = append(lines, join(cols, cells, widths, gap, func(i int, text string) string {
			if row[i].mark {
				return s.bad(text)
			}
			return text
		}))
	}
	return lines
}

// join puts the cells of one line side by side, without blanks at its end.
func join(cols []column, cells []string, widths []int, gap int, look func(int, string) string) string {
	var b strings.Builder
	blanks := 0
	for i, text := range cells {
		room := max(0, widths[i]-ansi.StringWidth(text))
		if cols[i].right {
			blanks += room
			room = 0
		}
		if text != "" {
			b.WriteString(strings.Repeat(" ", blanks))
			blanks = 0
			if look != nil {
				text = look(i, text)
			}
			b.WriteString(text)
		}
		blanks += room + gap
	}
	return b.String()
}
