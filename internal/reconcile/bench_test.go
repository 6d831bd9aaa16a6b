package reconcile_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

var followers = flag.Int("followers", 5000, "how many followers the benchmark's account has")

// BenchmarkPass makes two full passes over an account with an embedded store: one that adds all followers, and the next
// day's, which verifies them. The platform answers at once. make bench has a million followers.
func BenchmarkPass(b *testing.B) {
	for b.Loop() {
		now := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		store, err := boltstore.Open(filepath.Join(b.TempDir(), "store.db"), clock)
		if err != nil {
			b.Fatal(err)
		}
		r := reconcile.New(reconcile.Config{
			Platform: crowd(*followers), Records: store, Checkpoints: store, Concurrency: 4,
			Hash: telemetry.Hasher("bench"), Now: clock, Log: slog.New(slog.DiscardHandler),
		})
		for _, half := range []string{"added", "verified"} {
			peak := watchHeap()
			begun := time.Now()
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			s, err := r.Run(ctx, "")
			cancel()
			if err != nil || s.Result != reconcile.Done || s.Pass.Fetched != *followers {
				b.Fatalf("%+v, pass %+v, error %v", s, s.Pass, err)
			}
			b.ReportMetric(float64(*followers)/time.Since(begun).Seconds(), half+"/s")
			b.ReportMetric(float64(peak())/(1<<20), half+"-peak-MB")
			now = now.Add(24 * time.Hour)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// watchHeap returns a function that ends the watch and returns the largest heap seen, in bytes.
func watchHeap() (peak func() uint64) {
	done, result := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-ticker.C:
			case <-done:
				result <- most
				return
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-result
	}
}

// crowd is a platform with so many followers, which answers at once and counts no calls.
type crowd int

const crowdPage = 10_000

func (c crowd) Openids(_ context.Context, after string) (openids []string, next string, total int, err error) {
	begin := 0
	if after != "" {
		if begin, err = strconv.Atoi(strings.TrimLeft(strings.TrimPrefix(after, "oCROWD_"), "0")); err != nil {
			begin = 0
		}
		begin++
	}
	for n := begin; n < min(begin+crowdPage, int(c)); n++ {
		openids = append(openids, fmt.Sprintf("oCROWD_%021d", n))
	}
	if len(openids) > 0 {
		next = openids[len(openids)-1]
	}
	return openids, next, int(c), nil
}

func (crowd) Profiles(_ context.Context, openids []string) (map[string]follower.Profile, []string, error) {
	profiles := make(map[string]follower.Profile, len(openids))
	for _, openid := range openids {
		profiles[openid] = follower.Profile{
			UnionID: "u" + openid, Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", SubscribedAt: time.Unix(1_700_000_000, 0),
		}
	}
	return profiles, nil, nil
}

func (crowd) Quota(context.Context, string) (daily, left int, err error) { return 0, 0, nil }

func (crowd) KeepToken(_ context.Context, until time.Time) (time.Time, error) { return until, nil }
