// Package linediff compares texts line by line.
package linediff

import (
	"slices"
	"strings"
)

// Lines returns the way from old to new: a line that begins with "+ " is new, one that begins with "- " goes, and one that
// begins with two spaces stays. Its time and memory grow with the product of the numbers of lines that differ.
func Lines(old, new []string) []string {
	var head, tail []string
	for len(old) > 0 && len(new) > 0 && old[0] == new[0] {
		head = append(head, "  "+old[0])
		old, new = old[1:], new[1:]
	}
	for len(old) > 0 && len(new) > 0 && old[len(old)-1] == new[len(new)-1] {
		tail = append(tail, "  "+old[len(old)-1])
		old, new = old[:len(old)-1], new[:len(new)-1]
	}
	slices.Reverse(tail)
	return slices.Concat(head, middle(old, new), tail)
}

func middle(old, new []string) []string {
	// common[i][j] is the number of lines that old[i:] and new[j:] have in common, in their order.
	common := make([][]int32, len(old)+1)
	for i := range common {
		common[i] = make([]int32, len(new)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i] == new[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var d []string
	for i, j := 0, 0; i < len(old) || j < len(new); {
		switch {
		case i < len(old) && j < len(new) && old[i] == new[j]:
			d = append(d, "  "+old[i])
			i, j = i+1, j+1
		case j == len(new) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			d = append(d, "- "+old[i])
			i++
		default:
			d = append(d, "+ "+new[j])
			j++
		}
	}
	return d
}

// Text returns the lines that differ between two texts, each with up to three lines around it. It is empty if there are none.
func Text(old, new string) []string {
	const around = 3
	lines := Lines(split(old), split(new))
	var shown []string
	last := -1 // the last line shown
	for i, line := range lines {
		if line[0] == ' ' {
			continue
		}
		from := max(last+1, i-around)
		if from > last+1 && last >= 0 {
			shown = append(shown, "  …")
		}
		to := i
		for to+1 < len(lines) && to < i+around && lines[to+1][0] == ' ' {
			to++
		}
		if to >= from {
			shown = append(shown, lines[from:to+1]...)
			last = max(last, to)
		}
	}
	return shown
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
