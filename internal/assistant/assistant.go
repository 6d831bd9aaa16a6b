// Package assistant answers followers' texts by a language model, as ai in account.yaml says: within limits, with what the
// follower asked before, and as plain text.
package assistant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/guanzhu/guanzhu/internal/ai"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/markdown"
	"github.com/guanzhu/guanzhu/internal/quota"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store keeps the follower's conversation and counts questions.
type Store interface {
	answers.Store
	quota.Store
}

// Secrets hold the key of the model's API.
type Secrets interface {
	Current() secrets.Secrets
	// Reload reads the secrets again, if it may, and reports whether they changed.
	Reload(ctx context.Context) (changed bool)
}

// Assistant is a replies.Assistant. It is safe for concurrent use.
type Assistant struct {
	secrets Secrets
	store   Store
	hash    func(openid string) string
	now     func() time.Time
	client  *ai.Client
}

// New returns the Assistant of an account. hash is keyed and replaces openids where questions are counted.
func New(replies *autoreply.Account, s Secrets, store Store, hash func(openid string) string, now func() time.Time) *Assistant {
	a := &Assistant{secrets: s, store: store, hash: hash, now: now}
	if all := replies.AIs(); len(all) > 0 {
		key := func() string { return s.Current().AIKey }
		a.client = ai.New(ai.Config{BaseURL: all[0].BaseURL, Key: key}) // all have the same
	}
	return a
}

// unanswerable is the answer to a question that the provider's content filter stops. It is no failure: the question would
// be stopped again.
const unanswerable = "抱歉，这个问题我无法回答，请换一个问题。"

// Answer returns the answer to p as a slow handler does. Beyond a limit that is settings.Full, and the model is not asked.
//
// The model is asked once for each call of Answer, or up to three times if it is busy. Failures that a repetition does not
// mend, such as a wrong key, are webhook.ErrNoAnswer.
func (a *Assistant) Answer(ctx context.Context, settings *autoreply.AI, p *wechat.Text) (string, error) {
	allowed, err := a.store.CountQuestion(ctx, quota.Question{
		At: p.Time(), ID: conversation.ID(p), FollowerHash: a.hash(p.FromUserName),
		PerFollower: settings.DailyLimit, PerAccount: settings.AccountLimit,
	})
	if err != nil {
		return "", err
	}
	if !allowed {
		telemetry.Note(ctx, slog.String("model", "limit"))
		return settings.Full, nil
	}
	question := ai.Question{
		Model: settings.Model, Instructions: settings.Instructions, Text: p.Trimmed(), MaxTokens: settings.MaxTokens,
	}
	if question.Turns, err = a.recall(ctx, settings, p); err != nil {
		return "", err
	}
	answer, text, err := a.ask(ctx, question)
	if failure, ok := errors.AsType[*ai.Error](err); ok && failure.Reason == ai.Filtered {
		return unanswerable, nil
	}
	if err != nil {
		return "", err
	}
	a.remember(ctx, settings, p, answer)
	if settings.Label != "" {
		text += "\n\n" + settings.Label
	}
	return text, nil
}

// ask asks the model and notes its time and tokens. text is the answer as plain text.
func (a *Assistant) ask(ctx context.Context, q ai.Question) (answer, text string, err error) {
	begun := time.Now()
	given, err := a.client.Ask(ctx, q)
	if isKey(err) && a.secrets.Reload(ctx) {
		given, err = a.client.Ask(ctx, q)
	}
	telemetry.Note(ctx, slog.Float64("model_ms", telemetry.Milliseconds(time.Since(begun))))
	if err == nil {
		if text = markdown.Plain(given.Text); text == "" {
			err = &ai.Error{Reason: ai.Empty}
		}
	}
	failure, failed := errors.AsType[*ai.Error](err)
	if !failed {
		telemetry.Note(ctx, slog.String("model", "answered"), slog.Int("tokens_in", given.InputTokens),
			slog.Int("tokens_out", given.OutputTokens), telemetry.ModelTokens.Of(float64(given.InputTokens+given.OutputTokens)))
		return given.Text, text, err
	}
	telemetry.Note(ctx, slog.String("model", string(failure.Reason)))
	switch failure.Reason {
	case ai.Filtered, ai.Busy, ai.Failed, ai.Late, ai.Unreachable, ai.Empty:
		return "", "", err
	}
	return "", "", fmt.Errorf("%w: %w", webhook.ErrNoAnswer, err)
}

// isKey reports whether the API does not accept the key.
func isKey(err error) bool {
	failure, ok := errors.AsType[*ai.Error](err)
	return ok && failure.Reason == ai.Key
}

// recall returns the turns before p.
func (a *Assistant) recall(ctx context.Context, settings *autoreply.AI, p *wechat.Text) ([]ai.Turn, error) {
	if settings.Memory == 0 {
		return nil, nil
	}
	c, err := a.store.Conversation(ctx, p.FromUserName)
	if err != nil {
		return nil, err
	}
	var turns []ai.Turn
	for _, t := range c.Recent(conversation.ID(p), settings.Memory, a.now()) {
		turns = append(turns, ai.Turn{Question: t.Question, Answer: t.Answer})
	}
	return turns, nil
}

// errForgotten is the error of remember if the follower has unfollowed and come back since the question.
var errForgotten = errors.New("the conversation is another one by now")

// remember keeps the turn. If that fails, the answer is good all the same.
func (a *Assistant) remember(ctx context.Context, settings *autoreply.AI, p *wechat.Text, answer string) {
	if settings.Memory == 0 {
		return
	}
	turn := conversation.Turn{ID: conversation.ID(p), Question: p.Trimmed(), Answer: answer}
	err := a.store.ChangeConversation(ctx, p.FromUserName, p.Time(), func(c *conversation.Conversation) error {
		if len(c.Jobs) > 0 && c.Jobs[turn.ID] == nil {
			return errForgotten
		}
		c.Remember(turn, settings.Memory, a.now())
		return nil
	})
	if err != nil {
		telemetry.Note(ctx, slog.Any("not_remembered", err))
	}
}
