package scenarios

import "slices"

// nearest is the known word that the wrong one was probably meant to be: at
// most two letters are missing, too many or others. It is empty if none is near.
func nearest(wrong string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(wrong, k); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(before[j+1], row[j]) + 1
			if a[i] == b[j] {
				row[j+1] = min(row[j+1], before[j])
			} else {
				row[j+1] = min(row[j+1], before[j]+1)
			}
		}
	}
	return row[len(b)]
}

// meant asks whether another word was meant, if one is near.
func meant(wrong string, known []string) string {
	if near := nearest(wrong, known); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}
