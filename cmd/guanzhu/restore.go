package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

type restoreCommand struct {
	tableFlags `embed:""`
	From       string `required:"" placeholder:"TABLE" help:"Name of the table that DynamoDB restored." zh:"DynamoDB 恢复出的表的名字。"`
}

// Detail is shown by --help.
func (*restoreCommand) Detail() bilingual.Text {
	return bilingual.New("把恢复出的表里的关注者、您自己的数据和建议复制到现在的表；现在的表里更新的内容保留不变：之后取消关注或重新关注的人不变，已有的自有数据也不变。取消关注只记住 30 天，因此不能恢复到更早的时间。恢复的关注者需要重新登录。\n\n"+
		"两个表里都不会删除任何内容。命令可以重复运行。",
		`This copies followers, your own data about them, and suggestions from a restored table into the present one, unless the present one has something newer: a follower who has unfollowed or followed again since then stays as is, and so does own data that is there. Unfollows are remembered for 30 days, so the table must not be restored to an earlier time. A follower who is put back gets a new session and must sign in again.

Nothing is deleted in either table. The command can be run again.`)
}

// restoreTime limits each write.
const restoreTime = 30 * time.Second

// restoreAtOnce is how many writes are made at the same time.
const restoreAtOnce = 16

// restoreSource is the table to read from, restoreTarget the one to write to. Both stores implement both.
type (
	restoreSource interface {
		Followers(ctx context.Context) iter.Seq2[follower.Follower, error]
		Own(ctx context.Context, openid string) (follower.OwnData, error)
		Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error)
	}
	restoreTarget interface {
		Follow(ctx context.Context, f follower.Follower, s follower.Session) (follower.Follower, bool, error)
		ChangeOwn(ctx context.Context, f follower.Follower, s *follower.Session, change func(*follower.OwnData) error) error
		AddSuggestion(ctx context.Context, s follower.Suggestion) (kept bool, err error)
	}
)

func (c *restoreCommand) Run(lang language) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opening, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cfg, err := loadAWS(opening)
	if err != nil {
		return err
	}
	name, err := c.name(opening, cfg)
	if err != nil {
		return err
	}
	if name == c.From {
		return errors.New(lang.say("--from 就是现在的表：请给出 DynamoDB 恢复出的表",
			"--from is the present table itself: name the one that DynamoDB restored"))
	}
	out, err := dynamodb.NewFromConfig(cfg).DescribeTable(opening, &dynamodb.DescribeTableInput{TableName: &c.From})
	if err != nil {
		return err
	}
	if summary := out.Table.RestoreSummary; summary != nil && summary.RestoreDateTime != nil {
		if err := notTooEarly(*summary.RestoreDateTime, time.Now(), lang); err != nil {
			return err
		}
	}
	from, to := openTable(cfg, c.From), openTable(cfg, name)
	done, err := restoreFollowers(ctx, from, to, time.Now())
	if err == nil {
		err = done.addSuggestions(ctx, from, to, time.Now())
	}
	if ctx.Err() != nil {
		err = errors.New(lang.say("已中断：再运行一次会继续", "interrupted: run it again to go on"))
	}
	if err != nil {
		return err
	}
	done.tell(os.Stdout, os.Stderr, lang)
	return nil
}

// restoration counts what was done.
type restoration struct {
	followers, back     int // all of them, and those put back
	own                 int // followers whose own data was put back
	suggestions, beyond int // those in the present table now, and those beyond a writer's daily limit
	unreadable          int // records of the restored table
}

func (r restoration) tell(out, notes io.Writer, lang language) {
	fmt.Fprintln(out, lang.say("%d 个关注者中恢复了 %d 个，其余的已在表中，或之后已取消关注。\n表中的建议：%d",
		"Of %d followers, %d were put back. The others are in the table or have unfollowed since then.\nSuggestions in the table: %d",
		r.followers, r.back, r.suggestions))
	if r.own > 0 {
		fmt.Fprintln(out, lang.say("恢复了自有数据的关注者：%d", "Followers whose own data was put back: %d", r.own))
	}
	if r.beyond > 0 {
		fmt.Fprintln(notes, lang.say("同一关注者当天已有 %d 条建议，略过：%d 条。",
			"Suggestions left out because their writer has %d on that day: %d.", follower.MaxSuggestions, r.beyond))
	}
	noteUnreadable(notes, r.unreadable, lang)
}

// notTooEarly refuses a time before the oldest unfollow that the present table remembers.
func notTooEarly(restored, now time.Time, lang language) error {
	if now.Sub(restored) < follower.TombstoneFor {
		return nil
	}
	return errors.New(lang.say("表恢复到了 %s，而取消关注只保留 %d 天：之后取消关注的人会重新出现。请恢复到更晚的时间",
		"the table was restored to %s, but unfollows are remembered for only %d days: followers who unfollowed "+
			"in between would come back. Restore to a later time", restored.Format(time.DateTime), follower.TombstoneFor/(24*time.Hour)))
}

// restoreFollowers puts back the followers who are missing, and own data that is. Each is a follow at its own time, so
// anything newer wins.
func restoreFollowers(ctx context.Context, from restoreSource, to restoreTarget, now time.Time) (done restoration, err error) {
	var back, own, unreadable atomic.Int64
	writes, writing := errgroup.WithContext(ctx)
	writes.SetLimit(restoreAtOnce)
	for f, listErr := range from.Followers(writing) {
		if errors.Is(listErr, follower.ErrUnreadable) {
			unreadable.Add(1)
			continue
		}
		if listErr != nil {
			err = listErr
			break
		}
		done.followers++
		writes.Go(func() error {
			ctx, cancel := context.WithTimeout(writing, restoreTime)
			defer cancel()
			stored, was, err := to.Follow(ctx, f, follower.Session{EstablishedAt: now, EventTime: f.EventTime})
			if was {
				back.Add(1)
			}
			if err != nil || !stored.EventTime.Equal(f.EventTime) { // own data of another follow is not this one's
				return err
			}
			return restoreOwn(ctx, from, to, f, &own, &unreadable)
		})
	}
	// A write that fails ends the listing, so its error is the cause of both.
	if writeErr := writes.Wait(); writeErr != nil {
		err = writeErr
	}
	done.back, done.own, done.unreadable = int(back.Load()), int(own.Load()), int(unreadable.Load())
	return done, err
}

var errOwnThere = errors.New("there is own data")

// restoreOwn puts back the own data about f if there is none, and counts it.
func restoreOwn(
	ctx context.Context, from restoreSource, to restoreTarget, f follower.Follower, back, unreadable *atomic.Int64,
) error {
	was, err := from.Own(ctx, f.OpenID)
	if errors.Is(err, follower.ErrUnreadable) {
		unreadable.Add(1)
		return nil
	}
	if err != nil || was.Version == 0 {
		return err
	}
	err = to.ChangeOwn(ctx, f, nil, func(is *follower.OwnData) error {
		if is.Version > 0 {
			return errOwnThere
		}
		*is = was
		return nil
	})
	switch {
	case err == nil:
		back.Add(1)
	case errors.Is(err, errOwnThere), errors.Is(err, follower.ErrNotFound): // the follower has unfollowed meanwhile
		err = nil
	}
	return err
}

// addSuggestions puts back the suggestions that are missing.
func (r *restoration) addSuggestions(ctx context.Context, from restoreSource, to restoreTarget, now time.Time) error {
	within := func(do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, restoreTime)
		defer cancel()
		return do(ctx)
	}
	for _, month := range keptMonths(now) {
		var all []follower.Suggestion
		if err := within(func(ctx context.Context) error {
			found, unreadable, err := from.Suggestions(ctx, month)
			all = found
			r.unreadable += unreadable
			return err
		}); err != nil {
			return err
		}
		for _, s := range all {
			var kept bool
			if err := within(func(ctx context.Context) (err error) {
				kept, err = to.AddSuggestion(ctx, s)
				return err
			}); err != nil {
				return err
			}
			if kept {
				r.suggestions++
			} else {
				r.beyond++
			}
		}
	}
	return nil
}
