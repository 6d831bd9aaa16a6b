package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestPersonalLink asks for a link with the keyword of account.yaml.
func TestPersonalLink(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		w.Platform.Follow(openid, profile)
		w.says(w.Pusher.Subscribe(openid, now, ""))

		ask := w.Pusher.Text(openid, now.Add(time.Minute), 1, "登录")
		link := w.says(ask)
		if !strings.HasPrefix(link, "进入：https://example.com/enter?ticket=") || strings.Contains(link, openid) {
			t.Fatalf("answered %q", link)
		}
		stored := w.records()
		if got := w.says(ask); got != link {
			t.Errorf("delivered again, answered %q, want %q", got, link)
		}
		if diff := cmp.Diff(stored, w.records()); diff != "" {
			t.Errorf("delivered again, stored (-want +got):\n%s", diff)
		}
		if got := w.says(w.Pusher.Text(openid, now.Add(time.Minute), 2, "登录")); got == link {
			t.Error("two texts got one link")
		}
		for _, record := range w.records() {
			if _, ticket, _ := strings.Cut(link, "ticket="); strings.Contains(record, ticket) {
				t.Error("the ticket itself is stored")
			}
		}

		// A text from before the unfollow gets no link. The unfollow has deleted the tickets.
		w.says(w.Pusher.Unsubscribe(openid, now.Add(9*time.Minute)))
		if got := w.says(ask); got != "success" {
			t.Errorf("after the unfollow answered %q", got)
		}
		if _, _, err := w.Store.Lookup(t.Context(), openid); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("after the unfollow: %v", err)
		}

		// A sender without a record gets a record, a session and a link.
		const other = openid + "-before"
		if got := w.says(w.Pusher.Text(other, now, 3, "登录")); !strings.Contains(got, "/enter?ticket=") {
			t.Errorf("answered %q", got)
		}
		if f, s, err := w.Store.Lookup(t.Context(), other); err != nil || f.State != follower.Pending || len(s.Tickets) != 1 {
			t.Errorf("recorded %+v with %d tickets, %v", f, len(s.Tickets), err)
		}
	})
}

// TestPageIsCounted reads the log line of a view.
func TestPageIsCounted(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	if response := w.serve(w.Request(w.Pusher.View(openid, now, "https://elsewhere.example/?secret=1"))); response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if log := w.Logs.String(); !strings.Contains(log, `"page":"other"`) || strings.Contains(log, "elsewhere") {
		t.Errorf("log: %s", log)
	}
}
