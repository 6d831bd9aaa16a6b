package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/internal/ai"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/markdown"
	"github.com/guanzhu/guanzhu/internal/publicurl"
)

type aiCommand struct {
	Ask aiAskCommand `cmd:"" help:"Ask the language model of account.yaml a question, and print the answer as a follower sees it." zh:"向 account.yaml 里的大模型提一个问题，按关注者看到的样子显示回答。"`
}

type aiAskCommand struct {
	parameterFlags `embed:""`
	Question       string `arg:"" zhname:"问题" help:"The question, as a follower sends it." zh:"关注者会发来的问题。"`
	File           string `default:"${file}" help:"The account.yaml to read. Default: ${default}." zh:"account.yaml 的路径，默认 ${default}。"`
}

// Detail is shown by --help.
func (*aiAskCommand) Detail() bilingual.Text {
	return bilingual.New("部署之前用它试 base_url、模型和密钥。问题从本机发给大模型，不涉及公众号的关注者、次数限制和对话记忆，费用按模型服务商一次回答的价格。\n\n"+
		"密钥从 guanzhu secrets 写入的参数里读取。本机上的模型不需要密钥。",
		"This tests base_url, model and key before you deploy. The question goes from this machine to the model's provider, "+
			"without the account's followers, limits and memory. It costs what the provider charges for one answer.\n\n"+
			"The key is read from the parameter that guanzhu secrets writes. A model on this machine needs none.")
}

// Run asks once.
func (c *aiAskCommand) Run(lang language) error {
	ctx := context.Background()
	settings, err := aiFor(c.File, c.Question, lang)
	if err != nil {
		return err
	}
	key := ""
	if u, err := url.Parse(settings.BaseURL); err != nil || !publicurl.IsLoopback(u.Host) {
		if key, err = c.aiKey(ctx, lang); err != nil {
			return err
		}
	}
	return askModel(ctx, os.Stdout, settings, key, c.Question, lang)
}

// aiFor returns the ai of the file that answers the question or, if another reply does, the first one.
func aiFor(file, question string, lang language) (*autoreply.AI, error) {
	a, err := (&fileFlags{File: file}).read()
	if err != nil {
		return nil, err
	}
	if settings, ok := a.Answer(question).(*autoreply.AI); ok {
		return settings, nil
	}
	if all := a.AIs(); len(all) > 0 {
		return all[0], nil
	}
	return nil, errors.New(lang.say("%s 里没有 ai：按照 docs/ai.zh-CN.md 加上", "%s has no ai: add one as docs/ai.md shows", file))
}

// aiKey reads the key of the model's API from the parameter.
func (f *parameterFlags) aiKey(ctx context.Context, lang language) (string, error) {
	p, err := f.open(ctx, lang)
	if err != nil {
		return "", err
	}
	s, _, err := p.existing(ctx)
	if err == nil && s.AIKey == "" {
		err = errors.New(lang.say("%s 中没有模型接口的密钥：用 guanzhu secrets %s 填写", "%s has no key of the model's API: enter it with guanzhu secrets %s",
			p.name, p.flags))
	}
	return s.AIKey, err
}

// askModel asks the question and prints the answer, what it took and what it used.
func askModel(ctx context.Context, out io.Writer, settings *autoreply.AI, key, question string, lang language) error {
	begun := time.Now()
	answer, err := newModel(settings, key).Ask(ctx, asked(settings, question))
	if failure, ok := errors.AsType[*ai.Error](err); ok {
		text := failure.In(string(lang))
		if failure.Said() != "" {
			text += lang.say("\n接口说：%s", "\nThe API says: %s", failure.Said())
		}
		return errors.New(text)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, markdown.Plain(answer.Text), lang.say("\n\n%s，%.1f 秒，输入 %d、输出 %d tokens\n", "\n\n%s, %.1f s, %d tokens in, %d out\n",
		settings.Model, time.Since(begun).Seconds(), answer.InputTokens, answer.OutputTokens))
	return err
}

func newModel(settings *autoreply.AI, key string) *ai.Client {
	return ai.New(ai.Config{BaseURL: settings.BaseURL, Key: func() string { return key }})
}

func asked(settings *autoreply.AI, question string) ai.Question {
	return ai.Question{Model: settings.Model, Instructions: settings.Instructions, Text: question, MaxTokens: settings.MaxTokens}
}

// modelWithin limits the examination of one model.
const modelWithin = 30 * time.Second

// examineAI asks each model of account.yaml one short question, from this machine. It is not the function doctor that asks:
// only the functions that need the key get it, and the client would make that function four times as large.
func examineAI(ctx context.Context, account *autoreply.Account, key string) []doctor.Finding {
	var findings []doctor.Finding
	examined := map[string]bool{}
	for _, settings := range account.AIs() {
		if examined[settings.Model] {
			continue
		}
		examined[settings.Model] = true
		findings = append(findings, examineModel(ctx, settings, key))
	}
	return findings
}

func examineModel(ctx context.Context, settings *autoreply.AI, key string) doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, modelWithin)
	defer cancel()
	begun := time.Now()
	_, err := newModel(settings, key).Ask(ctx, asked(settings, "你好"))
	failure, failed := errors.AsType[*ai.Error](err)
	if !failed {
		return doctor.Model(settings.Model, time.Since(begun))
	}
	// Another machine, or another minute, may have no such problem.
	passing := failure.Reason == ai.Busy || failure.Reason == ai.Failed || failure.Reason == ai.Late || failure.Reason == ai.Unreachable
	return doctor.ModelFailure(settings.Model, bilingual.TextOf(failure), passing)
}
