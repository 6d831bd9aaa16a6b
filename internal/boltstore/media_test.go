package boltstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/storetest"
)

func TestMediaRecord(t *testing.T) {
	t.Parallel()
	storetest.RunMedia(t, func(t *testing.T) storetest.MediaStore {
		store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return open{store}
	})
}
