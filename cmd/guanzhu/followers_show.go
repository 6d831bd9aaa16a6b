package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type followersShowCommand struct {
	OpenID openID `arg:"" name:"openid" help:"The follower's openid." zh:"关注者的 openid。"`
}

// Detail is shown by --help.
func (*followersShowCommand) Detail() bilingual.Text {
	return bilingual.New("供关注者要求查阅或复制自己的数据时使用：资料、登录状态、您自己的数据、向慢处理函数和大模型提的问题，以及得到的回答（保留 48 小时）。时间是中国时间。\n\n"+
		"不包括建议，因为里面没有 openid：请关注者说出写了什么、什么时候写的，再用 guanzhu suggestions --all 查找。",
		`It is for a follower who asks for a copy of their data: the profile, the session, your own data, and the questions to slow handlers and to a language model with their answers, which are kept for 48 hours. Times are China time.

It does not show suggestions, because they hold no openid: have the follower say what they wrote and when, and look for it with guanzhu suggestions --all.`)
}

// Run prints one JSON object.
func (c *followersShowCommand) Run(parent *followersCommand, lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	store, err := parent.open(ctx)
	if err != nil {
		return err
	}
	return showFollower(ctx, store, string(c.OpenID), os.Stdout, os.Stderr, lang)
}

// shownFollower is all that the table has under an openid, without the hashes of devices and tickets.
type shownFollower struct {
	exported
	Session *shownSession `json:"session,omitempty"`
	Slow    []shownAnswer `json:"slow_answers,omitempty"` // oldest first
	Memory  []shownAnswer `json:"memory,omitempty"`       // the language model's; oldest first
}

type shownSession struct {
	EstablishedAt string `json:"established_at"`
	Devices       int    `json:"devices"`
}

// shownAnswer is a question and its answer. The table keeps the question to a slow handler only until the answer is there.
type shownAnswer struct {
	At       string `json:"at"`
	Question string `json:"question,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

// showFollower prints all that there is about the follower.
func showFollower(ctx context.Context, store followerStore, openid string, out, notes io.Writer, lang language) error {
	f, session, err := store.Lookup(ctx, openid)
	unknown := errors.Is(err, follower.ErrNotFound)
	if err != nil && !unknown {
		return err
	}
	talk, err := store.Conversation(ctx, openid)
	if err != nil {
		return err
	}
	if unknown && len(talk.Jobs)+len(talk.Turns) == 0 {
		return errNoFollower
	}
	f.OpenID = openid
	records := []exported{newExported(f)}
	unreadable, err := addOwn(ctx, store, records)
	if err != nil {
		return err
	}
	shown := shownFollower{exported: records[0], Slow: slowAnswers(talk), Memory: memory(talk)}
	if !session.EstablishedAt.IsZero() {
		shown.Session = &shownSession{chinaTime(session.EstablishedAt), len(session.Devices)}
	}
	noteUnreadable(notes, unreadable, lang)
	return printJSON(out, shown)
}

func slowAnswers(talk conversation.Conversation) (shown []shownAnswer) {
	for _, id := range talk.IDs() {
		job := talk.Jobs[id]
		answer := shownAnswer{At: chinaTime(time.Unix(job.AskedAt, 0)), Answer: strings.Join(job.Pages, "")}
		if job.Push != nil {
			answer.Question = job.Push.Text
		}
		shown = append(shown, answer)
	}
	return shown
}

func memory(talk conversation.Conversation) (shown []shownAnswer) {
	for _, turn := range talk.Turns {
		shown = append(shown, shownAnswer{chinaTime(time.Unix(turn.At, 0)), turn.Question, turn.Answer})
	}
	return shown
}

func chinaTime(at time.Time) string { return at.In(wechat.ChinaTime).Format(time.RFC3339) }
