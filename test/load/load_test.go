package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// TestMain makes the test's own binary the server if it is started as that.
func TestMain(m *testing.M) {
	if os.Getenv(serveFile) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLoad is a small load, to see that make load works.
func TestLoad(t *testing.T) {
	var out strings.Builder
	printf := func(format string, a ...any) { fmt.Fprintf(&out, format, a...) }
	err := load(t.Context(), plan{rates: []int{50, 100}, each: 200 * time.Millisecond}, printf)
	if err != nil {
		t.Fatalf("%v after:\n%s", err, &out)
	}
	// On a busy machine, the load ends at a rate that is too high for it. Each delivery has its line all the same.
	deliveries := regexp.MustCompile(`([1-9]\d*) deliveries; .* none is lost and none has happened twice`).FindStringSubmatch(out.String())
	lines := regexp.MustCompile(`The log has (\d+) lines of pushes, and no secret, text or openid`).FindStringSubmatch(out.String())
	if deliveries == nil || lines == nil || deliveries[1] != lines[1] {
		t.Errorf("not as many lines as deliveries in what was printed:\n%s", &out)
	}
}

// TestCheck holds stores in which something went wrong against a story.
func TestCheck(t *testing.T) {
	t.Parallel()
	follow := func(t *testing.T, s *boltstore.Store, e *effect, at time.Time) {
		openid, _, _ := strings.Cut(e.makes, " ")
		f := follower.Follower{OpenID: openid, EventTime: at, State: follower.Complete}
		if _, _, err := s.Follow(t.Context(), f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
			t.Fatal(err)
		}
	}
	suggest := func(t *testing.T, s *boltstore.Store, text string, id uint64) {
		now := time.Now()
		suggestion := follower.Suggestion{At: now, MsgID: id, FollowerHash: "h", Text: text, ExpiresAt: now.Add(time.Hour)}
		if _, err := s.AddSuggestion(t.Context(), suggestion); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		store func(*testing.T, *boltstore.Store, []*effect, time.Time)
		want  string
	}{
		{"lost", func(*testing.T, *boltstore.Store, []*effect, time.Time) {}, "session is stored 0 times, want once"},
		{"twice", func(t *testing.T, s *boltstore.Store, all []*effect, _ time.Time) {
			suggest(t, s, all[3].makes, 1)
			suggest(t, s, all[3].makes, 2)
		}, "@suggestion 4 is stored 2 times, want once"},
		{"an unfollow undone", func(t *testing.T, s *boltstore.Store, all []*effect, at time.Time) {
			follow(t, s, all[1], at.Add(time.Hour))
		}, "session is stored in spite of an unfollow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "db")
			s := newStory(secrets.Secrets{})
			for range 10 {
				s.answered(s.next(), true)
			}
			store, err := boltstore.Open(file, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			tt.store(t, store, s.all, s.begun)
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := s.check(file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestCheckLog holds logs that tell too much against what no log may.
func TestCheckLog(t *testing.T) {
	t.Parallel()
	account, err := secrets.Parse([]byte(sampleSecrets))
	if err != nil {
		t.Fatal(err)
	}
	s := newStory(account)
	follow := []*effect{s.next(), s.next()}[1] // the second push is one
	for _, told := range []string{account.Token, account.AppSecret, account.EncodingAESKey, follow.makes, greeting} {
		file := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(file, []byte("{}\n{\"message\":\"push\",\"error\":\""+told+"\"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkLog(file, account); err == nil {
			t.Errorf("%q was not found in the log", told)
		}
	}
}
