package dynamostore_test

import (
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/storetest"
)

func TestMediaRecord(t *testing.T) {
	t.Parallel()
	storetest.RunMedia(t, func(t *testing.T) storetest.MediaStore { return openLocal(t, time.Now) })
}
