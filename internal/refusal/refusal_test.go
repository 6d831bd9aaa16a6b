package refusal_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/refusal"
)

// TestTable checks that each reason has a short code, and texts and advice in both languages.
func TestTable(t *testing.T) {
	code := regexp.MustCompile(`^[a-z]+(_[a-z]+)?$`)
	seen := map[refusal.Reason]bool{}
	for _, row := range refusal.Table {
		if !code.MatchString(string(row.Reason)) || seen[row.Reason] {
			t.Errorf("%q is no code, or there twice", row.Reason)
		}
		seen[row.Reason] = true
		if row.Name == "" || row.What.ZH == "" || row.What.EN == "" || row.From < 1 {
			t.Errorf("%s is not explained: %+v", row.Reason, row)
		}
		if !strings.HasSuffix(row.Do.ZH, "。") || !strings.HasSuffix(row.Do.EN, ".") || row.Reason.Advice() != row.Do.EN {
			t.Errorf("%s does not say what to do: %+v", row.Reason, row.Do)
		}
	}
}

// TestDocs checks that the tables in the docs are equal to Table.
func TestDocs(t *testing.T) {
	for name, in := range map[string]func(bilingual.Text) string{
		"operations.md":       func(t bilingual.Text) string { return t.EN },
		"operations.zh-CN.md": func(t bilingual.Text) string { return t.ZH },
	} {
		var want []string
		for _, row := range refusal.Table {
			want = append(want, fmt.Sprintf("| `%s` | %s | %s |", row.Reason, in(row.What), in(row.Do)))
		}
		_, table, _ := strings.Cut(read(t, "docs/"+name), "\n| reason | ")
		table, _, _ = strings.Cut(table, "\n\n")
		got := strings.Split(table, "\n")
		if diff := cmp.Diff(want, got[min(2, len(got)):]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestDashboard checks that the dashboard's graph has a line for each reason.
func TestDashboard(t *testing.T) {
	var want []string
	for _, row := range refusal.Table {
		want = append(want, fmt.Sprintf(`["Guanzhu", "Refusals", "appid", "${AppId}", "reason", "%s", {"label": "%s · %s"}]`,
			row.Reason, row.Reason, row.Name))
	}
	got := regexp.MustCompile(`\["Guanzhu", "Refusals", [^\]]*"reason"[^\]]*\]`).FindAllString(read(t, "template.yaml"), -1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
