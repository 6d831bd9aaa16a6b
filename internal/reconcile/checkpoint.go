package reconcile

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// checkpoint is the state that one run leaves for the next. Counts are of the pass; those of a run that was killed may lack what it
// did last.
type checkpoint struct {
	Began time.Time `json:"began,omitzero"` // when the last pass began, whole seconds; zero: there was none
	Ended time.Time `json:"ended,omitzero"` // zero: it is unfinished

	List   half `json:"list"`
	Verify half `json:"verify"`
	// Todo are the openids before the list's cursor that are still to be looked at, a thousand at most: a run that ends
	// within a page leaves them, so that the page is not fetched again.
	Todo []string `json:"todo,omitempty"`

	Total   int           `json:"total"`   // followers, as the platform says
	Listed  int           `json:"listed"`  // of them, those that the first half has passed
	Fetched int           `json:"fetched"` // users fetched, in both halves
	Worked  time.Duration `json:"worked"`  // by runs, together
	Counts

	// Until when nothing is asked of each API, and why.
	ListWait  wait `json:"list_wait,omitzero"`
	FetchWait wait `json:"fetch_wait,omitzero"`
}

// half is one half of a pass.
type half struct {
	Cursor string `json:"cursor,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

// wait is the consequence of a refusal, or of a quota that is used up.
type wait struct {
	Until   time.Time `json:"until,omitzero"`
	Errcode int       `json:"errcode,omitempty"`
}

func (c *checkpoint) unfinished() bool { return !c.Began.IsZero() && c.Ended.IsZero() }

// run is one run that has the lease.
type run struct {
	*Reconciler
	holder string
	stopAt time.Time // the zero Time: never

	mu      sync.Mutex // guards all below
	is      checkpoint
	summary Summary

	list, fetch *quota
	pageTook    time.Duration // the last page of the list
	saved       time.Time     // the last checkpoint
	waits       bool          // something is due that has to wait
}

// errLeaseLost ends a run that another one has taken for dead.
var errLeaseLost = errors.New("another run has taken over")

func (r *Reconciler) acquire(ctx context.Context) (_ *run, acquired bool, err error) {
	run := &run{Reconciler: r, holder: rand.Text(), saved: r.Now()}
	if deadline, ok := ctx.Deadline(); ok {
		run.stopAt = r.Now().Add(time.Until(deadline) - reserve)
	}
	now := r.Now()
	saved, acquired, err := r.Checkpoints.Acquire(ctx, run.holder, now, now.Add(leaseFor))
	if err != nil || !acquired {
		return nil, false, err
	}
	run.is, err = parse(saved)
	run.list, run.fetch = run.quotas()
	return run, err == nil, err
}

func (r *run) quotas() (list, fetch *quota) {
	return &quota{path: ListPath, wait: &r.is.ListWait}, &quota{path: FetchPath, wait: &r.is.FetchWait, shared: true}
}

func parse(saved []byte) (is checkpoint, err error) {
	if saved == nil {
		return is, nil
	}
	if err := json.Unmarshal(saved, &is); err != nil {
		return is, fmt.Errorf("the checkpoint cannot be read; delete the item #account, reconcile of the table: %w", err)
	}
	return is, nil
}

// work does the work that is due, and gives a sign of life all the while.
func (r *run) work(ctx context.Context, full bool) error {
	alive, end := r.signLife(ctx)
	err := r.parts(alive, full)
	lost := errors.Is(context.Cause(alive), errLeaseLost)
	end()
	if lost || errors.Is(err, errLeaseLost) {
		r.summary.Result = Running
		return nil
	}
	r.summarize()
	return errors.Join(err, r.save(ctx, 0))
}

// parts does each part, even if others fail.
func (r *run) parts(ctx context.Context, full bool) error {
	var errs []error
	for _, part := range []func(context.Context) error{
		r.completePending,
		r.keepMenu,
		func(ctx context.Context) error { return r.pass(ctx, full) },
	} {
		switch err := part(ctx); {
		case errors.Is(err, errLeaseLost):
			return err
		case errors.Is(err, errStop):
			r.summary.Result = Continues
		case errors.Is(err, errWait): // the checkpoint says until when
			r.waits = true
		case err != nil:
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// signLife saves the checkpoint every few seconds until end is called. The context it returns ends when the lease is lost.
func (r *run) signLife(ctx context.Context) (alive context.Context, end func()) {
	alive, cancel := context.WithCancelCause(ctx)
	var signing sync.WaitGroup
	signing.Go(func() {
		ticker := time.NewTicker(signEach)
		defer ticker.Stop()
		for {
			select {
			case <-alive.Done():
				return
			case <-ticker.C:
			}
			if err := r.save(alive, leaseFor); err != nil {
				cancel(err)
				return
			}
		}
	})
	return alive, func() {
		cancel(nil)
		signing.Wait()
	}
}

// save saves the checkpoint and keeps the lease for that long.
func (r *run) save(ctx context.Context, lease time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.Now(); r.is.unfinished() {
		r.is.Worked += now.Sub(latest(r.saved, r.is.Began))
		r.saved = now
	}
	encoded, err := json.Marshal(r.is)
	if err != nil {
		return err
	}
	held, err := r.Checkpoints.Save(ctx, r.holder, r.Now().Add(lease), encoded)
	if err == nil && !held {
		err = errLeaseLost
	}
	return err
}

// change changes the checkpoint.
func (r *run) change(do func(*checkpoint)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do(&r.is)
}

// timeUp reports whether less than that time is left before the run is to end.
func (r *run) timeUp(needed time.Duration) bool {
	return !r.stopAt.IsZero() && r.Now().Add(needed).After(r.stopAt)
}
