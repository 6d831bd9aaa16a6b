package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

var (
	errStop = errors.New("the run's time is over")
	errWait = errors.New("the platform is not asked now")
)

// quota counts the calls of one API. What it holds is guarded by the run's mu.
type quota struct {
	path   string
	wait   *wait
	shared bool // pushes make calls from it, too: a tenth of the day's calls is left to them

	asked       time.Time // when the platform was asked for the numbers; zero: it was not
	daily, left int       // -1: the platform tells no limit
}

// spend takes one call, if the day has one left.
func (r *run) spend(ctx context.Context, q *quota) error {
	r.mu.Lock()
	known := !q.asked.IsZero() && r.Now().Before(wechat.QuotaReset(q.asked))
	waits := r.Now().Before(q.wait.Until)
	r.mu.Unlock()
	if waits {
		return errWait
	}
	if !known {
		if err := r.askQuota(ctx, q); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.daily < 0 {
		return nil
	}
	if q.left <= q.reserved() {
		*q.wait = wait{wechat.QuotaReset(r.Now()), errcode.NoQuota}
		return errWait
	}
	q.left--
	return nil
}

// reserved is how many calls of a day a pass leaves.
func (q *quota) reserved() int {
	if q.shared {
		return q.daily / 10
	}
	return 0
}

// askQuota asks for the day's numbers. A platform that does not tell them limits a pass by its refusals alone.
func (r *run) askQuota(ctx context.Context, q *quota) error {
	callCtx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	daily, left, err := r.Platform.Quota(callCtx, q.path)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil || daily <= 0 {
		daily, left = -1, -1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q.asked, q.daily, q.left = r.Now(), daily, left
	return nil
}

// attempts is how often a call is made that may go well a moment later.
const attempts = 5

// ask makes a call that q counts, again if the platform is busy. A refusal that will last is noted in the checkpoint, and
// the error is errWait.
func (r *run) ask(ctx context.Context, q *quota, call func(context.Context) error) error {
	pause := time.Second
	for attempt := 1; ; attempt++ {
		if err := r.spend(ctx, q); err != nil {
			return err
		}
		callCtx, cancel := context.WithTimeout(ctx, callFor)
		err := call(callCtx)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch code := errcode.Of(err); code {
		case errcode.NoPermission:
			r.refused(code, r.Now().Add(24*time.Hour), &r.is.ListWait, &r.is.FetchWait)
			return errWait
		case errcode.NoQuota:
			r.refused(code, wechat.QuotaReset(r.Now()), q.wait)
			return errWait
		case errcode.TooOften:
			pause = max(pause, time.Minute)
		case errcode.Busy, 0: // 0: no answer, or not the platform's
		default:
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("after %d attempts: %w", attempts, err)
		}
		if r.timeUp(pause) {
			return errStop
		}
		if err := r.Sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

func (r *run) refused(code int, until time.Time, waits ...*wait) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range waits {
		*w = wait{until.Truncate(time.Second), code}
	}
}
