package ai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/ai"
	"github.com/guanzhu/guanzhu/internal/aitest"
)

// question has what no error may hold.
var question = ai.Question{
	Model: "test-model", Instructions: "回答简短", Text: "秘密的问题", MaxTokens: 500,
	Turns: []ai.Turn{{Question: "一", Answer: "二"}},
}

// ask asks a model that gives these replies, and returns how long the client waited between its tries.
func ask(t *testing.T, q ai.Question, replies ...aitest.Reply) (model *aitest.Model, waited []time.Duration, answer ai.Answer, err error) {
	t.Helper()
	model = aitest.New(replies...)
	server := httptest.NewServer(model)
	defer server.Close()
	client := ai.New(ai.Config{BaseURL: server.URL + "/v1", Key: func() string { return aitest.Key },
		Pause: func(_ context.Context, d time.Duration) error {
			waited = append(waited, d)
			return nil
		}})
	answer, err = client.Ask(t.Context(), q)
	return model, waited, answer, err
}

func TestAsk(t *testing.T) {
	t.Parallel()
	model, _, answer, err := ask(t, question, aitest.Reply{Text: "**答**"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ai.Answer{Text: "**答**", InputTokens: 11, OutputTokens: 5}, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	want := []aitest.Request{{
		Authorization: "Bearer " + aitest.Key, Model: "test-model", MaxTokens: 500,
		Messages: []aitest.Message{
			{Role: "system", Content: "回答简短"}, {Role: "user", Content: "一"}, {Role: "assistant", Content: "二"}, {Role: "user", Content: "秘密的问题"},
		},
	}}
	if diff := cmp.Diff(want, model.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAskOnlyTheText(t *testing.T) {
	t.Parallel()
	model, _, _, err := ask(t, ai.Question{Model: "m", Text: "问", MaxTokens: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := model.Requests()[0].Messages; len(got) != 1 {
		t.Errorf("%d messages: %v", len(got), got)
	}
}

// TestAskWithoutKey: no header is sent, not one from the environment of the library either.
func TestAskWithoutKey(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-of-somebody-else")
	model := aitest.New()
	server := httptest.NewServer(model)
	defer server.Close()
	for _, base := range []string{server.URL + "/v1", server.URL + "/v1/"} {
		client := ai.New(ai.Config{BaseURL: base, Key: func() string { return "" }})
		if _, err := client.Ask(t.Context(), question); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range model.Requests() {
		if r.Authorization != "" {
			t.Errorf("Authorization: %s", r.Authorization)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	q := question
	q.Text = strings.Repeat("字", ai.MaxText+1)
	model, _, _, err := ask(t, q)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("字", ai.MaxText) + "\n（原文过长，以下已省略）"
	if got := model.Requests()[0].Messages[3].Content; got != want {
		t.Errorf("sent %d bytes: …%s", len(got), got[len(got)-60:])
	}
	q.Text = q.Text[:3*ai.MaxText]
	model, _, _, err = ask(t, q)
	if err != nil || model.Requests()[0].Messages[3].Content != q.Text {
		t.Errorf("a text of MaxText characters is cut, error %v", err)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reply aitest.Reply
		want  string
	}{
		"several":          {aitest.Reply{Texts: []string{"第一", "第二"}}, "第一"},
		"sent twice":       {aitest.Reply{Text: "一次", Twice: true}, "一次"},
		"cut by tokens":    {aitest.Reply{Text: "只有一半", FinishReason: "length"}, "只有一半"},
		"after a thought":  {aitest.Reply{Text: "<think>\n想\n</think>\n\n答"}, "\n\n答"},
		"a refusal":        {aitest.Reply{Body: `{"choices":[{"message":{"content":null,"refusal":"不能回答"}}]}`}, "不能回答"},
		"without a usage":  {aitest.Reply{Body: `{"choices":[{"message":{"content":"答"}}]}`}, "答"},
		"a charset":        {aitest.Reply{Text: "答", Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}, "答"},
		"unknown members":  {aitest.Reply{Body: `{"x":1,"choices":[{"message":{"content":"答","reasoning_content":"想"}}]}`}, "答"},
		"a long thought":   {aitest.Reply{Text: "<think>" + strings.Repeat("想", 10000) + "</think>答"}, "答"},
		"a think in code":  {aitest.Reply{Text: "标签 `<think>` 的用法"}, "标签 `<think>` 的用法"},
		"tokens as floats": {aitest.Reply{Body: `{"choices":[{"message":{"content":"答"}}],"usage":{"prompt_tokens":1.0}}`}, "答"},
	} {
		_, _, answer, err := ask(t, question, test.reply)
		if err != nil || answer.Text != test.want {
			t.Errorf("%s: %q, %v; want %q", name, answer.Text, err, test.want)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	secret := "Incorrect API key provided: " + aitest.Key + ", asked 秘密的问题"
	for name, test := range map[string]struct {
		reply aitest.Reply
		want  ai.Error
		calls int
	}{
		"a wrong key":           {aitest.Failure(401, "invalid_api_key", secret), ai.Error{Reason: ai.Key, Status: 401, Code: "invalid_api_key"}, 1},
		"not permitted":         {aitest.Failure(403, "unsupported_country", secret), ai.Error{Reason: ai.Key, Status: 403, Code: "unsupported_country"}, 1},
		"a key as the code":     {aitest.Failure(401, aitest.Key, secret), ai.Error{Reason: ai.Key, Status: 401, Code: "…"}, 1},
		"a text as the code":    {aitest.Failure(401, "秘密的问题", secret), ai.Error{Reason: ai.Key, Status: 401, Code: "error"}, 1},
		"no money":              {aitest.Failure(402, "invalid_request_error", "Insufficient Balance"), ai.Error{Reason: ai.Balance, Status: 402, Code: "invalid_request_error"}, 1},
		"no quota":              {aitest.Failure(429, "insufficient_quota", secret), ai.Error{Reason: ai.Balance, Status: 429, Code: "insufficient_quota"}, 1},
		"no such model":         {aitest.Failure(404, "model_not_found", secret), ai.Error{Reason: ai.Model, Status: 404, Code: "model_not_found"}, 1},
		"no such model, says":   {aitest.Reply{Status: 404, Body: `{"error":"model 'x' not found"}`}, ai.Error{Reason: ai.Model, Status: 404}, 1},
		"DeepSeek's no model":   {aitest.Failure(400, "invalid_request_error", "Model Not Exist"), ai.Error{Reason: ai.Model, Status: 400, Code: "invalid_request_error"}, 1},
		"another address":       {aitest.Reply{Status: 404, Body: "404 page not found"}, ai.Error{Reason: ai.Address, Status: 404}, 1},
		"a request refused":     {aitest.Failure(400, "invalid_parameter", secret), ai.Error{Reason: ai.Refused, Status: 400, Code: "invalid_parameter"}, 1},
		"filtered":              {aitest.Failure(400, "data_inspection_failed", secret), ai.Error{Reason: ai.Filtered, Status: 400, Code: "data_inspection_failed"}, 1},
		"filtered, a number":    {aitest.Reply{Status: 400, Body: `{"error":{"code":1301,"message":"x"}}`}, ai.Error{Reason: ai.Filtered, Status: 400, Code: "1301"}, 1},
		"filtered, DeepSeek":    {aitest.Failure(400, "invalid_request_error", "Content Exists Risk"), ai.Error{Reason: ai.Filtered, Status: 400, Code: "invalid_request_error"}, 1},
		"filtered at the end":   {aitest.Reply{FinishReason: "content_filter"}, ai.Error{Reason: ai.Filtered}, 1},
		"busy":                  {aitest.Failure(429, "rate_limit_exceeded", secret), ai.Error{Reason: ai.Busy, Status: 429, Code: "rate_limit_exceeded"}, 3},
		"overloaded":            {aitest.Reply{Status: 503}, ai.Error{Reason: ai.Busy, Status: 503}, 3},
		"fails":                 {aitest.Reply{Status: 500, Body: "<html>"}, ai.Error{Reason: ai.Failed, Status: 500}, 1},
		"gateway is late":       {aitest.Reply{Status: 504}, ai.Error{Reason: ai.Late, Status: 504}, 1},
		"a page":                {aitest.Reply{Status: 200, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}}, ai.Error{Reason: ai.NotAPI, Status: 200}, 1},
		"a redirect":            {aitest.Reply{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/"}}}, ai.Error{Reason: ai.NotAPI, Status: 302}, 1},
		"a stream":              {aitest.Reply{Text: "答", Stream: true}, ai.Error{Reason: ai.NotAPI, Status: 200}, 1},
		"broken JSON":           {aitest.Reply{Body: `{"choices":[`}, ai.Error{Reason: ai.Failed, Status: 200}, 1},
		"cut":                   {aitest.Reply{Text: "答", Cut: true}, ai.Error{Reason: ai.Failed, Status: 200}, 1},
		"too large":             {aitest.Reply{Text: strings.Repeat("答", 1<<20)}, ai.Error{Reason: ai.NotAPI, Status: 200}, 1},
		"too large an error":    {aitest.Reply{Status: 500, Body: strings.Repeat("答", 1<<20)}, ai.Error{Reason: ai.Failed, Status: 500}, 1},
		"no choices":            {aitest.Reply{Texts: []string{}}, ai.Error{Reason: ai.NotAPI}, 1},
		"an object":             {aitest.Reply{Body: `{}`}, ai.Error{Reason: ai.NotAPI}, 1},
		"empty":                 {aitest.Reply{Text: " \n"}, ai.Error{Reason: ai.Empty}, 1},
		"only a thought":        {aitest.Reply{Text: "<think>想</think>"}, ai.Error{Reason: ai.Empty}, 1},
		"nothing but thinking":  {aitest.Reply{FinishReason: "length"}, ai.Error{Reason: ai.TooLong}, 1},
		"a thought that is cut": {aitest.Reply{Text: "<think>想", FinishReason: "length"}, ai.Error{Reason: ai.TooLong}, 1},
	} {
		model, _, _, err := ask(t, question, test.reply)
		failure, ok := errors.AsType[*ai.Error](err)
		if !ok {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		got := ai.Error{Reason: failure.Reason, Status: failure.Status, Code: failure.Code}
		if got.In("en") != test.want.In("en") || got.Reason != test.want.Reason || len(model.Requests()) != test.calls {
			t.Errorf("%s: %v after %d calls, want %v after %d", name, failure, len(model.Requests()), &test.want, test.calls)
		}
		for _, told := range []string{fmt.Sprintf("%v %+v", err, err), failure.In("zh"), failure.Code} {
			if strings.Contains(told, aitest.Key) || strings.Contains(told, "秘密") {
				t.Errorf("%s: the error tells %s", name, told)
			}
		}
		if strings.Contains(failure.Said(), aitest.Key) {
			t.Errorf("%s: the key is in what the API said", name)
		}
	}
}

// TestBusy: a busy API is asked again, no sooner than it says.
func TestBusy(t *testing.T) {
	t.Parallel()
	busy := func(after string) aitest.Reply {
		r := aitest.Failure(429, "rate_limit_exceeded", "slow down")
		r.Header = http.Header{"Retry-After": {after}}
		return r
	}
	for name, test := range map[string]struct {
		replies []aitest.Reply
		want    []time.Duration
		fails   bool
	}{
		"once":             {[]aitest.Reply{busy(""), {Text: "答"}}, []time.Duration{time.Second}, false},
		"always":           {[]aitest.Reply{busy("")}, []time.Duration{time.Second, 2 * time.Second}, true},
		"says when":        {[]aitest.Reply{busy("7"), {Text: "答"}}, []time.Duration{7 * time.Second}, false},
		"too far":          {[]aitest.Reply{busy("60")}, nil, true},
		"a number too big": {[]aitest.Reply{busy("999999999999")}, nil, true},
		"nonsense":         {[]aitest.Reply{busy("-1"), {Text: "答"}}, []time.Duration{time.Second}, false},
	} {
		_, waited, _, err := ask(t, question, test.replies...)
		if diff := cmp.Diff(test.want, waited); diff != "" || (err != nil) != test.fails {
			t.Errorf("%s: error %v, waits (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestLate: the caller's time ends while the model works. It is asked once.
func TestLate(t *testing.T) {
	t.Parallel()
	model := aitest.New(aitest.Reply{Wait: make(chan struct{})})
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		model.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := ai.New(ai.Config{BaseURL: server.URL + "/v1", Key: func() string { return aitest.Key }}).Ask(ctx, question)
	if failure, ok := errors.AsType[*ai.Error](err); !ok || failure.Reason != ai.Late {
		t.Errorf("error %v", err)
	}
}

// TestUnreachable: the error says why, without the address, in which some owners have a key.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(aitest.New())
	secure := server.URL
	gone := httptest.NewServer(nil)
	gone.Close()
	defer server.Close()
	for base, want := range map[string]string{
		gone.URL + "/secret-path":                  "connection refused",
		secure + "/secret-path":                    "x509",
		"https://no-such-host.invalid/secret-path": "lookup no-such-host.invalid",
	} {
		_, err := ai.New(ai.Config{BaseURL: base, Key: func() string { return aitest.Key }}).Ask(t.Context(), question)
		failure, ok := errors.AsType[*ai.Error](err)
		if !ok || failure.Reason != ai.Unreachable || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", base, err)
		}
	}
}

// TestNewName: OpenAI's own API has another name for the limit of tokens.
func TestNewName(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://api.openai.com/v1":                         `"max_completion_tokens":500`,
		"https://mine.openai.azure.com/openai/v1/":          `"max_completion_tokens":500`,
		"https://api.deepseek.com/v1":                       `"max_tokens":500`,
		"https://dashscope.aliyuncs.com/compatible-mode/v1": `"max_tokens":500`,
	} {
		if got := ai.RequestBody(ai.New(ai.Config{BaseURL: base}), question); !strings.Contains(got, want) {
			t.Errorf("%s: %s", base, got)
		}
	}
}
