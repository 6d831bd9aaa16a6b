// Package ai asks language models through OpenAI-compatible APIs: those of OpenAI, DeepSeek, Qwen, Kimi, GLM, Doubao and
// others, and of programs such as Ollama and vLLM.
package ai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/transport"
)

const (
	// Timeout bounds Ask, with all its tries. A function that answers has two minutes.
	Timeout = 100 * time.Second
	// MaxText is the length, in characters, up to which a follower's text is sent. What is longer is cut, and the model is
	// told so.
	MaxText = 2000

	maxBody = 1 << 20 // bytes that are read of an API's answer

	// An API that is busy (429, 503) is asked up to tries times, because it has done nothing yet. Any other failure may
	// come after the model's work, which has a price, so it is not repeated here.
	tries     = 3
	firstWait = time.Second
	// longestWait is the longest Retry-After that is waited for.
	longestWait = 20 * time.Second
)

// Config says which API is asked.
type Config struct {
	// BaseURL is the API's address, to which chat/completions is added, for example https://api.deepseek.com/v1.
	BaseURL string
	// Key returns the API's key as last read. Without a key ("") no Authorization is sent, as local programs need none.
	Key func() string
	// Pause waits between two tries; pause.For if nil.
	Pause func(context.Context, time.Duration) error
}

// Client asks the models of one API. It is safe for concurrent use and keeps its connections.
type Client struct {
	config Config
	http   *http.Client
}

// New returns a Client. It makes no request.
func New(c Config) *Client {
	if c.Pause == nil {
		c.Pause = pause.For
	}
	return &Client{config: c, http: transport.Client(transport.Limits{
		Connect: 5 * time.Second, Handshake: 5 * time.Second, Header: Timeout, Call: Timeout,
	})}
}

// Question is a question to a model.
type Question struct {
	Model        string
	Instructions string // for the model, before all turns; may be empty
	Turns        []Turn // earlier questions and their answers, oldest first
	Text         string // the follower's present question; see MaxText
	MaxTokens    int    // the longest answer, in tokens
}

// Turn is a question that was answered.
type Turn struct{ Question, Answer string }

// Answer is a model's answer.
type Answer struct {
	Text         string // Markdown, never blank
	InputTokens  int    // as the API counts them; 0 if it does not
	OutputTokens int
}

// Ask asks once, and again only while the API is busy. It takes Timeout at most. An error is an *Error, and no text of it
// has the key, the question or the answer.
//
// See https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create
func (c *Client) Ask(ctx context.Context, q Question) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	wait := firstWait
	for try := 1; ; try++ {
		answer, err := c.once(ctx, q)
		failure, failed := errors.AsType[*Error](err)
		if !failed || failure.Reason != Busy || try == tries || failure.after > longestWait {
			return answer, err
		}
		if c.config.Pause(ctx, max(wait, failure.after)) != nil {
			return answer, err
		}
		wait *= 2
	}
}

func (c *Client) once(ctx context.Context, q Question) (Answer, error) {
	key := c.config.Key()
	response, err := c.post(ctx, q, key)
	if err != nil {
		return Answer{}, failure(ctx, nil, nil, err, key)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, maxBody))
	var completion completion
	if err == nil && response.StatusCode < 300 {
		completion, err = parseCompletion(body)
	}
	if err != nil || response.StatusCode >= 300 {
		return Answer{}, failure(ctx, response, body, err, key)
	}
	return completion.answer()
}

func (c *Client) post(ctx context.Context, q Question, key string) (*http.Response, error) {
	body, err := json.Marshal(c.request(q))
	if err != nil {
		return nil, err
	}
	address := strings.TrimSuffix(c.config.BaseURL, "/") + "/chat/completions"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return c.http.Do(r)
}

// request is what the API is asked. One of the two limits is set: see newName.
type request struct {
	Model               string    `json:"model"`
	Messages            []message `json:"messages"`
	MaxTokens           int       `json:"max_tokens,omitempty"`
	MaxCompletionTokens int       `json:"max_completion_tokens,omitempty"`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (c *Client) request(q Question) request {
	r := request{Model: q.Model}
	if q.Instructions != "" {
		r.Messages = append(r.Messages, message{"system", q.Instructions})
	}
	for _, turn := range q.Turns {
		r.Messages = append(r.Messages, message{"user", turn.Question}, message{"assistant", turn.Answer})
	}
	r.Messages = append(r.Messages, message{"user", shorten(q.Text)})
	if newName(c.config.BaseURL) {
		r.MaxCompletionTokens = q.MaxTokens
	} else {
		r.MaxTokens = q.MaxTokens
	}
	return r
}

// newName reports whether the API has renamed max_tokens to max_completion_tokens. OpenAI and Azure refuse the old name for
// newer models; many other APIs do not know the new one.
func newName(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && (u.Hostname() == "api.openai.com" || strings.HasSuffix(u.Hostname(), ".openai.azure.com"))
}

func shorten(text string) string {
	count := 0
	for i := range text {
		if count == MaxText {
			return text[:i] + "\n（原文过长，以下已省略）"
		}
		count++
	}
	return text
}

// thought matches the thoughts that some models write before their answer.
var thought = regexp.MustCompile(`(?s)^\s*<think>.*?</think>`)

// completion is the API's answer, as far as it is read.
type completion struct {
	Choices []struct {
		Message struct {
			Content string `json:"content"`
			Refusal string `json:"refusal"`
		} `json:"message"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage struct {
		PromptTokens     float64 `json:"prompt_tokens"` // some APIs write 1.0
		CompletionTokens float64 `json:"completion_tokens"`
	} `json:"usage"`
}

// parseCompletion reads the first JSON value in body: some APIs send the answer twice. A member of another type counts as
// missing.
func parseCompletion(body []byte) (c completion, err error) {
	err = json.NewDecoder(bytes.NewReader(body)).Decode(&c)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		err = nil
	}
	return c, err
}

// answer returns the first answer, if there are several.
func (c completion) answer() (Answer, error) {
	if len(c.Choices) == 0 {
		return Answer{}, &Error{Reason: NotAPI}
	}
	first := c.Choices[0]
	text := thought.ReplaceAllString(first.Message.Content, "")
	if strings.TrimSpace(text) == "" {
		text = first.Message.Refusal
	}
	switch reason := first.FinishReason; {
	case strings.TrimSpace(text) != "" && !strings.HasPrefix(strings.TrimSpace(text), "<think>"):
		return Answer{
			Text: text, InputTokens: int(c.Usage.PromptTokens), OutputTokens: int(c.Usage.CompletionTokens),
		}, nil
	case reason == "content_filter" || reason == "sensitive":
		return Answer{}, &Error{Reason: Filtered}
	case reason == "length":
		return Answer{}, &Error{Reason: TooLong}
	}
	return Answer{}, &Error{Reason: Empty}
}
