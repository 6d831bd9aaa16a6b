//go:build !race

package webhook_test

import (
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestAllocations bounds the memory that a push asks for: the number of allocations, which is the same on every machine. The
// race detector makes more, so this test is not in its build.
func TestAllocations(t *testing.T) {
	for mode, most := range map[wechattest.Mode]float64{wechattest.Plain: 15, wechattest.Safe: 27} {
		push, _ := pushing(t, mode)
		if n := testing.AllocsPerRun(500, push); n > most {
			t.Errorf("mode %v: %v allocations for one push, want at most %v", mode, n, most)
		}
	}
}
