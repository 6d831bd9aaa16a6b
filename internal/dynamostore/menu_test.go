package dynamostore_test

import (
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/storetest"
)

func TestMenuRecord(t *testing.T) {
	t.Parallel()
	storetest.RunMenu(t, func(t *testing.T) storetest.MenuStore { return openLocal(t, time.Now) })
}
