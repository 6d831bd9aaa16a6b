// Package ai asks language models through OpenAI-compatible APIs: those of OpenAI, DeepSeek, Qwen, Kimi, GLM, Doubao and
// others, and of programs such as Ollama and vLLM.
//
// The OpenAI library adds some 18 MB to a program, so only functions/answer and the command line import this package.
package ai

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

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
	chat   openai.ChatCompletionService
}

// New returns a Client. It makes no request.
func New(c Config) *Client {
	if c.Pause == nil {
		c.Pause = pause.For
	}
	doer := transport.Client(transport.Limits{
		Connect: 5 * time.Second, Handshake: 5 * time.Second, Header: Timeout, Call: Timeout,
	})
	doer.Transport = bounded{doer.Transport}
	return &Client{config: c, chat: openai.NewChatCompletionService(
		option.WithBaseURL(strings.TrimSuffix(c.BaseURL, "/")+"/"), option.WithHTTPClient(doer), option.WithMaxRetries(0),
	)}
}

// bounded limits the body of an answer to maxBody bytes, after which reading fails.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxBody)
	}
	return response, err
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
	var response *http.Response
	options := []option.RequestOption{option.WithResponseInto(&response), option.WithHeaderDel("Authorization")}
	if key != "" {
		options = append(options[:1], option.WithAPIKey(key))
	}
	completion, err := c.chat.New(ctx, c.request(q), options...)
	if err != nil {
		return Answer{}, failure(ctx, response, err, key)
	}
	return read(completion)
}

func (c *Client) request(q Question) openai.ChatCompletionNewParams {
	params := openai.ChatCompletionNewParams{Model: q.Model}
	if q.Instructions != "" {
		params.Messages = append(params.Messages, openai.SystemMessage(q.Instructions))
	}
	for _, turn := range q.Turns {
		params.Messages = append(params.Messages, openai.UserMessage(turn.Question), openai.AssistantMessage(turn.Answer))
	}
	params.Messages = append(params.Messages, openai.UserMessage(shorten(q.Text)))
	if newName(c.config.BaseURL) {
		params.MaxCompletionTokens = openai.Int(int64(q.MaxTokens))
	} else {
		params.MaxTokens = openai.Int(int64(q.MaxTokens))
	}
	return params
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

// read returns the first answer of a completion, if there are several.
func read(completion *openai.ChatCompletion) (Answer, error) {
	if len(completion.Choices) == 0 {
		return Answer{}, &Error{Reason: NotAPI}
	}
	first := completion.Choices[0]
	text := thought.ReplaceAllString(first.Message.Content, "")
	if strings.TrimSpace(text) == "" {
		text = first.Message.Refusal
	}
	switch reason := first.FinishReason; {
	case strings.TrimSpace(text) != "" && !strings.HasPrefix(strings.TrimSpace(text), "<think>"):
		return Answer{
			Text: text, InputTokens: int(completion.Usage.PromptTokens), OutputTokens: int(completion.Usage.CompletionTokens),
		}, nil
	case reason == "content_filter" || reason == "sensitive":
		return Answer{}, &Error{Reason: Filtered}
	case reason == "length":
		return Answer{}, &Error{Reason: TooLong}
	}
	return Answer{}, &Error{Reason: Empty}
}
