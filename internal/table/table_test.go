package table_test

import (
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// TestSuggestedUntil: the count of a day in China ends a day after it.
func TestSuggestedUntil(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2026-11-26T16:00:00Z": "suggested#2026-11-27 2026-11-28T16:00:00Z",
		"2026-11-27T15:59:59Z": "suggested#2026-11-27 2026-11-28T16:00:00Z",
		"2026-12-31T15:59:59Z": "suggested#2026-12-31 2027-01-01T16:00:00Z",
	} {
		parsed, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		count := table.NewSuggested(follower.Suggestion{At: parsed})
		got := count.PK + " " + table.Time(count.ExpiresAt).Format(time.RFC3339)
		if got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}
