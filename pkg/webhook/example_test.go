package webhook_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// The functions below are the snippets of docs/handlers.md. TestHandlersDoc checks that they are equal to those in the doc.
// TestHandlersOfTheDoc runs them.

func exampleText(r *webhook.Router) {
	webhook.OnText(r, webhook.Exact("时间"), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		return wechat.TextReply("现在是" + p.Time().In(wechat.ChinaTime).Format("15:04")), nil
	})
}

func examplePatterns(r *webhook.Router) {
	webhook.OnText(r, webhook.Prefix("订单"), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		return wechat.TextReply("正在查询" + strings.TrimPrefix(p.Trimmed(), "订单")), nil
	})
	webhook.OnText(r, webhook.Matching(regexp.MustCompile(`^1\d{10}$`)), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		return wechat.TextReply("请不要发送手机号码。"), nil
	})
}

func exampleKeys(r *webhook.Router) {
	webhook.OnKey(r, webhook.Exact("today"), func(ctx context.Context, p *wechat.Click) (wechat.Reply, error) {
		return wechat.NewsReply{{Title: "今日推荐", Description: "三道新菜", PicURL: "https://example.com/a.jpg", URL: "https://example.com/today"}}, nil
	})
	webhook.OnKey(r, webhook.Prefix("table_"), func(ctx context.Context, p *wechat.Scan) (wechat.Reply, error) {
		return wechat.TextReply("您在" + strings.TrimPrefix(p.Key(), "table_") + "号桌。"), nil
	})
}

func exampleTypes(r *webhook.Router) {
	webhook.On(r, func(ctx context.Context, p *wechat.Image) (wechat.Reply, error) {
		return wechat.ImageReply{MediaID: p.MediaID}, nil // back to the sender
	})
	webhook.On(r, func(ctx context.Context, p *wechat.Voice) (wechat.Reply, error) {
		return wechat.TransferReply{}, nil // to the human desk
	})
}

func exampleDefault(r *webhook.Router) {
	r.Default(func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
		if raw, ok := p.(*wechat.Raw); ok {
			slog.InfoContext(ctx, "a push of an unknown kind", "kind", raw.Kind(), "has a status", raw.Field("Status") != "")
		}
		return nil, nil // no reply
	})
}

func exampleMiddleware(r *webhook.Router) {
	r.Use(func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			if p.Common().MsgType != "event" && closed(p.Common().Time()) {
				return wechat.TextReply("我们每天9点开门。"), nil
			}
			return next(ctx, p)
		}
	})
}

func exampleSlow(r *webhook.Router) {
	webhook.OnSlowText(r, webhook.Prefix("天气"), func(ctx context.Context, p *wechat.Text) (string, error) {
		return forecast(ctx, strings.TrimPrefix(p.Trimmed(), "天气"))
	}, webhook.Wait("正在查询天气，请稍候。"), webhook.Sorry("暂时查不到天气，请稍后再试。"), webhook.NotByAI())
}

func forecast(_ context.Context, city string) (string, error) {
	return city + "，晴，18 到 25 度。", nil
}

// services has the fields of account.Services that the snippets use.
type services struct{ API *wechatapi.Client }

func exampleAPI(r *webhook.Router, s services) {
	webhook.OnText(r, webhook.Exact("会员"), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		body := map[string]any{"openid_list": []string{p.FromUserName}, "tagid": 101}
		if err := s.API.Post(ctx, "/cgi-bin/tags/members/batchtagging", body, nil); err != nil {
			slog.ErrorContext(ctx, "tagging failed", "error", err) // with errcode, meaning and remedy
			return wechat.TextReply("暂时无法登记，请稍后再试。"), nil
		}
		return wechat.TextReply("您已成为会员。"), nil
	})
}

// tagging returns a client of a platform that tags followers.
func tagging(t *testing.T) *wechatapi.Client {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cgi-bin/stable_token":
			io.WriteString(w, `{"access_token":"T","expires_in":7200}`)
		case "/cgi-bin/tags/members/batchtagging":
			io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		}
	}))
	t.Cleanup(server.Close)
	client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: server.URL,
		Secrets: world.NewSecrets(secrets.Secrets{Token: token, AppSecret: appSecret}), Tokens: wechatapi.NoTokens{}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func closed(at time.Time) bool { return at.In(wechat.ChinaTime).Hour() < 9 }

// snippets registers all snippets. The middleware comes first.
func snippets(r *webhook.Router) {
	for _, register := range []func(*webhook.Router){exampleMiddleware, exampleText, examplePatterns, exampleKeys, exampleTypes, exampleSlow, exampleDefault} {
		register(r)
	}
}

func TestHandlersOfTheDoc(t *testing.T) {
	w := newFixture(t, wechattest.Safe, func(w *fixture) {
		w.router = webhook.NewRouter()
		snippets(w.router)
		exampleAPI(w.router, services{API: tagging(t)})
	})
	early := time.Date(2026, 11, 22, 0, 30, 0, 0, time.UTC) // 8:30 in China
	image := strings.Replace(string(w.textOf("x")), "[text]", "[image]", 1)
	image = strings.Replace(image, "<MsgId>", "<MediaId>MEDIA</MediaId><MsgId>", 1)
	for _, tt := range []struct {
		name    string
		message []byte
		want    string
	}{
		{"time", w.textOf("时间"), "现在是20:00"},
		{"prefix", w.textOf("订单4711"), "正在查询4711"},
		{"expression", w.textOf("13800138000"), "请不要发送手机号码。"},
		{"click", w.Pusher.Click(openid, now, "today"), "今日推荐"},
		{"scan", w.Pusher.Scan(openid, now, "table_7"), "您在7号桌。"},
		{"image", []byte(image), "<MediaId><![CDATA[MEDIA]]></MediaId>"},
		{"voice", []byte(strings.Replace(string(w.textOf("x")), "[text]", "[voice]", 1)), "transfer_customer_service"},
		{"slow", w.textOf("天气广州"), "广州，晴"},
		{"API", w.textOf("会员"), "您已成为会员。"},
		{"default", renamed(w.Pusher.Click(openid, now, "k"), "CLICK", "brand_new_event"), "success"},
		{"middleware", w.Pusher.Text(openid, early, 1, "时间"), "我们每天9点开门。"},
	} {
		if _, reply := w.push(tt.message); !strings.Contains(reply, tt.want) {
			t.Errorf("%s: answered %q, want %q in it", tt.name, reply, tt.want)
		}
	}
}

// TestHandlersDoc checks that each snippet of the doc is one of the functions above.
func TestHandlersDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/handlers.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(doc), "```go\n")[1:]
	if len(blocks) < 6 {
		t.Fatalf("%d snippets, want 6 at least", len(blocks))
	}
	for _, block := range blocks {
		snippet, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(snippet, "import (") || strings.HasPrefix(snippet, "package account\n") || strings.Contains(snippet, "checkIn(s)") {
			continue // test/stack builds the console and the functions with it
		}
		var indented strings.Builder
		for line := range strings.Lines(snippet) {
			if strings.TrimSpace(line) != "" {
				line = "\t" + line
			}
			indented.WriteString(line)
		}
		if !strings.Contains(string(source), indented.String()) {
			t.Errorf("this snippet is not in example_test.go:\n%s", snippet)
		}
	}
}

// fixed has secrets that never change.
type fixed struct{ secrets.Secrets }

func (f fixed) Current() secrets.Secrets  { return f.Secrets }
func (fixed) Reload(context.Context) bool { return false }

func ExampleNew() {
	r := webhook.NewRouter()
	webhook.OnText(r, webhook.Exact("ping"), func(context.Context, *wechat.Text) (wechat.Reply, error) {
		return wechat.TextReply("pong"), nil
	})
	webhook.OnText(r, webhook.Exact("ping"), func(context.Context, *wechat.Text) (wechat.Reply, error) {
		return wechat.TextReply("again"), nil
	})
	_, err := webhook.New(webhook.Config{
		AppID:   "wx0123456789abcdef",
		Secrets: fixed{secrets.Secrets{Token: "token", AppSecret: "secret"}},
		Router:  r,
		Hash:    func(string) string { return "" },
		Now:     time.Now,
		Log:     slog.Default(),
	})
	fmt.Println(err)
	// Output: webhook: webhook/example_test.go:207: a handler of *wechat.Text by exactly "ping" never runs: an earlier one by exactly "ping", at webhook/example_test.go:204, takes all its pushes
}
