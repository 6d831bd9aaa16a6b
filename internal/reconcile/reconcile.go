// Package reconcile keeps the followers' records equal to the platform's. It finds followers from before the
// deployment, pushes that were lost, profiles that are still pending, and a menu that someone else has changed; and it
// renews the access token before its end.
//
// A full pass has two halves. The first lists the account's followers (user/get) and adds those who are not in the
// table. The second verifies the table: it fetches each stored follower who was not fetched in this pass, removes those
// who no longer follow, and stores the changes. Each half has a cursor in the table, so that a pass may take many
// runs, and a run may end anywhere: its work stays done, and the next run does the rest.
//
// A push that arrives meanwhile always wins. An added follower has the time at which the platform says that the follow
// happened, so any later event replaces it. A removal has the time before the fetch that confirmed it, and happens only
// if the record is still that of the same follow.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// The platform's paths whose daily quotas a pass uses.
const (
	ListPath  = "/cgi-bin/user/get"
	FetchPath = "/cgi-bin/user/info/batchget"
)

// Platform has the calls of the platform that a run makes. It is safe for concurrent use. Where the platform refuses a call, the
// error has its errcode (wechatapi.Error). Calls that may go well a moment later are made again by the run.
type Platform interface {
	// Openids returns up to 10,000 followers after the one given, and how many there are in all. next is "" at the end.
	Openids(ctx context.Context, after string) (openids []string, next string, total int, err error)
	// Profiles fetches up to 100 users. Those who do not follow are in gone instead. Errcode 40003 refuses all of them
	// for one that is not the account's.
	Profiles(ctx context.Context, openids []string) (profiles map[string]follower.Profile, gone []string, err error)
	// Quota returns how many calls of path there are a day, and how many are left.
	Quota(ctx context.Context, path string) (daily, left int, err error)
	// KeepToken renews the stored access token if it ends before until and the platform has another one already. It
	// returns until when the stored one is valid.
	KeepToken(ctx context.Context, until time.Time) (validUntil time.Time, err error)
}

// Records are the followers in the table. Reads are strongly consistent but for Pending, which may miss a follower who
// was stored a moment ago. Methods repeat failed calls by themselves if that can help, until ctx ends, which must have a deadline.
// All are safe for concurrent use.
type Records interface {
	// Find returns those of the openids who follow, in any order. The openids are different ones.
	Find(ctx context.Context, openids []string) ([]follower.Follower, error)
	// Unchecked reads a part of the table from cursor on, "" for its beginning. It returns the followers in it whose
	// CheckedAt is before that time, up to about a thousand, and the cursor of the next part, "" at the end.
	Unchecked(ctx context.Context, before time.Time, cursor string) (part []follower.Follower, next string, err error)
	// Pending is the same for the followers whose profile is pending.
	Pending(ctx context.Context, cursor string) (part []follower.Follower, next string, err error)
	// Apply makes the changes, each if its condition holds, and reports which were made. They are of different
	// followers. After an error some may have been made; making them again is safe.
	Apply(ctx context.Context, changes []Change) (applied []bool, err error)
}

// Change is one change of a follower's records. Each is atomic.
type Change struct {
	Kind     Kind
	Follower follower.Follower // Add, Check: as it is to be stored; Remove: as it was read
	At       time.Time         // Add: when the session begins; Remove: the time of the unfollow; whole seconds
}

// Kind is the kind of a Change.
type Kind int

const (
	// Add stores the follower and a new session, under the condition of follower.Store's Follow: nothing is known of the
	// openid, or this knowledge is older than the follower's EventTime.
	Add Kind = iota
	// Check replaces profile, state and CheckedAt, if the follower's record is still the one of EventTime.
	Check
	// Remove has the effect of an unfollow at the time At, if the follower's record is still the one of EventTime.
	Remove
)

// Checkpoints keeps, in one record of the table, the lease and the state that the runs leave for each other. Reads and writes
// are strongly consistent.
type Checkpoints interface {
	// Acquire gives the lease to holder until the time given, unless another holder's has not ended at now. It returns
	// the last saved state, nil if there is none. holder may acquire it again.
	Acquire(ctx context.Context, holder string, now, until time.Time) (checkpoint []byte, acquired bool, err error)
	// Save replaces the checkpoint and the end of the lease. It is false, and nothing is saved, if holder no longer has
	// the lease.
	Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (held bool, err error)
	// Checkpoint returns the last saved state, nil if there is none, and the end of the lease.
	Checkpoint(ctx context.Context) (checkpoint []byte, until time.Time, err error)
}

// Config has the parts of a Reconciler. All of it is required unless it says otherwise.
type Config struct {
	Platform    Platform
	Records     Records
	Checkpoints Checkpoints

	Menu       *menu.Publisher // nil: there is no menu
	WantedMenu menu.Menu       // the file's
	// RepairMenu publishes the file's menu if someone else has changed the live one.
	RepairMenu bool

	Concurrency int                        // calls to the platform at the same time
	Hash        func(openid string) string // replaces openids in summaries
	Now         func() time.Time
	Log         *slog.Logger
	// Sleep waits, or returns ctx's error. nil: on the clock of this machine.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Reconciler runs for one account. Runs of several Reconcilers do not meet: see Checkpoints.
type Reconciler struct{ Config }

// New returns a Reconciler.
func New(c Config) *Reconciler {
	if c.Sleep == nil {
		c.Sleep = pause.For
	}
	return &Reconciler{c}
}

// The requests to a run; "" is for all that is due.
const (
	full   = "full"   // a pass now, unless one is unfinished, which goes on
	status = "status" // nothing: only where the pass is
)

const (
	// leaseFor is how long after its holder's last sign of life a lease ends.
	leaseFor = 15 * time.Second
	signEach = 5 * time.Second
	// reserve is the time before a run's deadline at which it begins nothing more. A call to the platform that has
	// begun, and the writes after it, still have it.
	reserve = 20 * time.Second
	// callFor bounds one call to the platform.
	callFor = 10 * time.Second
	// nextRun is the time in which the schedule begins another run, at the latest.
	nextRun = 6 * time.Minute
	// tokenOverlap is the time before the end of a token's validity at which the platform has the next one: it has it
	// five minutes before the token's real end, and KeepToken's times end a minute before that.
	tokenOverlap = 4 * time.Minute
)

// Run does the work that is due, until nothing is or ctx's deadline is near. It returns a summary of its work. Errors of one part do
// not keep the others from being done. The platform's refusals for lack of permission (48001) and of quota (45009) are no
// errors: the summary tells them. No goroutine outlives Run.
func (r *Reconciler) Run(ctx context.Context, action string) (Summary, error) {
	switch action {
	case "", full:
	case status:
		return r.status(ctx)
	default:
		return Summary{}, fmt.Errorf(`the action %q is unknown: use {} for what is due, {"action":"full"} for a full pass now, `+
			`or {"action":"status"}`, action)
	}
	begun := r.Now()
	// Several runs may keep the token at the same time: they all get the same one.
	_, tokenErr := r.Platform.KeepToken(ctx, begun.Add(nextRun))
	if tokenErr != nil {
		tokenErr = fmt.Errorf("renew the access token: %w", tokenErr)
	}
	summary, err := r.underLease(ctx, action == full)
	if tokenErr == nil {
		tokenErr = r.awaitToken(ctx)
	}
	err = errors.Join(tokenErr, err)
	r.tell(ctx, summary, r.Now().Sub(begun), err)
	return summary, err
}

// awaitToken waits for the platform's next access token if the stored one ends before the next run, and stores it.
func (r *Reconciler) awaitToken(ctx context.Context) error {
	for range 2 {
		until := r.Now().Add(nextRun)
		validUntil, err := r.Platform.KeepToken(ctx, until)
		if err != nil {
			return fmt.Errorf("renew the access token: %w", err)
		}
		wait := validUntil.Add(-tokenOverlap).Sub(r.Now()) + time.Second
		deadline, ok := ctx.Deadline()
		if !validUntil.Before(until) || wait <= 0 || ok && time.Until(deadline) < wait+callFor {
			return nil
		}
		if err := r.Sleep(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// underLease does all but the token, if no other run is at work.
func (r *Reconciler) underLease(ctx context.Context, full bool) (Summary, error) {
	run, acquired, err := r.acquire(ctx)
	if err != nil || !acquired {
		return Summary{Result: Running}, err
	}
	err = run.work(ctx, full)
	return run.summary, err
}
