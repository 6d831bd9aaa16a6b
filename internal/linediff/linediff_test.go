package linediff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/linediff"
)

func TestText(t *testing.T) {
	t.Parallel()
	old := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"
	tests := []struct{ name, old, new, want string }{
		{"same", old, old, ""},
		{"nothing before", "", "1\n2\n", "+ 1|+ 2"},
		{"nothing after", "1\n2\n", "", "- 1|- 2"},
		{"one in the middle", old, strings.Replace(old, "6\n", "six\n", 1), "  3|  4|  5|- 6|+ six|  7|  8|  9"},
		{"two far apart", old, "one" + strings.Replace(old[1:], "12", "twelve", 1), "- 1|+ one|  2|  3|  4|  …|  9|  10|  11|- 12|+ twelve"},
		{"two near", old, strings.Replace(strings.Replace(old, "3\n", "", 1), "8\n", "", 1), "  1|  2|- 3|  4|  5|  6|  7|- 8|  9|  10|  11"},
		{"repeated lines", "a\nb\na\n", "a\na\nb\n", "  a|- b|  a|+ b"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, strings.Join(linediff.Text(tt.old, tt.new), "|")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
