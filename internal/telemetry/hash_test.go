package telemetry

import (
	"strings"
	"sync"
	"testing"
)

func TestHasher(t *testing.T) {
	hash := Hasher("secret")
	if hash("oA") != hash("oA") || hash("oA") != Hasher("secret")("oA") {
		t.Error("the same follower has two hashes")
	}
	if hash("oA") == hash("oB") || hash("oA") == Hasher("another")("oA") {
		t.Error("another follower, or another key, gives the same hash")
	}
	if got := hash("oA"); len(got) != 16 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("got %q, want 16 hex characters", got)
	}
}

// TestHasherTogether uses one from many goroutines.
func TestHasherTogether(t *testing.T) {
	hash := Hasher("secret")
	want := map[string]string{"oA": hash("oA"), "oB": hash("oB")}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				for openid, hashed := range want {
					if got := hash(openid); got != hashed {
						t.Errorf("%s: %s, want %s", openid, got, hashed)
						return
					}
				}
			}
		})
	}
	group.Wait()
}
