package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type reconcileCommand struct {
	Now    reconcileRunCommand    `cmd:"" name:"run" help:"Compare all followers with the platform now, and wait for the end." zh:"立即对照微信平台核对全部关注者，并等到结束。"`
	Status reconcileStatusCommand `cmd:"" help:"Show the progress of the comparison." zh:"显示对账的进度。"`
}

// Detail is shown by --help.
func (*reconcileCommand) Detail() bilingual.Text {
	return bilingual.New("一轮对账会列出公众号的全部关注者，补录表里没有的，并核对表里已有的。堆栈的函数每天自动做一次。退出码：已完成或会自动继续时是 0，失败时是 1。",
		"A full pass lists the account's followers, adds those who are not in the table, and verifies those who are. "+
			"The stack's function does that once a day by itself. Exit status: 0 if it has ended or goes on by itself, 1 if it failed.")
}

type reconcileFlags struct {
	Stack string `required:"" placeholder:"NAME" help:"Name of the deployed stack (GUANZHU_STACK)." zh:"已部署的堆栈名（GUANZHU_STACK）。"`
	JSON  bool   `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

type reconcileRunCommand struct {
	reconcileFlags `embed:""`
}

// Run has the stack's function make a full pass, and shows how far it is.
func (c *reconcileRunCommand) Run(lang language) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	function, err := openFunction(ctx, lang, c.Stack, "reconcile")
	if err != nil {
		return err
	}
	w := watcher{
		ask: func(ctx context.Context, action string) (s reconcile.Summary, err error) {
			return s, function.ask(ctx, action, &s)
		},
		wait:     pause.For,
		progress: &progress{lang: lang, out: os.Stderr, redraws: term.IsTerminal(int(os.Stderr.Fd())), now: time.Now},
	}
	summary, err := w.toTheEnd(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, lang.say("已停止等待，对账由函数继续进行。", "No longer waiting: the function goes on by itself."))
		return nil
	}
	if err != nil {
		return err
	}
	return c.print(os.Stdout, summary, lang)
}

type reconcileStatusCommand struct {
	reconcileFlags `embed:""`
}

// Run shows where the pass is.
func (c *reconcileStatusCommand) Run(lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+wakesWithin)
	defer cancel()
	function, err := openFunction(ctx, lang, c.Stack, "reconcile")
	if err != nil {
		return err
	}
	var summary reconcile.Summary
	if err := function.ask(ctx, "status", &summary); err != nil {
		return err
	}
	return c.print(os.Stdout, summary, lang)
}

const (
	lookAfter = 2 * time.Second // between two looks at the progress
	tryAfter  = 5 * time.Second // while another run is at work
)

// watcher watches a pass to its end.
type watcher struct {
	ask      func(ctx context.Context, action string) (reconcile.Summary, error)
	wait     func(context.Context, time.Duration) error
	progress *progress
}

// toTheEnd has runs follow each other until the pass has ended, or waits for the day's quota.
func (w watcher) toTheEnd(ctx context.Context) (reconcile.Summary, error) {
	defer w.progress.end()
	for action := "full"; ; {
		summary, err := w.watched(ctx, action)
		if err != nil {
			return summary, err
		}
		w.progress.show(summary)
		switch summary.Result {
		case reconcile.Continues:
			action = ""
		case reconcile.Running:
			status, err := w.ask(ctx, "status")
			if err != nil {
				return status, err
			}
			w.progress.show(status)
			if status.Pass != nil && status.Pass.Ended == "" {
				action = "" // it is the pass that was asked for
			}
			if err := w.wait(ctx, tryAfter); err != nil {
				return status, err
			}
		default:
			return summary, nil
		}
	}
}

// watched asks for a run, and shows the progress while it is at work.
func (w watcher) watched(ctx context.Context, action string) (reconcile.Summary, error) {
	type result struct {
		summary reconcile.Summary
		err     error
	}
	ended := make(chan result, 1)
	watching, done := context.WithCancel(ctx)
	defer done()
	go func() {
		defer done()
		summary, err := w.ask(ctx, action)
		ended <- result{summary, err}
	}()
	for w.wait(watching, lookAfter) == nil {
		if status, err := w.ask(watching, "status"); err == nil {
			w.progress.show(status)
		}
	}
	r := <-ended // it ends with ctx
	return r.summary, r.err
}

// progress shows how far a pass is, in one line of a terminal or, elsewhere, in a line for each tenth.
type progress struct {
	lang    language
	out     io.Writer
	redraws bool
	now     func() time.Time

	drawn bool
	tenth int
}

const barWidth = 24

func (p *progress) show(s reconcile.Summary) {
	if s.Pass == nil || s.Pass.Ended != "" && !p.drawn {
		return
	}
	fraction := s.Pass.Fraction()
	filled := int(fraction * barWidth)
	line := fmt.Sprintf("[%s%s] %3.0f %%  %s", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), fraction*100,
		p.words(s.Pass))
	switch tenth := int(fraction * 10); {
	case p.redraws:
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	case !p.drawn || tenth > p.tenth:
		fmt.Fprintln(p.out, line)
		p.tenth = tenth
	}
	p.drawn = true
}

func (p *progress) words(pass *reconcile.Pass) string {
	words := p.lang.say("关注者 %d，已列出 %d，已拉取 %d", "followers %d, listed %d, fetched %d", pass.Total, pass.Listed, pass.Fetched)
	if pass.Rate > 0 && pass.Ended == "" {
		words += p.lang.say("，每秒 %.0f", ", %.0f a second", pass.Rate)
	}
	if end, err := time.Parse(time.RFC3339, pass.EstimatedEnd); err == nil && end.After(p.now()) {
		words += p.lang.say("，还需 %v", ", %v left", end.Sub(p.now()).Round(time.Second))
	}
	return words
}

func (p *progress) end() {
	if p.redraws && p.drawn {
		fmt.Fprintln(p.out)
	}
}

// print prints a summary for people, or as JSON.
func (c *reconcileFlags) print(out io.Writer, s reconcile.Summary, lang language) error {
	if c.JSON {
		return printJSON(out, s)
	}
	say := func(zh, en string, values ...any) { fmt.Fprintln(out, lang.say(zh, en, values...)) }
	switch s.Result {
	case reconcile.Done:
		say("没有待办事项。", "Nothing is due.")
	case reconcile.Continues:
		say("本轮对账尚未完成，五分钟内继续。", "The pass is not finished: it goes on within five minutes.")
	case reconcile.Running:
		say("正在运行。", "A run is at work.")
	case reconcile.Waiting:
		say("等到 %s：%s（%d）。", "Waiting until %s: %s (%d).", inChina(s.AskAgain), reconcile.Reasons[s.Errcode], s.Errcode)
	}
	if s.Menu != nil && s.Menu.Drift {
		say("平台上的菜单被别处改动过：%s。", "Someone else has changed the live menu: %s.", s.Menu.Result)
	}
	p := s.Pass
	if p == nil {
		return nil
	}
	ended := lang.say("未完成", "not yet")
	if p.Ended != "" {
		ended = inChina(p.Ended)
	}
	say("最近一轮  开始 %s  结束 %s", "Last pass  began %s  ended %s", inChina(p.Began), ended)
	say("关注者    %d，已列出 %d，已拉取 %d", "Followers  %d, listed %d, fetched %d", p.Total, p.Listed, p.Fetched)
	say("变更      补录 %d，移除 %d，补齐资料 %d，资料变更 %d", "Changes    added %d, removed %d, profiles completed %d, profiles changed %d",
		p.Added, p.Removed, p.Completed, p.Changed)
	if p.Days > 0 {
		say("额度      整轮需要 %d 天的额度", "Quota      the whole pass takes the calls of %d day(s)", p.Days)
	}
	if p.EstimatedEnd != "" {
		say("预计完成  %s", "Estimated  to end %s", inChina(p.EstimatedEnd))
	}
	return nil
}

// inChina is a time of a summary as people read it.
func inChina(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return t.In(wechat.ChinaTime).Format("2006-01-02 15:04:05 (UTC+8)")
}
