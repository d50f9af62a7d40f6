package main

import (
	"fmt"
	"strings"
)

// A grid is a table of the examples, by rows. The first row is the heading, the
// first cell of each its label.
type grid [][]string

// rows begins a grid with its labels, that of the heading first.
func rows(labels ...string) grid {
	var g grid
	for _, label := range labels {
		g = append(g, []string{label})
	}
	return g
}

// column adds a column: its heading, and what the model makes of each row.
func (g grid) column(cells ...string) {
	for i, cell := range cells {
		g[i] = append(g[i], cell)
	}
}

func (g grid) String() string {
	labels := 0
	for _, row := range g {
		labels = max(labels, len(row[0]))
	}
	var b strings.Builder
	for _, row := range g {
		text := fmt.Sprintf("  %-*s", labels, row[0])
		for i, cell := range row[1:] {
			text += fmt.Sprintf("  %-*s", max(7, len(g[0][i+1])), cell)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
