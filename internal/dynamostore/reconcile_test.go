package dynamostore_test

import (
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/storetest"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	storetest.RunReconcile(t, func(t *testing.T, now func() time.Time) storetest.ReconcileStore { return openLocal(t, now) })
}
