// Package aitest is a language model for tests behind an OpenAI-compatible API. It answers what a test tells it to, slowly,
// wrongly or twice.
//
// https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create
package aitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Key is the key that a Model expects unless another is set.
const Key = "sk-test-0123456789abcdef0123456789abcdef"

// Request is one call of the API, as far as tests ask about it.
type Request struct {
	Authorization       string
	Model               string    `json:"model"`
	Messages            []Message `json:"messages"`
	MaxTokens           int       `json:"max_tokens"`
	MaxCompletionTokens int       `json:"max_completion_tokens"`
	Stream              bool      `json:"stream"`
}

// Message is one message of a Request or an answer.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Reply is how a Model answers one call. The zero Reply answers "您好".
type Reply struct {
	Text string // the answer
	// Texts are several answers to one question, in place of Text.
	Texts        []string
	FinishReason string // stop if empty

	// Wait holds the answer back until it is closed, or the caller hangs up.
	Wait <-chan struct{}
	// Before is called when the question is there, before it is answered.
	Before func()
	// Status and Body answer with an error, or with a body that is not an answer.
	Status int
	Header http.Header
	Body   string
	// Stream answers with server-sent events, which nobody has asked for.
	Stream bool
	// Twice sends the body two times.
	Twice bool
	// Cut closes the connection in the middle of the answer.
	Cut bool
}

// Model answers POST /v1/chat/completions with its Replies, one for each call in turn; the last one answers all further
// calls. It is safe for concurrent use.
type Model struct {
	mu       sync.Mutex
	replies  []Reply
	requests []Request
}

// New returns a Model with these replies.
func New(replies ...Reply) *Model {
	m := &Model{}
	m.Answer(replies...)
	return m
}

// Answer replaces the replies.
func (m *Model) Answer(replies ...Reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replies = replies
}

// Requests returns the calls so far.
func (m *Model) Requests() []Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Request(nil), m.requests...)
}

// next keeps the request and returns the reply to it.
func (m *Model) next(r Request) Reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, r)
	if len(m.replies) == 0 {
		return Reply{}
	}
	reply := m.replies[0]
	if len(m.replies) > 1 {
		m.replies = m.replies[1:]
	}
	return reply
}

func (m *Model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" {
		http.NotFound(w, r)
		return
	}
	request := Request{Authorization: r.Header.Get("Authorization")}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply := m.next(request)
	if reply.Before != nil {
		reply.Before()
	}
	if reply.Wait != nil {
		select {
		case <-reply.Wait:
		case <-r.Context().Done():
			return
		}
	}
	reply.write(w, request)
}

func (r Reply) write(w http.ResponseWriter, request Request) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	for name, values := range r.Header {
		head[name] = values
	}
	body := r.Body
	switch {
	case r.Stream:
		head.Set("Content-Type", "text/event-stream")
		body = r.events()
	case body == "" && r.Status == 0:
		body = r.completion(request)
	}
	if r.Status != 0 {
		w.WriteHeader(r.Status)
	}
	if r.Twice {
		body += body
	}
	if r.Cut {
		head.Set("Content-Length", fmt.Sprint(len(body)))
		body = body[:len(body)/2]
	}
	_, _ = io.WriteString(w, body) // a caller that has hung up
}

func (r Reply) texts() []string {
	switch {
	case r.Texts != nil:
		return r.Texts
	case r.Text == "" && r.FinishReason == "":
		return []string{"您好"}
	}
	return []string{r.Text}
}

type choice struct {
	Index        int     `json:"index"`
	Message      Message `json:"message"`
	FinishReason string  `json:"finish_reason"`
}

// completion returns the answer. A token is a character.
func (r Reply) completion(request Request) string {
	choices := []choice{}
	reason := r.FinishReason
	if reason == "" {
		reason = "stop"
	}
	in, out := 0, 0
	for _, m := range request.Messages {
		in += len([]rune(m.Content))
	}
	for i, text := range r.texts() {
		out += len([]rune(text))
		choices = append(choices, choice{i, Message{"assistant", text}, reason})
	}
	return encode(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1795391674, "model": request.Model, "choices": choices,
		"usage": map[string]int{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out},
	})
}

func (r Reply) events() string {
	var b strings.Builder
	for _, text := range r.texts() {
		fmt.Fprintf(&b, "data: %s\n\n", encode(map[string]any{
			"object":  "chat.completion.chunk",
			"choices": []any{map[string]any{"index": 0, "delta": map[string]string{"content": text}}},
		}))
	}
	return b.String() + "data: [DONE]\n\n"
}

// Failure returns the Reply of an API that refuses a call, in OpenAI's form.
func Failure(status int, code, message string) Reply {
	return Reply{Status: status, Body: encode(map[string]any{
		"error": map[string]any{"message": message, "type": "error", "param": nil, "code": code},
	})}
}

func encode(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // maps of texts and numbers can be marshalled
	}
	return string(encoded)
}
