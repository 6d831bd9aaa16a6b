package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// indent is how far the lines below a list's item stand to the right: a full-width space, as wide as a Chinese character.
const indent = "\u3000"

// maxIndent is the depth of lists and quotes up to which lines are indented: a chat is narrow.
const maxIndent = 4

func (r renderer) list(n *ast.List) string {
	between := "\n"
	if !n.IsTight {
		between = "\n\n"
	}
	deeper := indent
	if depth(n, ast.KindList) > maxIndent {
		deeper = ""
	}
	var items []string
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		bullet := "• "
		if n.IsOrdered() {
			bullet = strconv.Itoa(number) + ". "
			number++
		} else if isTask(item) {
			bullet = "" // the box is the bullet
		}
		items = append(items, prefixLines(r.blocks(item, "\n"), bullet, deeper))
	}
	return strings.Join(items, between)
}

// depth returns in how many nodes of that kind n is, n included, and maxIndent+1 if there are more.
func depth(n ast.Node, kind ast.NodeKind) int {
	found := 0
	for ; n != nil && found <= maxIndent; n = n.Parent() {
		if n.Kind() == kind {
			found++
		}
	}
	return found
}

// isTask reports whether the item begins with a box to tick.
func isTask(item ast.Node) bool {
	block := item.FirstChild()
	return block != nil && block.FirstChild() != nil && block.FirstChild().Kind() == extast.KindTaskCheckBox
}

var tableKind = extast.KindTable

// table returns a list for each row. With two columns, a row is one line, "left：right". With more, the first cell is above
// the others, which are named by the header.
func (r renderer) table(n ast.Node) string {
	var header []string
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		cells := r.cells(row)
		if row.Kind() == extast.KindTableHeader {
			header = cells
			continue
		}
		if text := tableRow(header, cells); text != "" {
			rows = append(rows, text)
		}
	}
	if len(rows) == 0 { // nothing but a header
		return joinPresent(header, "｜")
	}
	if len(header) <= 2 {
		return strings.Join(rows, "\n")
	}
	return strings.Join(rows, "\n\n")
}

func (r renderer) cells(row ast.Node) []string {
	var cells []string
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		cells = append(cells, strings.ReplaceAll(r.inlines(cell), "\n", " "))
	}
	return cells
}

// longestName is the length in bytes of a column's name up to which it is repeated in each row.
const longestName = 60

func tableRow(header, cells []string) string {
	if len(cells) <= 2 {
		return joinPresent(cells, "：")
	}
	lines := []string{cells[0]}
	for i, cell := range cells[1:] {
		if name := header[i+1]; cell != "" && name != "" && len(name) <= longestName {
			cell = name + "：" + cell
		}
		if cell != "" {
			lines = append(lines, "• "+cell)
		}
	}
	return joinPresent(lines, "\n")
}

// joinPresent joins the texts that are not empty.
func joinPresent(texts []string, separator string) string {
	var present []string
	for _, text := range texts {
		if text != "" {
			present = append(present, text)
		}
	}
	return strings.Join(present, separator)
}
