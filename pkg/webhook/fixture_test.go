package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = world.AppID
	token     = world.Token
	appSecret = world.AppSecret
	aesKey    = world.EncodingAESKey
	accountID = world.AccountID
	openid    = world.OpenID
	userInfo  = "/cgi-bin/user/info"
)

const (
	defaultReply    = "编辑@+您想说的话,我们可以收到"
	suggestionReply = "已经收到您的建议,会及时处理!"

	// replies is the account.yaml of the tests. The owner's own file may differ.
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

// now is the time on the clock of every fixture.
var now = world.Begun

// fixture is an account and the endpoint as it is deployed.
type fixture struct {
	*testing.T
	*world.World
	router  *webhook.Router
	handler http.Handler
}

// newFixture returns an account in the given mode. It calls change, unless nil, before it makes the endpoint.
func newFixture(t *testing.T, mode wechattest.Mode, change func(*fixture)) *fixture {
	t.Helper()
	w := &fixture{T: t, World: world.New(t, world.Options{Mode: mode, Account: replies})}
	w.router = w.Endpoint().Router
	if change != nil {
		change(w)
	}
	w.handler = endpoint(t, w.config(w.router))
	return w
}

func endpoint(t testing.TB, c webhook.Config) *webhook.Handler {
	t.Helper()
	h, err := webhook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// config returns the endpoint's configuration with another router.
func (w *fixture) config(r *webhook.Router) webhook.Config {
	c := w.Endpoint()
	c.Router = r
	return c
}

func (w *fixture) serve(r *http.Request) *http.Response {
	w.Helper()
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer.Result()
}

// push sends message and returns the status and the opened reply. The reply is empty if the status is not 200.
func (w *fixture) push(message []byte) (status int, reply string) {
	w.Helper()
	response := w.serve(w.Request(message))
	body := read(w.T, response)
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, ""
	}
	opened, err := w.Pusher.OpenReply([]byte(body))
	if err != nil {
		w.Fatalf("%v in %q", err, body)
	}
	return response.StatusCode, string(opened)
}

// says sends message and returns the text of the reply. It fails the test if the status is not 200.
func (w *fixture) says(message []byte) string {
	w.Helper()
	status, reply := w.push(message)
	if status != http.StatusOK {
		w.Fatalf("status %d, log: %s", status, w.Logs)
	}
	_, text, _ := strings.Cut(reply, "<Content><![CDATA[")
	text, _, _ = strings.Cut(text, "]]></Content>")
	if text == "" {
		return reply
	}
	return text
}

// records returns the stored records, without the access token and the counts of suggestions.
func (w *fixture) records() []string {
	w.Helper()
	all, err := w.Store.Dump(w.Context())
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

// textOf returns the message of a text.
func (w *fixture) textOf(content string) []byte {
	return w.Pusher.Text(openid, now, 25000000000000001, content)
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
