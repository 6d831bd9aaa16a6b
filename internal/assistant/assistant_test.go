package assistant_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/aitest"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/assistant"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const another = "oTESTfollower-000000000_0002"

// fixture is an account with an ai, its endpoint, its queue in the process, and a model.
type fixture struct {
	*world.World
	t        *testing.T
	model    *aitest.Model
	endpoint http.Handler
	queue    *answers.Local
	messages int64
}

// set makes an account whose default is an ai with these further lines.
func set(t *testing.T, replies []aitest.Reply, lines ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, model: aitest.New(replies...)}
	yaml := "welcome: w\nsuggestion: s\nkeywords:\n  - exact: 你好\n    reply: 您好\ndefault:\n  ai:\n    base_url: " +
		world.Serve(t, f.model) + "/v1\n    model: test-model\n    instructions: 回答简短\n    wait: 等\n    sorry: 歉\n"
	for _, line := range lines {
		yaml += "    " + line + "\n"
	}
	f.World = world.New(t, world.Options{Account: yaml})
	f.setKey(aitest.Key)
	services := f.Services()
	services.Assistant = assistant.New(f.Account, f.Secrets, f.Store, f.Service.Hash, f.Clock.Now)
	router := owner.Routes(services)
	worker := &answers.Worker{
		Store: f.Store, Router: router, Sender: nobody{}, Hash: f.Service.Hash, Now: f.Clock.Now, Log: f.Logs.Logger(),
	}
	f.queue = answers.NewLocal(worker.Handle, time.Millisecond)
	t.Cleanup(f.queue.Close)
	config := f.Endpoint()
	config.Router = router
	config.Answers = &answers.Replier{Store: f.Store, Queue: f.queue, Now: f.Clock.Now}
	var err error
	if f.endpoint, err = webhook.New(config); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) setKey(key string) {
	s := f.Secrets.Current()
	s.AIKey = key
	f.Secrets.Replace(s)
	f.Secrets.Reload(f.t.Context())
}

// nobody is sent anything in these tests: every answer is there in time.
type nobody struct{}

func (nobody) SendText(context.Context, string, string, bool) error {
	return errors.New("a message is sent")
}
func (nobody) Typing(context.Context, string) error { return nil }

// says sends a text of the follower, and returns the reply.
func (f *fixture) says(openid, text string) string {
	f.t.Helper()
	f.messages++
	f.Clock.Advance(time.Second)
	return f.push(f.Pusher.Text(openid, f.Clock.Now(), f.messages, text))
}

func (f *fixture) push(message []byte) string {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.endpoint.ServeHTTP(w, f.Request(message))
	if w.Code != http.StatusOK {
		f.t.Fatalf("status %d; log:\n%s", w.Code, f.Logs)
	}
	_, after, ok := strings.Cut(w.Body.String(), "<Content><![CDATA[")
	if !ok {
		return ""
	}
	content, _, _ := strings.Cut(after, "]]>")
	return content
}

func (f *fixture) wants(openid, text, want string) {
	f.t.Helper()
	if got := f.says(openid, text); got != want {
		f.t.Errorf("%q is answered %q, want %q", text, got, want)
	}
}

func (f *fixture) wantCalls(want int) {
	f.t.Helper()
	if got := len(f.model.Requests()); got != want {
		f.t.Errorf("the model was asked %d times, want %d", got, want)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	f := set(t, []aitest.Reply{{Text: "**十元**一枝：\n\n- 红\n- 白"}})
	f.wants(world.OpenID, " 玫瑰多少钱？", "十元一枝：\n\n• 红\n• 白")
	f.wants(world.OpenID, "你好", "您好") // a keyword
	f.wantCalls(1)
	request := f.model.Requests()[0]
	want := []aitest.Message{{Role: "system", Content: "回答简短"}, {Role: "user", Content: "玫瑰多少钱？"}}
	if diff := cmp.Diff(want, request.Messages); diff != "" || request.Authorization != "Bearer "+aitest.Key {
		t.Errorf("Authorization %q, messages (-want +got):\n%s", request.Authorization, diff)
	}
}

// TestLabel: the label is below the model's answer, and the model does not see it.
func TestLabel(t *testing.T) {
	t.Parallel()
	f := set(t, []aitest.Reply{{Text: "一"}}, "label: （内容由 AI 生成）", "daily_limit: 2", "full: 满")
	f.wants(world.OpenID, "甲", "一\n\n（内容由 AI 生成）")
	f.wants(world.OpenID, "乙", "一\n\n（内容由 AI 生成）")
	f.wants(world.OpenID, "丙", "满")
	f.wantMessages([]string{"回答简短", "甲"}, []string{"回答简短", "甲", "一", "乙"})
}

// TestLog: the log has an answer's time and tokens, and neither texts nor the key.
func TestLog(t *testing.T) {
	t.Parallel()
	f := set(t, []aitest.Reply{{Text: "秘密的回答"}})
	f.says(world.OpenID, "秘密的问题")
	f.queue.Close() // waits for the log
	var line map[string]any
	for _, l := range f.Logs.Lines(t) {
		if l["message"] == "answer" {
			line = l
		}
	}
	if line["model"] != "answered" || line["tokens_in"] != 9.0 || line["tokens_out"] != 5.0 || line["ModelTokens"] != 14.0 ||
		line["model_ms"] == nil || line["answer_ms"] == nil || line["outcome"] == nil {
		t.Errorf("the line is %v", line)
	}
	for _, secret := range []string{"秘密", aitest.Key, world.OpenID} {
		if strings.Contains(f.Logs.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, f.Logs)
		}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	f := set(t, []aitest.Reply{{Text: "一"}, {Text: "二"}, {Text: "三"}, {Text: "四"}}, "memory: 2")
	for _, text := range []string{"甲", "乙", "丙"} {
		f.says(world.OpenID, text)
	}
	f.says(another, "丁")
	want := [][]string{
		{"回答简短", "甲"}, {"回答简短", "甲", "一", "乙"}, {"回答简短", "甲", "一", "乙", "二", "丙"}, {"回答简短", "丁"},
	}
	f.wantMessages(want...)

	// Two questions later, the first is forgotten.
	f.says(world.OpenID, "戊")
	f.wantMessages(append(want, []string{"回答简短", "乙", "二", "丙", "三", "戊"})...)
}

// wantMessages wants the texts of each call.
func (f *fixture) wantMessages(want ...[]string) {
	f.t.Helper()
	var got [][]string
	for _, r := range f.model.Requests() {
		var texts []string
		for _, m := range r.Messages {
			texts = append(texts, m.Content)
		}
		got = append(got, texts)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestMemoryEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(f *fixture){
		"with time": func(f *fixture) { f.Clock.Advance(conversation.For + time.Second) },
		"with an unfollow": func(f *fixture) {
			f.Clock.Advance(time.Second)
			f.push(f.Pusher.Unsubscribe(world.OpenID, f.Clock.Now()))
			f.Clock.Advance(time.Second)
			f.push(f.Pusher.Subscribe(world.OpenID, f.Clock.Now(), ""))
		},
	} {
		f := set(t, nil)
		f.says(world.OpenID, "甲")
		end(f)
		f.says(world.OpenID, "乙")
		f.wantMessages([]string{"回答简短", "甲"}, []string{"回答简短", "乙"})
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestUnfollowDuringAnswer: the follower unfollows, comes back and asks something else while the model works. The new
// conversation knows nothing of the old one.
func TestUnfollowDuringAnswer(t *testing.T) {
	t.Parallel()
	f := set(t, nil)
	var next []byte
	f.model.Answer(aitest.Reply{Before: func() {
		f.Clock.Advance(time.Second)
		f.push(f.Pusher.Unsubscribe(world.OpenID, f.Clock.Now()))
		f.Clock.Advance(time.Second)
		f.push(f.Pusher.Subscribe(world.OpenID, f.Clock.Now(), ""))
		f.Clock.Advance(time.Second)
		next = f.Pusher.Text(world.OpenID, f.Clock.Now(), 77, "乙")
		push, err := wechat.ParsePush(next)
		if err != nil {
			t.Error(err)
			return
		}
		text := push.(*wechat.Text)
		err = f.Store.ChangeConversation(t.Context(), world.OpenID, text.Time(), func(c *conversation.Conversation) error {
			_, err := c.Ask(conversation.Question{Text: text}, f.Clock.Now())
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}}, aitest.Reply{})
	f.says(world.OpenID, "甲")
	f.push(next)
	f.wantMessages([]string{"回答简短", "甲"}, []string{"回答简短", "乙"})
}

func TestNoMemory(t *testing.T) {
	t.Parallel()
	f := set(t, nil, "memory: 0")
	f.says(world.OpenID, "甲")
	f.says(world.OpenID, "乙")
	f.wantMessages([]string{"回答简短", "甲"}, []string{"回答简短", "乙"})
	c, err := f.Store.Conversation(t.Context(), world.OpenID)
	if err != nil || len(c.Turns) != 0 {
		t.Errorf("turns %v, error %v", c.Turns, err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	f := set(t, nil, "daily_limit: 2", "account_daily_limit: 3", "full: 满")
	f.wants(world.OpenID, "一", "您好")
	f.wants(world.OpenID, "二", "您好")
	f.wants(world.OpenID, "三", "满")
	f.wants(world.OpenID, "你好", "您好") // a keyword is no question
	f.push(f.Pusher.Unsubscribe(world.OpenID, f.Clock.Now()))
	f.Clock.Advance(time.Second)
	f.push(f.Pusher.Subscribe(world.OpenID, f.Clock.Now(), ""))
	f.wants(world.OpenID, "四", "满")
	f.wants(another, "一", "您好")
	f.wants(another, "二", "满") // the account's
	f.wantCalls(3)
	f.Clock.Advance(4 * time.Hour) // past midnight in China
	f.wants(world.OpenID, "五", "您好")
	f.wantCalls(4)
}

// TestRepeatedDeliveries: a question is counted and asked once, however often its push comes.
func TestRepeatedDeliveries(t *testing.T) {
	t.Parallel()
	f := set(t, nil, "daily_limit: 1")
	message := f.Pusher.Text(world.OpenID, f.Clock.Now(), 1, "一")
	for range 3 {
		if got := f.push(message); got != "您好" {
			t.Errorf("reply %q", got)
		}
	}
	f.wantCalls(1)
}

func TestModelFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		replies []aitest.Reply
		want    string
		calls   int
	}{
		"once":        {[]aitest.Reply{{Status: 500}, {Text: "答"}}, "答", 2},
		"three times": {[]aitest.Reply{{Status: 500}, {Status: 500}, {Status: 500}, {Text: "答"}}, "歉", 3},
		"wrong key":   {[]aitest.Reply{aitest.Failure(401, "invalid_api_key", "no")}, "歉", 1},
		"wrong model": {[]aitest.Reply{aitest.Failure(404, "model_not_found", "no")}, "歉", 1},
		"filtered":    {[]aitest.Reply{aitest.Failure(400, "content_filter", "no")}, "抱歉，这个问题我无法回答，请换一个问题。", 1},
		"only markup": {[]aitest.Reply{{Text: "<br>"}}, "歉", 3},
		"two answers": {[]aitest.Reply{{Texts: []string{"一", "二"}}}, "一", 1},
	} {
		f := set(t, test.replies)
		f.wants(world.OpenID, "秘密的问题", test.want)
		f.wantCalls(test.calls)
		if strings.Contains(f.Logs.String(), "秘密") {
			t.Errorf("%s: the log has the question", name)
		}
		if t.Failed() {
			t.Fatalf("%s; log:\n%s", name, f.Logs)
		}
	}
}

// TestNewKey: a new key in the secrets needs no deployment.
func TestNewKey(t *testing.T) {
	t.Parallel()
	f := set(t, []aitest.Reply{aitest.Failure(401, "invalid_api_key", "no"), {Text: "答"}})
	next := f.Secrets.Current()
	next.AIKey = "sk-new"
	f.Secrets.Replace(next)
	f.wants(world.OpenID, "问", "答")
	if got := f.model.Requests(); len(got) != 2 || got[1].Authorization != "Bearer sk-new" {
		t.Errorf("requests %v", got)
	}
}

// TestWithoutAssistant: a function without a model apologizes, and does not fail.
func TestWithoutAssistant(t *testing.T) {
	t.Parallel()
	f := set(t, nil)
	config := f.Endpoint() // its services have no Assistant, and it has no Answers
	endpoint, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	f.endpoint = endpoint
	f.wants(world.OpenID, "问", "歉")
	f.wantCalls(0)
}

// TestEventsAreNotForTheModel: an event or a picture is never answered by an ai.
func TestEventsAreNotForTheModel(t *testing.T) {
	t.Parallel()
	f := set(t, nil)
	if got := f.push(f.Pusher.Click(world.OpenID, f.Clock.Now(), "none")); got != "" {
		t.Errorf("reply %q", got)
	}
	f.wantCalls(0)
}

var _ replies.Assistant = (*assistant.Assistant)(nil)
