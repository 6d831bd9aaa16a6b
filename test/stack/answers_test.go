package stack

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// slowRoutes is what account/ has in these tests: a slow handler that asks a server, by the number of the message.
const slowRoutes = `package account

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func askModel(ctx context.Context, p *wechat.Text) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%[1]s/%%d", p.MsgID), nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %%d", response.StatusCode)
	}
	return string(answer), err
}
`

// model is the server that the slow handler asks.
type model struct {
	mu    sync.Mutex
	takes map[string]time.Duration // by the number of the message
	text  map[string]string
	fails map[string]bool
	calls map[string]int
	asked chan string
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/")
	m.mu.Lock()
	m.calls[id]++
	takes, text, fails := m.takes[id], m.text[id], m.fails[id]
	m.mu.Unlock()
	select {
	case m.asked <- id:
	default:
	}
	select {
	case <-time.After(takes):
	case <-r.Context().Done():
		return
	}
	if fails {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	io.WriteString(w, text)
}

func (m *model) set(id int64, takes time.Duration, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.takes[fmt.Sprint(id)], m.text[fmt.Sprint(id)] = takes, text
}

func (m *model) called(id int64) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[fmt.Sprint(id)]
}

// slow is an account with slow answers: the functions webhook and answer as they are built for Lambda, three instances of each.
type slow struct {
	*testing.T
	account  wechattest.Account
	platform *wechattest.Platform
	model    *model
	queue    queue
	url      string
	webhooks []*instance
	workers  []*instance
	kills    bool
	sends    bool // the account may send customer-service messages
}

// slowBuilds are the two functions with the slow handler.
type slowBuilds struct{ webhook, answer string }

func buildSlow(t *testing.T, modelURL string) slowBuilds {
	t.Helper()
	files := map[string]string{
		"slow.go":   fmt.Sprintf(slowRoutes, modelURL),
		"routes.go": routesWith(`webhook.OnSlowText(r, webhook.Prefix("问"), askModel, webhook.Wait("请稍候"), webhook.Sorry("抱歉"))`),
		"pages.go":  "package account\n\nimport \"github.com/guanzhu/guanzhu/pkg/web\"\n\nfunc Pages(*web.Site, Services) {}\n",
	}
	told := func(program string) string {
		bootstrap := buildWith(t, []string{"CGO_ENABLED=0"}, program, files)
		script := filepath.Join(t.TempDir(), "tell-pid")
		writeFile(t, script, "#!/bin/sh\necho $$ >\"$GUANZHU_TEST_PID\"\nexec '"+bootstrap+"'\n")
		if err := os.Chmod(script, 0o700); err != nil {
			t.Fatal(err)
		}
		return script
	}
	return slowBuilds{told("./functions/webhook"), told("./functions/answer")}
}

func startSlow(t *testing.T, m *model, builds slowBuilds, kind wechattest.Kind) *slow {
	t.Helper()
	t.Parallel()
	rie, endpoint, aws := part(t, emulator), part(t, dynamoDB), part(t, amazonSQS)
	s := &slow{
		T: t, model: m, account: wechattest.Account{AppID: appID, Token: "guanzhuSampleToken", ID: accountID},
		platform: wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret, Kind: kind, EveryoneFollows: true}),
		queue:    createQueue(t, aws, "14"), sends: kind != wechattest.PersonalAccount,
	}
	api := httptest.NewServer(s.platform)
	t.Cleanup(api.Close)
	records := createTable(t, endpoint)
	env := []string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"WECHAT_APP_ID=" + appID, "WECHAT_SECRETS=ssm:/guanzhu/test", "WECHAT_API_URL=" + api.URL,
		"TABLE_NAME=" + records.name, "AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "AWS_ENDPOINT_URL_SQS=" + aws, "ANSWERS_QUEUE_URL=" + s.queue.url,
		"AWS_ENDPOINT_URL_SSM=" + parameterStore(t, "/guanzhu/test", map[string]string{"token": s.account.Token, "app_secret": appSecret}),
	}
	for range 3 {
		s.webhooks = append(s.webhooks, startInstance(t, rie, builds.webhook, env))
		s.workers = append(s.workers, startInstance(t, rie, builds.answer, env))
	}
	s.url = behindGateway(t, func(err error) {
		if !s.kills {
			t.Error(err)
		}
	}, s.webhooks...)
	s.queue.poll(t, s.workers...)
	t.Cleanup(func() {
		for _, i := range append(s.webhooks, s.workers...) {
			wantNothingTold(t, i.printed.String(), "问", "answer to ")
		}
	})
	return s
}

// warm starts all instances, so that no delivery has to wait for one.
func (s *slow) warm() {
	messages := [][]byte{}
	for n := range 3 {
		messages = append(messages, s.account.Text(fmt.Sprintf("oWARM%d", n), time.Now(), 1, "你好"))
	}
	s.account.DeliverAll(s.Context(), http.DefaultClient, s.url, wechattest.Plain, messages, wechattest.Chaos{Parallel: 3})
}

// thrice delivers the messages three times each, in any order and to three instances, and returns the reply to each, which
// must be the same each time and come in time.
func (s *slow) thrice(seed uint64, messages ...[]byte) (replies []string) {
	s.Helper()
	deliveries := s.account.DeliverAll(s.Context(), http.DefaultClient, s.url, wechattest.Plain, messages,
		wechattest.Chaos{Seed: seed, Copies: 3, Parallel: 3})
	for n, d := range deliveries {
		for _, attempt := range d.Attempts {
			if attempt.Err != nil || attempt.Took > 4600*time.Millisecond {
				s.Errorf("message %d: error %v after %v", n, attempt.Err, attempt.Took)
			}
			if diff := cmp.Diff(string(d.Attempts[0].Body), string(attempt.Body)); diff != "" {
				s.Errorf("message %d: two replies:\n%s", n, diff)
			}
		}
		replies = append(replies, content(s.T, d.Reply))
	}
	return replies
}

// content returns the text of a reply, "" for none.
func content(t *testing.T, reply []byte) string {
	t.Helper()
	if string(reply) == wechat.Success {
		return ""
	}
	var message struct{ Content string }
	if err := xml.Unmarshal(reply, &message); err != nil {
		t.Fatalf("%v in %q", err, reply)
	}
	return message.Content
}

var tapLink = regexp.MustCompile(`\n+<a href="weixin://bizmsgmenu\?msgmenucontent=[^&"]+&msgmenuid=([^"]+)">[^<]+</a>$`)

// split returns a text without the link at its end, and the link's id.
func split(text string) (rest, id string) {
	link := tapLink.FindStringSubmatchIndex(text)
	if link == nil {
		return text, ""
	}
	return text[:link[0]], text[link[2]:link[3]]
}

// tap is the message of a tap on the link with that id.
func (s *slow) tap(openid string, msgID int64, id string) []byte {
	message := string(s.account.Text(openid, time.Now(), msgID, "查看回答"))
	return []byte(strings.Replace(message, "</xml>", "<bizmsgmenuid><![CDATA["+id+"]]></bizmsgmenuid></xml>", 1))
}

// sent returns the customer-service messages to openid, after as many as wanted are there or the time is up.
func (s *slow) sent(openid string, wanted int, within time.Duration) (texts []string) {
	s.Helper()
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		texts = nil
		for _, m := range s.platform.CustomMessages() {
			if m.OpenID == openid {
				texts = append(texts, m.Text)
			}
		}
		if len(texts) >= wanted || time.Now().After(end) {
			return texts
		}
	}
}

// TestAnswers asks for answers that take 0.2, 3 and 8 s, of a page and of several.
func TestAnswers(t *testing.T) {
	for _, name := range []string{emulator, dynamoDB, amazonSQS} {
		part(t, name)
	}
	m := &model{takes: map[string]time.Duration{}, text: map[string]string{}, fails: map[string]bool{}, calls: map[string]int{}, asked: make(chan string, 100)}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	builds := buildSlow(t, server.URL)
	t.Run("verified account", func(t *testing.T) { answersOfAll(startSlow(t, m, builds, wechattest.ServiceAccount), 1000) })
	t.Run("personal account", func(t *testing.T) { answersOfAll(startSlow(t, m, builds, wechattest.PersonalAccount), 2000) })
	t.Run("killed", func(t *testing.T) { answersKilled(startSlow(t, m, builds, wechattest.ServiceAccount), 3000) })
	t.Run("failed", func(t *testing.T) { answersFailed(startSlow(t, m, builds, wechattest.ServiceAccount), 4000) })
}

// answersOfAll asks nine questions of as many followers, each delivered three times, and gathers their answers.
func answersOfAll(s *slow, first int64) {
	s.warm()
	long := strings.Repeat("这是 answer to 的第一句话。这是第二句话！\n", 120)
	takes := []time.Duration{200 * time.Millisecond, 3 * time.Second, 8 * time.Second}
	var messages [][]byte
	openid := func(n int) string { return fmt.Sprintf("oASKS%03d", n) }
	want := map[int]string{}
	for n := range 9 {
		want[n] = fmt.Sprintf("answer to %d", n)
		if n >= 6 {
			want[n] += long
		}
		s.model.set(first+int64(n), takes[n%3], want[n])
		messages = append(messages, s.account.Text(openid(n), time.Now(), first+int64(n), "问题"))
	}
	replies := s.thrice(uint64(first), messages...)
	taps := first + 100
	for n, reply := range replies {
		text, link := split(reply)
		if takes[n%3] > 5*time.Second && text != "请稍候" || takes[n%3] < time.Second && text == "请稍候" {
			s.Errorf("question %d is answered with %q", n, text)
		}
		page := reply
		if text == "请稍候" {
			page = s.late(openid(n), &taps, link)
		}
		var pages strings.Builder
		for {
			if len(page) > wechat.MaxText {
				s.Errorf("question %d has a page of %d bytes", n, len(page))
			}
			rest, next := split(page)
			pages.WriteString(rest)
			if next == "" {
				break
			}
			page = s.thrice(uint64(n), s.tap(openid(n), taps, next))[0]
			taps++
		}
		// The line feeds at the end of a page go into the link's.
		flat := func(text string) string { return strings.ReplaceAll(text, "\n", "") }
		if diff := cmp.Diff(flat(want[n]), flat(pages.String())); diff != "" {
			s.Errorf("question %d: the pages together (-want +got):\n%s", n, diff)
		}
		if calls := s.model.called(first + int64(n)); calls != 1 {
			s.Errorf("question %d: the handler was called %d times", n, calls)
		}
		if sent := s.sent(openid(n), 2, 0); len(sent) > 1 || len(sent) == 1 && text != "请稍候" {
			s.Errorf("question %d: %d customer-service messages after the reply %q", n, len(sent), text)
		}
	}
}

// late returns the first page of an answer that came after the wait text: it is sent or, if the account may not send, comes
// by taps on the link.
func (s *slow) late(openid string, msgID *int64, link string) string {
	s.Helper()
	if s.sends {
		return strings.Join(s.sent(openid, 1, 20*time.Second), "")
	}
	for range 10 {
		page := s.thrice(uint64(*msgID), s.tap(openid, *msgID, link))[0]
		*msgID++
		if _, again := split(page); again != link {
			return page
		}
	}
	return ""
}

// answersKilled kills a worker within the handler, and the endpoint while it waits.
func answersKilled(s *slow, first int64) {
	s.warm()
	s.kills = true
	s.model.set(first, 2*time.Second, "answer to the killed worker")
	message := s.account.Text("oKILLED", time.Now(), first, "问题")
	replied := make(chan string, 1)
	go func() {
		reply, _, err := s.account.Deliver(s.Context(), http.DefaultClient, s.url, wechattest.Plain, message)
		if err != nil {
			s.Error(err)
			replied <- ""
			return
		}
		replied <- content(s.T, reply)
	}()
	s.asked(first)
	for _, i := range s.workers {
		i.kill()
	}
	if text, _ := split(<-replied); text != "请稍候" {
		s.Errorf("reply %q", text)
	}
	if diff := cmp.Diff([]string{"answer to the killed worker"}, s.sent("oKILLED", 1, 40*time.Second)); diff != "" {
		s.Errorf("customer-service messages (-want +got):\n%s", diff)
	}

	s.model.set(first+1, 2*time.Second, "answer to the killed endpoint")
	message = s.account.Text("oKILLED2", time.Now(), first+1, "问题")
	died := make(chan []wechattest.Delivery, 1)
	go func() {
		died <- s.account.DeliverAll(s.Context(), http.DefaultClient, s.url, wechattest.Plain, [][]byte{message}, wechattest.Chaos{})
	}()
	s.asked(first + 1)
	for _, i := range s.webhooks {
		i.kill()
	}
	if d := <-died; d[0].Err == nil {
		s.Error("the endpoint was not killed while it waited")
	}
	s.warm() // the emulators notice
	got, _, err := s.account.Deliver(s.Context(), http.DefaultClient, s.url, wechattest.Plain, message)
	if err != nil {
		s.Fatal(err)
	}
	reply := content(s.T, got)
	if reply != "answer to the killed endpoint" {
		s.Errorf("the answer is %q", reply)
	}
	if calls := s.model.called(first + 1); calls != 1 {
		s.Errorf("the handler was called %d times", calls)
	}
}

// asked waits until the model is asked the question.
func (s *slow) asked(id int64) {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); s.model.called(id) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("nobody asks question %d", id)
		}
	}
}

// answersFailed has a model that always fails.
func answersFailed(s *slow, first int64) {
	s.warm()
	s.model.mu.Lock()
	s.model.fails[fmt.Sprint(first)] = true
	s.model.mu.Unlock()
	if text, _ := split(s.thrice(1, s.account.Text("oFAILED", time.Now(), first, "问题"))[0]); text != "请稍候" {
		s.Errorf("reply %q", text)
	}
	if diff := cmp.Diff([]string{"抱歉"}, s.sent("oFAILED", 1, 60*time.Second)); diff != "" {
		s.Errorf("customer-service messages (-want +got):\n%s", diff)
	}
	if calls := s.model.called(first); calls != 3 {
		s.Errorf("the handler was called %d times, want 3", calls)
	}
	if n := s.queue.deadLetters(s.T, 30*time.Second); n != 1 {
		s.Errorf("%d dead letters, want 1", n)
	}
	if sent := s.sent("oFAILED", 2, 0); len(sent) != 1 {
		s.Errorf("%d apologies", len(sent))
	}
}
