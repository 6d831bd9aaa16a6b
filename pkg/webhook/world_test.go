package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	token     = "tokenOfTheTests"
	appSecret = "0123456789abcdef0123456789abcdef"
	aesKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	accountID = "gh_0123456789ab"
	openid    = "oTESTfollower-000000000_0001"
	userInfo  = "/cgi-bin/user/info"
)

const (
	defaultReply    = "编辑@+您想说的话,我们可以收到"
	suggestionReply = "已经收到您的建议,会及时处理!"

	// replies is the account.yaml of the tests: the owner may write another.
	replies = `
welcome: 您好，欢迎关注！
default: ` + defaultReply + `
suggestion: ` + suggestionReply + `
keywords:
  - exact: 你好
    reply: 您好，很高兴见到您！
  - exact: 登录
    reply: "进入：{personal_link}"
clicks:
  about: 感谢您的关注！
`
)

// now is the time of all of a test's parts.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is the account with everything around it: the endpoint as it is deployed, on the embedded store, and the
// simulated platform behind it.
type world struct {
	*testing.T
	platform *wechattest.Platform
	store    *boltstore.Store
	owner    wechattest.Account
	mode     wechattest.Mode
	secrets  *rotating
	service  *follower.Service
	router   *webhook.Router
	profiler follower.Profiler
	handler  http.Handler
	account  *accountyaml.Account
	log      *bytes.Buffer
}

// rotating are secrets that change at the next Reload.
type rotating struct {
	now, next secrets.Secrets
	reloads   int
	byAnother bool // it is another request that reads them: Reload itself changes nothing
}

func (r *rotating) Current() secrets.Secrets { return r.now }
func (r *rotating) AppSecret() string        { return r.now.AppSecret }
func (r *rotating) Reload(context.Context) bool {
	r.reloads++
	changed := r.next != secrets.Secrets{} && r.next != r.now
	if changed {
		r.now = r.next
	}
	return changed && !r.byAnother
}

// newWorld makes the account in a message mode; change, if not nil, is called before the endpoint is made.
func newWorld(t *testing.T, mode wechattest.Mode, change func(*world)) *world {
	t.Helper()
	clock := func() time.Time { return now }
	w := &world{T: t, mode: mode, log: new(bytes.Buffer)}
	w.platform = wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret, Now: clock})
	api := httptest.NewServer(w.platform)
	t.Cleanup(api.Close)

	var err error
	if w.store, err = boltstore.Open(filepath.Join(t.TempDir(), "db"), clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.owner = wechattest.Account{AppID: appID, Token: token, ID: accountID}
	w.secrets = &rotating{now: secrets.Secrets{Token: token, AppSecret: appSecret}}
	if mode != wechattest.Plain {
		w.owner.EncodingAESKey = aesKey
		w.secrets.now.EncodingAESKey = aesKey
	}
	log := logTo(w.log)
	client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: api.URL, Secrets: w.secrets, Tokens: w.store, Now: clock, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	w.profiler = client
	if w.account, err = accountyaml.Parse("account.yaml", []byte(replies)); err != nil {
		t.Fatal(err)
	}
	hash := telemetry.Hasher(appSecret)
	w.service = &follower.Service{Store: w.store, Profiler: w, Hash: hash, Now: clock,
		LinkKey: w.secrets.AppSecret}
	w.router = owner.Routes(w.service, w.account)
	if change != nil {
		change(w)
	}
	if w.handler, err = webhook.New(w.config(w.router)); err != nil {
		t.Fatal(err)
	}
	return w
}

// config is the endpoint's configuration with another router.
func (w *world) config(r *webhook.Router) webhook.Config {
	return webhook.Config{AppID: appID, Secrets: w.secrets, Router: r, Hash: w.service.Hash, Now: w.service.Now, Log: logTo(w.log)}
}

// logTo is the log of a deployed function, metrics included, but with the names that package slog gives to what it writes.
func logTo(out io.Writer) *slog.Logger {
	json := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})
	return slog.New(telemetry.Handler{Handler: json, Level: slog.LevelDebug}).With("appid", appID)
}

// Profile asks the profiler that the test has chosen.
func (w *world) Profile(ctx context.Context, openid string) (follower.Profile, error) {
	return w.profiler.Profile(ctx, openid)
}

// request is the push of message as WeChat sends it.
func (w *world) request(message []byte) *http.Request {
	w.Helper()
	r, err := w.owner.Request(w.Context(), "https://example.com"+webhook.Path, w.mode, message, now)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) serve(r *http.Request) *http.Response {
	w.Helper()
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer.Result()
}

// push sends message and returns what WeChat understands of the answer, "" where that is not 200.
func (w *world) push(message []byte) (status int, reply string) {
	w.Helper()
	response := w.serve(w.request(message))
	body := read(w.T, response)
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, ""
	}
	opened, err := w.owner.OpenReply([]byte(body))
	if err != nil {
		w.Fatalf("%v in %q", err, body)
	}
	return response.StatusCode, string(opened)
}

// says sends message and returns the reply's text.
func (w *world) says(message []byte) string {
	w.Helper()
	status, reply := w.push(message)
	if status != http.StatusOK {
		w.Fatalf("status %d, log: %s", status, w.log)
	}
	_, text, _ := strings.Cut(reply, "<Content><![CDATA[")
	text, _, _ = strings.Cut(text, "]]></Content>")
	if text == "" {
		return reply
	}
	return text
}

// records returns what is stored, but for the access token and the counts of suggestions.
func (w *world) records() []string {
	w.Helper()
	all, err := w.store.Dump(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	records := []string{}
	for _, record := range all {
		var key struct{ PK string }
		if err := json.Unmarshal(record, &key); err != nil {
			w.Fatal(err)
		}
		if key.PK != "#account" && !strings.HasPrefix(key.PK, "suggested#") {
			records = append(records, string(record))
		}
	}
	return records
}

func read(t testing.TB, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// textOf is the plain push of a text, for requests that a test signs by itself.
func (w *world) textOf(content string) []byte {
	return w.owner.Text(openid, now, 25000000000000001, content)
}

var modes = map[string]wechattest.Mode{"plain": wechattest.Plain, "compatible": wechattest.Compatible, "safe": wechattest.Safe}

func inAllModes(t *testing.T, test func(*testing.T, wechattest.Mode)) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, mode)
		})
	}
}
