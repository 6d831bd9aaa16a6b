package stories

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// reconciles is the push of a delivery that is a run of reconcile.
const reconciles = -1

// RunReconcile tells stories in which runs of reconcile stand between the deliveries: they overlap them and each other,
// fail and die at any call, and meet a list from before. In the end an undisturbed run has to make the table what the
// platform knows, whatever was lost.
func RunReconcile(t *testing.T, open storetest.Open) {
	tell(t, reconciled, open, (*run).checkReconciled)
}

var reconciled = rapid.Custom(func(t *rapid.T) story {
	s := stories.Draw(t, "pushes")
	for range rapid.IntRange(1, 3).Draw(t, "runs of reconcile") {
		d := delivery{push: reconciles, faults: rapid.SliceOfN(rapid.Custom(drawFault), 0, 8).Draw(t, "faults of the run")}
		s.deliveries = slices.Insert(s.deliveries, rapid.IntRange(0, len(s.deliveries)).Draw(t, "place"), d)
	}
	// Some pushes never arrive.
	lost := rapid.SliceOfN(rapid.IntRange(0, len(s.pushes)-1), 0, 3).Draw(t, "lost")
	s.deliveries = slices.DeleteFunc(s.deliveries, func(d delivery) bool { return slices.Contains(lost, d.push) })
	return s
})

// longAgo is when those who follow from before the story began to.
const longAgo = -3600

// truth is what the platform knows in the end: whether the follower follows, and since when.
func (s story) truth(who int) (since int, follows bool) {
	since, follows = longAgo, s.fromBefore[who]
	for _, p := range s.pushes {
		switch {
		case p.who != who:
		case p.what == follow:
			since, follows = p.at, true
		case p.what.ends():
			follows = false
		}
	}
	return since, follows
}

// reconcile is one run.
func (w *work) reconcile(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	c := calls{w}
	summary, err := reconcile.New(reconcile.Config{
		Platform: c, Records: c, Checkpoints: c, Concurrency: 1, Hash: hash, Now: w.run.clock,
		Log:   slog.New(slog.NewJSONHandler(locked{&w.run.mu, &w.run.log}, nil)),
		Sleep: func(context.Context, time.Duration) error { return errFails },
	}).Run(ctx, "full")
	w.failed = err != nil
	w.tell("%s: %+v", summary.Result, summary.Counts)
}

// calls are the calls of one run, with its faults.
type calls struct{ w *work }

// Openids gives everyone of the story, also those who have left: a page from before.
func (c calls) Openids(ctx context.Context, after string) (openids []string, next string, total int, err error) {
	err = c.w.call(ctx, "user/get", func() error {
		for who := range c.w.run.story.fromBefore {
			if id := openid(who); id > after {
				openids = append(openids, id)
			}
		}
		return nil
	})
	if len(openids) > 2 {
		openids = openids[:2]
	}
	if len(openids) > 0 {
		next = openids[len(openids)-1]
	}
	return openids, next, len(c.w.run.story.fromBefore), err
}

func (c calls) Profiles(ctx context.Context, openids []string) (profiles map[string]follower.Profile, gone []string, err error) {
	err = c.w.call(ctx, "batchget", func() error {
		profiles = map[string]follower.Profile{}
		for who := range c.w.run.story.fromBefore {
			since, follows := c.w.run.story.truth(who)
			switch id := openid(who); {
			case !slices.Contains(openids, id):
			case follows:
				profiles[id] = follower.Profile{
					UnionID: unionID + id, Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", SubscribedAt: second(since),
				}
			default:
				gone = append(gone, id)
			}
		}
		return nil
	})
	return profiles, gone, err
}

func (calls) Quota(context.Context, string) (daily, left int, err error) { return 500, 500, nil }

func (calls) KeepToken(_ context.Context, until time.Time) (time.Time, error) { return until, nil }

func (c calls) Find(ctx context.Context, openids []string) (found []follower.Follower, err error) {
	err = c.w.call(ctx, "Find", func() (err error) {
		found, err = c.w.run.store.Find(ctx, openids)
		return err
	})
	return found, err
}

func (c calls) Unchecked(ctx context.Context, before time.Time, cursor string) (part []follower.Follower, next string, err error) {
	err = c.w.call(ctx, "Unchecked", func() (err error) {
		part, next, err = c.w.run.store.Unchecked(ctx, before, cursor)
		return err
	})
	return part, next, err
}

func (c calls) Pending(ctx context.Context, cursor string) (part []follower.Follower, next string, err error) {
	err = c.w.call(ctx, "Pending", func() (err error) {
		part, next, err = c.w.run.store.Pending(ctx, cursor)
		return err
	})
	return part, next, err
}

func (c calls) Apply(ctx context.Context, changes []reconcile.Change) (applied []bool, err error) {
	err = c.w.call(ctx, "Apply", func() (err error) {
		applied, err = c.w.run.store.Apply(ctx, changes)
		for who := range c.w.run.story.fromBefore {
			_, follows := c.w.run.story.truth(who)
			for i, change := range changes {
				if err == nil && applied[i] && change.Kind == reconcile.Remove && change.Follower.OpenID == openid(who) && follows {
					c.w.run.fault("%c was removed, who follows", 'A'+who)
				}
			}
			if err == nil {
				err = c.w.run.watch(ctx, who)
			}
		}
		return err
	})
	return applied, err
}

func (c calls) Acquire(ctx context.Context, holder string, now, until time.Time) (saved []byte, acquired bool, err error) {
	err = c.w.call(ctx, "Acquire", func() (err error) {
		saved, acquired, err = c.w.run.store.Acquire(ctx, holder, now, until)
		return err
	})
	return saved, acquired && err == nil, err
}

func (c calls) Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (held bool, err error) {
	err = c.w.call(ctx, "Save", func() (err error) {
		held, err = c.w.run.store.Save(ctx, holder, until, checkpoint)
		return err
	})
	return held && err == nil, err
}

func (c calls) Checkpoint(ctx context.Context) ([]byte, time.Time, error) {
	return c.w.run.store.Checkpoint(ctx)
}

// checkReconciled lets undisturbed runs end the pass that may be unfinished and make another one, and compares the table
// with what the platform knows.
func (r *run) checkReconciled(ctx context.Context) string {
	r.checkAnswers()
	for range 2 {
		r.now += 60 // the lease of one that died ends
		w := &work{delivery: delivery{push: reconciles}, run: r}
		if w.reconcile(ctx); w.failed {
			r.fault("an undisturbed run failed")
		}
	}
	for who := range r.story.fromBefore {
		if wrong := r.unlikeTruth(ctx, who); wrong != "" {
			r.fault("%c: %s", 'A'+who, wrong)
		}
	}
	text := ""
	for _, wrong := range r.wrong {
		text += wrong + "\n"
	}
	return text
}

// unlikeTruth says what of the follower's records is not as the platform knows it.
func (r *run) unlikeTruth(ctx context.Context, who int) string {
	f, session, err := r.store.Lookup(ctx, openid(who))
	since, follows := r.story.truth(who)
	ended := r.latest(who, unfollow)
	oneSecond := follows && ended != never && since <= ended // the unfollow wins, until a link is asked for later
	switch {
	case oneSecond && f.OpenID == "":
		return ""
	case !follows && f.OpenID != "":
		return fmt.Sprintf("does not follow, but is stored: %+v", f)
	case !follows:
		return ""
	case err != nil:
		return fmt.Sprintf("follows, but: %v", err)
	case f.State != follower.Complete || f.UnionID != unionID+f.OpenID || f.CheckedAt.Before(second(31)):
		return fmt.Sprintf("the profile is not as the platform has it: %+v", f)
	case !r.loses(who) && !session.EventTime.Equal(f.EventTime):
		return fmt.Sprintf("the session is of %v, the follow of %v", session.EventTime, f.EventTime)
	}
	var begins []time.Time // what may have begun the record
	if !oneSecond {
		begins = append(begins, second(since))
	}
	for i, p := range r.story.pushes {
		if p.who == who && (p.what == follow || p.what.begins()) && p.at > ended && len(r.writes[i]) > 0 {
			begins = append(begins, second(p.at))
		}
	}
	if !slices.ContainsFunc(begins, f.EventTime.Equal) {
		return fmt.Sprintf("the record is of %v, want one of %v", f.EventTime, begins)
	}
	return ""
}
