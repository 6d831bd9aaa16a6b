package boltstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	now := func() time.Time { return time.Unix(1_700_000_100, 0) }
	store, err := boltstore.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	f := follower.Follower{OpenID: "oOne", State: follower.Unavailable, EventTime: time.Unix(1_700_000_000, 0)}
	if _, _, err := store.Follow(t.Context(), f, follower.Session{
		EstablishedAt: time.Unix(1_700_000_001, 0), EventTime: f.EventTime,
	}); err != nil {
		t.Fatal(err)
	}
	for openid, expires := range map[string]int64{"oExpired": 1_700_000_100, "oGone": 1_700_000_101} {
		if err := store.Unfollow(t.Context(), openid, f.EventTime, time.Unix(expires, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the file's mode is %v, want -rw-------", got)
	}

	store, err = boltstore.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	dump, err := store.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, record := range dump {
		got = append(got, string(record))
	}
	want := []string{
		`{"pk":"oGone","sk":"follower","event_time":1700000000,"expires_at":1700000101}`,
		`{"pk":"oOne","sk":"follower","openid":"oOne","event_time":1700000000,"profile":"unavailable"}`,
		`{"pk":"oOne","sk":"session","established_at":1700000001,"event_time":1700000000}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Dump (-want +got):\n%s", diff)
	}
}

func TestOpenInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := boltstore.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := boltstore.Open(path, time.Now)
		if err == nil || !strings.Contains(err.Error(), path+" is in use by another process") {
			t.Errorf("Open of an open file: error %v", err)
		}
		if waited := time.Since(start); waited > 2*time.Second {
			t.Errorf("Open waited %v", waited)
		}
	})
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	if _, err := boltstore.Open(filepath.Join(t.TempDir(), "missing", "store.db"), time.Now); err == nil {
		t.Error("Open in a folder that is not there: no error")
	}
}
