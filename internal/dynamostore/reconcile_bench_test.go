package dynamostore_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// BenchmarkApply stores a batch of a hundred followers, and then what a check finds of them. It tells how much of a
// processor's time each follower takes on this side; how long DynamoDB Local takes says nothing of DynamoDB.
func BenchmarkApply(b *testing.B) {
	for _, kind := range []struct {
		name string
		kind reconcile.Kind
	}{{"add", reconcile.Add}, {"check", reconcile.Check}} {
		b.Run(kind.name, func(b *testing.B) {
			store := openLocal(b, time.Now)
			defer store.Close()
			ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
			defer cancel()
			n := 0
			batch := func(kind reconcile.Kind, begin int) {
				var changes []reconcile.Change
				for i := begin; i < begin+100; i++ {
					f := follower.Follower{OpenID: fmt.Sprintf("oFOLLOWER_%018d", i), State: follower.Complete,
						EventTime: time.Unix(1_700_000_000, 0), CheckedAt: time.Unix(1_800_000_000, 0)}
					f.UnionID, f.Language, f.Scene, f.SubscribedAt = "u"+f.OpenID, "zh_CN", "ADD_SCENE_QR_CODE", f.EventTime
					changes = append(changes, reconcile.Change{Kind: kind, Follower: f, At: f.CheckedAt})
				}
				if _, err := store.Apply(ctx, changes); err != nil {
					b.Fatal(err)
				}
			}
			batch(reconcile.Add, 0)
			begun := processorTime()
			for b.Loop() {
				if kind.kind == reconcile.Add {
					n += 100
				}
				batch(kind.kind, n)
			}
			b.ReportMetric(float64((processorTime()-begun).Microseconds())/float64(b.N)/100, "cpu-µs/follower")
		})
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
