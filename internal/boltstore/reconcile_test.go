package boltstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/storetest"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	storetest.RunReconcile(t, func(t *testing.T, now func() time.Time) storetest.ReconcileStore {
		store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return open{store}
	})
}
