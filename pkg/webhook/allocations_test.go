//go:build !race

package webhook_test

import (
	"context"
	"testing"

	builtin "github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestAllocations bounds the memory that a push asks for: the number of allocations, which is the same on every machine. The
// race detector makes more, so this test is not in its build.
func TestAllocations(t *testing.T) {
	for mode, most := range map[wechattest.Mode]float64{wechattest.Plain: 15, wechattest.Safe: 27} {
		push, _ := pushing(t, mode, texts)
		if n := testing.AllocsPerRun(500, push); n > most {
			t.Errorf("mode %v: %v allocations for one push, want at most %v", mode, n, most)
		}
	}
}

// texts has the built-in handler of texts alone. Middleware and handlers of the owner would add their own allocations.
func texts(w *world.World) *webhook.Router {
	r, s := webhook.NewRouter(), w.Services()
	builtin.Complete(r, s.Replies, s.Followers, s.Media, s.Assistant)
	webhook.On(r, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) {
		return s.Replies.Answer(p.Content), nil
	})
	return r
}
