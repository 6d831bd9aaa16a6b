package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type followersCommand struct {
	tableFlags `embed:""`
	Export     followersExportCommand `cmd:"" help:"Write all followers as CSV or JSON lines." zh:"把全部关注者导出为 CSV 或 JSON Lines。"`
	Show       followersShowCommand   `cmd:"" help:"Print all that is stored about one follower, as JSON." zh:"以 JSON 显示一个关注者的全部数据。"`
	Delete     followersDeleteCommand `cmd:"" help:"Delete everything personal of one follower." zh:"删除一个关注者的全部个人数据。"`
}

// followerStore is the part of the table that the commands use. Both stores implement it.
type followerStore interface {
	Followers(ctx context.Context) iter.Seq2[follower.Follower, error]
	Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error)
	Own(ctx context.Context, openid string) (follower.OwnData, error)
	Conversation(ctx context.Context, openid string) (conversation.Conversation, error)
	Unfollow(ctx context.Context, openid string, at, expires time.Time) error
}

// openID is an openid on the command line.
type openID string

// UnmarshalText refuses what cannot be an openid.
func (o *openID) UnmarshalText(text []byte) error {
	if !wechat.IsOpenID(string(text)) {
		return bilingual.Errorf("这不是 openid（1 到 128 个 0-9 A-Z a-z _ - 的字符）：从 guanzhu followers export 的输出里复制",
			"this is not an openid, which has 1 to 128 of the characters 0-9 A-Z a-z _ -: copy one from the output of guanzhu followers export")
	}
	*o = openID(text)
	return nil
}

type followersDeleteCommand struct {
	OpenID openID `arg:"" name:"openid" help:"The follower's openid." zh:"关注者的 openid。"`
	Yes    bool   `help:"Do not ask for confirmation. Required without a terminal." zh:"不询问，直接删除。没有终端时必须写。"`
}

// Detail is shown by --help.
func (*followersDeleteCommand) Detail() bilingual.Text {
	return bilingual.New("删除这个关注者的记录、登录状态、您自己的数据，以及提过的问题和回答，与取消关注时相同。openid 和时间保留 30 天，以免迟到的推送恢复资料。\n\n"+
		"不删除建议（里面没有 openid，180 天后过期），也不删除表的备份（时间点恢复，35 天后过期）。\n\n"+
		"微信不知道这次删除。仍在关注的人下次关注或使用个人链接时会重新记录。",
		`This deletes the follower's record and session, your own data about the follower, and questions with their answers, as an unfollow does. The openid and the time are kept for 30 days, so that a late push does not restore the profile.

It does not delete suggestions, which hold no openid and expire after 180 days, nor the table's backups, which expire after 35 days (point-in-time recovery).

WeChat does not learn of it. A person who still follows the account is recorded again with the next follow or personal link.`)
}

// Run asks before it deletes.
func (c *followersDeleteCommand) Run(parent *followersCommand, lang language) error {
	confirm := newPrompt(lang).confirm
	switch {
	case c.Yes:
		confirm = func(string) error { return nil }
	case !term.IsTerminal(int(os.Stdin.Fd())):
		return errors.New(lang.say("没有终端可供确认：加上 --yes 会不经询问直接删除",
			"there is no terminal for the confirmation: with --yes, it deletes without asking"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), deleteTime)
	defer cancel()
	store, err := parent.open(ctx)
	if err != nil {
		return err
	}
	return deleteFollower(context.Background(), store, string(c.OpenID), time.Now, confirm, os.Stdout, lang)
}

// deleteTime limits the calls of the table before the question, and again those after it.
const deleteTime = time.Minute

// deleteFollower applies an unfollow at the present time. An earlier push finds the tombstone and stores nothing.
func deleteFollower(
	ctx context.Context, store followerStore, openid string, now func() time.Time,
	confirm func(question string) error, out io.Writer, lang language,
) error {
	f, err := lookup(ctx, store, openid)
	if errors.Is(err, follower.ErrNotFound) {
		return errNoFollower
	}
	if err != nil {
		return err
	}
	since := lang.say("未知时间", "a time that is not known yet") // for example, of a follower who only asked for a personal link
	if !f.SubscribedAt.IsZero() {
		since = f.SubscribedAt.In(wechat.ChinaTime).Format(time.DateTime) + lang.say("（北京时间）", " (China time)")
	}
	fmt.Fprintln(out, lang.say("关注于 %s。资料：%s。", "Follows since %s. Profile: %s.", since, stateName(f.State)))
	question := lang.say("删除这位关注者的记录、会话和自有数据？", "Delete this follower's record and session, and your own data about the follower?")
	if err := confirm(question); err != nil {
		return err
	}

	at := now()
	if at.Before(f.EventTime) { // this machine's clock is behind
		at = f.EventTime
	}
	deleting, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	if err := store.Unfollow(deleting, openid, at, now().Add(follower.TombstoneFor)); err != nil {
		return err
	}
	switch _, err := lookup(ctx, store, openid); {
	case err == nil:
		return errors.New(lang.say("期间又收到了关注，记录重新出现：要一并删除，请再运行一次",
			"the record is there again, because a follow arrived meanwhile: to delete it too, run the command again"))
	case !errors.Is(err, follower.ErrNotFound):
		return err
	}
	fmt.Fprintln(out, named(lang.say("已删除。建议和表的备份没有删除，见 guanzhu followers delete --help。",
		"Deleted. Suggestions and the table's backups are not: see guanzhu followers delete --help.")))
	return nil
}

// errNoFollower is the error for an openid about which nothing is stored.
var errNoFollower error = bilingual.New("这不是关注者的 openid。同一个人在每个公众号的 openid 都不同；`guanzhu followers export` 会列出本公众号的",
	"this is no follower's openid. Each account has its own openids for the same people; `guanzhu followers export` lists those of this one")

func lookup(ctx context.Context, store followerStore, openid string) (follower.Follower, error) {
	ctx, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	f, _, err := store.Lookup(ctx, openid)
	return f, err
}

// stateName returns the state of a profile as the owner reads it.
func stateName(state follower.ProfileState) bilingual.Text {
	zh := map[follower.ProfileState]string{follower.Complete: "完整", follower.Pending: "待补", follower.Unavailable: "没有获取的权限"}[state]
	return bilingual.New(cmp.Or(zh, string(state)), string(state))
}
