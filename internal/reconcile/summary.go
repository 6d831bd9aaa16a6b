package reconcile

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What a run came to.
const (
	Done      = "done"      // nothing is due
	Continues = "continues" // the run's time was over: the next one goes on
	Waiting   = "waiting"   // for the day's quota, or for a permission; see AskAgain
	Running   = "running"   // another run is at work
)

// Summary is a summary of a run's work and of the pass's progress.
type Summary struct {
	Result string `json:"result"` // Done, Continues, …
	Counts
	Menu *menu.Summary `json:"menu,omitempty"`
	Pass *Pass         `json:"pass,omitempty"` // the last pass, finished or not

	Errcode  int    `json:"errcode,omitempty"`   // why it waits: 45009 quota, 48001 permission
	Reason   string `json:"reason,omitempty"`    // the same in words
	AskAgain string `json:"ask_again,omitempty"` // when the platform is asked again, in China time
}

// Counts are the followers whose records a run or a pass has changed.
type Counts struct {
	Added     int `json:"added"`     // from before, or whose follow was lost
	Removed   int `json:"removed"`   // whose unfollow was lost
	Completed int `json:"completed"` // whose profile was pending
	Changed   int `json:"changed"`   // whose profile the platform has changed
}

func (c *Counts) count(was follower.Follower, change Change) {
	switch {
	case change.Kind == Add:
		c.Added++
	case change.Kind == Remove:
		c.Removed++
	case was.State == follower.Pending && change.Follower.State == follower.Complete:
		c.Completed++
	case was.State != change.Follower.State || !same(was.Profile, change.Follower.Profile):
		c.Changed++
	}
}

func same(a, b follower.Profile) bool {
	return a.UnionID == b.UnionID && a.Language == b.Language && a.Scene == b.Scene && a.QRScene == b.QRScene &&
		a.Remark == b.Remark && slices.Equal(a.Tags, b.Tags) && a.SubscribedAt.Unix() == b.SubscribedAt.Unix()
}

// Pass tells of a full pass. Times are in China time.
type Pass struct {
	Began string `json:"began"`
	Ended string `json:"ended,omitempty"`
	Half  string `json:"half,omitempty"` // list or verify; of an unfinished pass
	// Cursor identifies the place in that half: it differs from run to run if the pass goes on.
	Cursor  string `json:"cursor,omitempty"`
	Total   int    `json:"total"`   // followers, as the platform says
	Listed  int    `json:"listed"`  // of them, those that the first half has passed
	Fetched int    `json:"fetched"` // users fetched so far
	Counts

	Rate float64 `json:"followers_per_second,omitempty"` // while a run is at work
	// Days is how many days' quotas the whole pass takes.
	Days         int    `json:"days,omitempty"`
	EstimatedEnd string `json:"estimated_end,omitempty"`
	ListLeft     *int   `json:"list_calls_left,omitempty"`  // of user/get, today
	FetchLeft    *int   `json:"fetch_calls_left,omitempty"` // of user/info, today

	age time.Duration // of an unfinished pass
}

// Fraction is how much of the pass is done, 0 to 1.
func (p *Pass) Fraction() float64 {
	switch {
	case p.Ended != "":
		return 1
	case p.Total == 0:
		return 0
	}
	passed := min(p.Listed, p.Total) + min(p.Fetched, p.Total)
	return float64(passed) / float64(2*p.Total)
}

// status tells where the pass is, and does nothing.
func (r *Reconciler) status(ctx context.Context) (Summary, error) {
	saved, until, err := r.Checkpoints.Checkpoint(ctx)
	if err != nil {
		return Summary{}, err
	}
	is, err := parse(saved)
	if err != nil {
		return Summary{}, err
	}
	run := &run{Reconciler: r, is: is}
	run.list, run.fetch = run.quotas()
	if r.Now().Before(until) {
		run.summary.Result = Running
	}
	run.summarize()
	return run.summary, nil
}

// summarize completes the summary from the checkpoint.
func (r *run) summarize() {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, is := &r.summary, &r.is
	now := r.Now()
	for _, w := range []wait{is.ListWait, is.FetchWait} {
		if now.Before(w.Until) && (r.waits || is.unfinished() || w.Errcode == errcode.NoPermission) {
			s.Result = cmp.Or(s.Result, Waiting)
			s.Errcode, s.Reason, s.AskAgain = w.Errcode, Reasons[w.Errcode].EN, inChina(w.Until)
		}
	}
	if is.unfinished() {
		s.Result = cmp.Or(s.Result, Continues)
	}
	s.Result = cmp.Or(s.Result, Done)
	if is.Began.IsZero() {
		return
	}
	p := &Pass{Began: inChina(is.Began), Total: is.Total, Listed: is.Listed, Fetched: is.Fetched, Counts: is.Counts}
	s.Pass = p
	if !is.Ended.IsZero() {
		p.Ended = inChina(is.Ended)
		return
	}
	p.age = now.Sub(is.Began)
	p.Half = "list"
	cursor := is.List.Cursor
	if is.List.Done {
		p.Half, cursor = "verify", is.Verify.Cursor
	}
	if cursor != "" {
		p.Cursor = r.Hash(cursor)
	}
	r.plan(p, now)
}

// Reasons say why a run waits, by Summary.Errcode.
var Reasons = map[int]bilingual.Text{
	errcode.NoQuota:      bilingual.New("当日接口额度用完", "the day's quota of calls is used up"),
	errcode.NoPermission: bilingual.New("该类型的账号无权获取关注者", "the account's type may not ask for its followers"),
}

func inChina(t time.Time) string { return t.In(wechat.ChinaTime).Format(time.RFC3339) }

// tell logs the run in one line.
func (r *Reconciler) tell(ctx context.Context, s Summary, took time.Duration, err error) {
	attrs := []slog.Attr{
		slog.String("result", s.Result), slog.Float64("ms", telemetry.Milliseconds(took)),
		slog.Int("added", s.Added), slog.Int("removed", s.Removed),
		slog.Int("completed", s.Completed), slog.Int("changed", s.Changed),
	}
	for metric, n := range map[*telemetry.Metric]int{
		telemetry.FollowersAdded: s.Added, telemetry.FollowersRemoved: s.Removed,
		telemetry.ProfilesCompleted: s.Completed, telemetry.ProfilesChanged: s.Changed,
	} {
		if n > 0 { // a metric costs money in each hour in which it has a value
			attrs = append(attrs, metric.Of(float64(n)))
		}
	}
	if s.Menu != nil {
		attrs = append(attrs, slog.String("menu", s.Menu.Result), slog.Bool("menu_drift", s.Menu.Drift))
	}
	if p := s.Pass; p != nil {
		attrs = append(attrs, slog.String("pass_began", p.Began), slog.Int("listed", p.Listed), slog.Int("fetched", p.Fetched),
			slog.Int("total", p.Total))
		if p.Ended == "" {
			attrs = append(attrs, slog.String("half", p.Half), slog.String("cursor", p.Cursor),
				slog.String("estimated_end", p.EstimatedEnd), telemetry.PassHours.Of(p.age.Hours()))
		}
		if p.ListLeft != nil {
			attrs = append(attrs, telemetry.ListCallsLeft.Of(float64(*p.ListLeft)))
		}
		if p.FetchLeft != nil {
			attrs = append(attrs, telemetry.FetchCallsLeft.Of(float64(*p.FetchLeft)))
		}
	}
	if s.Errcode != 0 {
		attrs = append(attrs, slog.Int("errcode", s.Errcode), slog.String("ask_again", s.AskAgain))
	}
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", err))
	}
	r.Log.LogAttrs(ctx, level, "reconcile", attrs...)
}
