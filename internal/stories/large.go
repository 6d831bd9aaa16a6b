package stories

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

var discard = slog.New(slog.DiscardHandler)

// noProfile has no permission to fetch profiles.
type noProfile struct{}

func (noProfile) Profile(context.Context, string) (follower.Profile, error) {
	return follower.Profile{}, follower.ErrNoPermission
}

// RunLarge sends pushes that are as large as the endpoint takes, three times each: all are answered 200, and what is
// stored of each is small.
func RunLarge(t *testing.T, open storetest.Open) {
	r := newRun(t, story{}, open)
	defer func() {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	}()
	says, err := accountyaml.Parse("account.yaml", []byte(replies))
	if err != nil {
		t.Fatal(err)
	}
	service := &follower.Service{Store: r.store, Profiler: noProfile{}, Hash: hash, Now: r.clock, LinkKey: func() string { return appSecret }}
	handler, err := webhook.New(webhook.Config{
		AppID: appID, Secrets: fixed{}, Router: routes(service, says), Hash: hash, Now: r.clock, Log: discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	who, at := openid(0), second(0)
	fill := func(message []byte, char string) []byte { // in place of FILL
		room := (webhook.MaxBody - 1 - len(message) + len("FILL")) / len(char)
		return bytes.Replace(message, []byte("FILL"), []byte(strings.Repeat(char, room)), 1)
	}
	for n, char := range []string{"\xff", "关", "a", "<", "&amp;"} {
		for name, message := range map[string][]byte{
			"suggestion": platform.Text(who, at, int64(n+1), "@FILL"),
			"follow":     platform.Subscribe(openid(n), at, "qrscene_FILL"),
			"text":       platform.Text(who, at, int64(n+1), "FILL"),
			"scan":       platform.Scan(who, at, "FILL"),
			"link":       bytes.Replace(platform.Text(who, at, int64(n+1), "登录"), []byte("</xml>"), []byte("<More><![CDATA[FILL]]></More></xml>"), 1),
		} {
			for range 3 {
				body := fill(message, char)
				request, err := platform.Request(t.Context(), "https://example.com"+webhook.Path, wechattest.Plain, body, r.clock())
				if err != nil {
					t.Fatal(err)
				}
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, request)
				if answer.Code != http.StatusOK {
					t.Errorf("%s of %d bytes with %q: status %d", name, len(body), char, answer.Code)
				}
			}
		}
	}
	items, err := r.store.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	suggestions := 0
	for _, item := range items {
		size := 0
		for _, value := range item {
			if text, ok := value.(string); ok {
				size += len(text)
			}
		}
		if item["text"] != nil {
			suggestions++
		}
		if size > 5<<10 {
			t.Errorf("%v %v has texts of %d bytes", item["pk"], item["sk"], size)
		}
	}
	if suggestions != 5 {
		t.Errorf("%d suggestions are stored, want 5", suggestions)
	}
}
