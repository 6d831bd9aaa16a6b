package boltstore_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/internal/stories"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

// TestStories tells random stories to the endpoint over the embedded store; -rapid.checks is their number.
func TestStories(t *testing.T) {
	t.Parallel()
	stories.Run(t, open)
}

// TestReconciledStories tells stories with runs of reconcile.
func TestReconciledStories(t *testing.T) {
	t.Parallel()
	stories.RunReconcile(t, open)
}

func TestLargePushes(t *testing.T) {
	t.Parallel()
	stories.RunLarge(t, open)
}

// TestSlowStories tells random stories of slow answers.
func TestSlowStories(t *testing.T) {
	t.Parallel()
	stories.RunSlow(t, open)
}

func open(t *testing.T, now func() time.Time) storetest.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), now)
	if err != nil {
		t.Fatal(err)
	}
	return whole{store}
}

// whole lets the suites see everything that is stored.
type whole struct{ *boltstore.Store }

func (w whole) All(ctx context.Context) ([]storetest.Item, error) {
	dump, err := w.Dump(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]storetest.Item, len(dump))
	for i, record := range dump {
		if err := json.Unmarshal(record, &items[i]); err != nil {
			return nil, err
		}
	}
	return items, nil
}
