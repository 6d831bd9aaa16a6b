package reconcile

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// batch is how many users are fetched in one call, the most that the platform allows.
	batch = 100
	// slice is how many followers are looked at between two checkpoints, about.
	slice = 1000
	// sameFollow is by how much the time of a push may differ from the platform's answers and from this clock.
	sameFollow = time.Minute
)

// fetchAll fetches the users and changes the table accordingly, as many batches at a time as Concurrency says. Those who
// are not stored have an openid alone. At an error it begins no further batch, and waits for those that have begun.
func (r *run) fetchAll(ctx context.Context, users []follower.Follower) error {
	var group errgroup.Group
	group.SetLimit(max(r.Concurrency, 1))
	var failed atomic.Bool
	for users := range slices.Chunk(users, batch) {
		if failed.Load() {
			break
		}
		group.Go(func() error {
			if r.timeUp(0) {
				failed.Store(true)
				return errStop
			}
			err := r.fetchBatch(ctx, users)
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	return group.Wait()
}

// fetchBatch fetches up to 100 users. One openid that the platform does not know as the account's makes it refuse all:
// that one is found by halves.
func (r *run) fetchBatch(ctx context.Context, users []follower.Follower) error {
	openids := make([]string, len(users))
	for i, u := range users {
		openids[i] = u.OpenID
	}
	at := r.Now()
	var profiles map[string]follower.Profile
	var gone []string
	err := r.ask(ctx, r.fetch, func(ctx context.Context) (err error) {
		at = r.Now()
		profiles, gone, err = r.Platform.Profiles(ctx, openids)
		return err
	})
	switch {
	case errcode.Of(err) == errcode.WrongOpenID && len(users) > 1:
		if err := r.fetchBatch(ctx, users[:len(users)/2]); err != nil {
			return err
		}
		return r.fetchBatch(ctx, users[len(users)/2:])
	case errcode.Of(err) == errcode.WrongOpenID:
		return r.apply(ctx, users, []Change{unknown(users[0], r.Now())})
	case err != nil:
		return err
	}
	changes := make([]Change, len(users))
	for i, u := range users {
		profile, follows := profiles[u.OpenID]
		switch {
		case follows:
			changes[i] = confirmed(u, profile, at)
		case slices.Contains(gone, u.OpenID):
			changes[i] = unfollowed(u, at)
		}
	}
	return r.apply(ctx, users, changes)
}

// confirmed returns the change for a user who follows, according to an answer to a call of the time at.
func confirmed(u follower.Follower, p follower.Profile, at time.Time) Change {
	is := follower.Follower{OpenID: u.OpenID, Profile: p, State: follower.Complete, CheckedAt: at, EventTime: u.EventTime}
	followedAt := p.SubscribedAt
	if followedAt.IsZero() || followedAt.After(at) {
		followedAt = at
	}
	if !stored(u) || p.SubscribedAt.After(u.EventTime.Add(sameFollow)) {
		is.EventTime, is.SubscribedAt = followedAt, followedAt
		return Change{Kind: Add, Follower: is, At: at}
	}
	is.QRScene = cmp.Or(u.QRScene, p.QRScene) // the push knows it first
	if is.SubscribedAt.IsZero() {
		is.SubscribedAt = u.SubscribedAt
	}
	return Change{Kind: Check, Follower: is.Bounded()}
}

// unfollowed returns the change for a user who does not follow, according to an answer to a call of the time at. The
// unfollow is dated sameFollow before: the platform's clock and answers may be behind, and the push of a follow that
// has come since must not lose to the tombstone.
func unfollowed(u follower.Follower, at time.Time) Change {
	at = at.Truncate(time.Second).Add(-sameFollow)
	if at.Before(u.EventTime) {
		at = u.EventTime
	}
	return Change{Kind: Remove, Follower: u, At: at}
}

// unknown returns the change for a user whom the platform does not know as the account's: the record stays as it is.
func unknown(u follower.Follower, at time.Time) Change {
	if u.State == follower.Pending {
		u.State = follower.Unavailable
	}
	u.CheckedAt = at
	return Change{Kind: Check, Follower: u}
}

// stored reports whether u is in the table.
func stored(u follower.Follower) bool { return !u.EventTime.IsZero() }

// apply makes the changes of the users at the same index, of those who are in the table or follow, and counts them.
func (r *run) apply(ctx context.Context, users []follower.Follower, changes []Change) error {
	var do []Change
	var were []follower.Follower
	for i, c := range changes {
		// A user who neither follows nor is stored needs no change, nor does one whom the answer leaves out.
		if c.Follower.OpenID != "" && (c.Kind == Add || stored(users[i])) {
			do, were = append(do, c), append(were, users[i])
		}
	}
	applied, err := r.Records.Apply(ctx, do)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range do {
		if !applied[i] {
			continue
		}
		r.summary.count(were[i], c)
		if r.is.unfinished() {
			r.is.count(were[i], c)
		}
	}
	if r.is.unfinished() {
		r.is.Fetched += len(users)
	}
	return nil
}

// keys are the openids without repetitions, in any order.
func keys(openids []string) []string {
	valid := slices.DeleteFunc(slices.Clone(openids), func(s string) bool { return !wechat.IsOpenID(s) })
	slices.Sort(valid)
	return slices.Compact(valid)
}
