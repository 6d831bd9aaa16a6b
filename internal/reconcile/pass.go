package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// completePending fetches the profiles that could not be had at the follow.
func (r *run) completePending(ctx context.Context) error {
	for cursor := ""; ; {
		part, next, err := r.Records.Pending(ctx, cursor)
		if err != nil {
			return err
		}
		if err := r.fetchAll(ctx, part); err != nil || next == "" {
			return named(err, "complete pending profiles")
		}
		cursor = next
	}
}

// keepMenu compares the live menu with the file's. What was published last and is not live any more has drifted: it is
// published again if the file says so. A file that was never published is left to its owner.
func (r *run) keepMenu(ctx context.Context) error {
	if r.Menu == nil {
		return nil
	}
	summary, err := r.Menu.Plan(ctx, r.WantedMenu)
	if err == nil && summary.Drift && r.RepairMenu {
		summary, err = r.Menu.Publish(ctx, r.WantedMenu)
	}
	if err == nil {
		r.summary.Menu = &summary
	}
	return named(err, "compare the menu")
}

// pass goes on with an unfinished pass, or begins one if it is due.
func (r *run) pass(ctx context.Context, full bool) error {
	now := r.Now()
	if now.Before(r.is.FetchWait.Until) {
		return errWait
	}
	if !r.is.unfinished() {
		if !full && !due(r.is.Began, now) {
			return nil
		}
		r.change(func(is *checkpoint) {
			*is = checkpoint{Began: now.Truncate(time.Second), ListWait: is.ListWait, FetchWait: is.FetchWait}
		})
		if err := r.save(ctx, leaseFor); err != nil {
			return err
		}
	}
	for _, q := range []*quota{r.list, r.fetch} { // the plan is made of both
		if err := r.askQuota(ctx, q); err != nil {
			return err
		}
	}
	err := r.listAll(ctx)
	if err == nil || errors.Is(err, errWait) { // the list may wait for its quota while the table is verified
		err = errors.Join(err, r.verifyAll(ctx))
	}
	if r.is.FetchWait.Errcode == errcode.NoPermission && errors.Is(err, errWait) {
		r.change(func(is *checkpoint) { is.Began = time.Time{} }) // a day later it may have the permission
	}
	if err != nil {
		return named(err, "full pass")
	}
	r.change(func(is *checkpoint) { is.Ended = r.Now().Truncate(time.Second) })
	return nil
}

// due reports whether a pass is to begin: on each day in China there is one.
func due(began, now time.Time) bool { return !now.Before(wechat.QuotaReset(began)) }

// listAll goes through the account's followers and adds those who are not in the table.
func (r *run) listAll(ctx context.Context) error {
	if err := r.addMissing(ctx); err != nil {
		return err
	}
	for !r.is.List.Done {
		if r.timeUp(r.pageTook) {
			return errStop
		}
		begun := r.Now()
		if err := r.listPage(ctx); err != nil {
			return err
		}
		r.pageTook = r.Now().Sub(begun)
	}
	return nil
}

// listPage goes through one page of the list. The cursor follows slice by slice: any openid can be one, so a run that ends
// within a page does not repeat it.
func (r *run) listPage(ctx context.Context) error {
	var openids []string
	var next string
	var total int
	after := r.is.List.Cursor
	err := r.ask(ctx, r.list, func(ctx context.Context) (err error) {
		openids, next, total, err = r.Platform.Openids(ctx, after)
		return err
	})
	if errcode.Of(err) == errcode.WrongOpenID && after != "" {
		// The platform has forgotten the follower at the cursor. What is stored already is passed over quickly.
		r.change(func(is *checkpoint) { is.List.Cursor, is.Listed = "", 0 })
		return r.save(ctx, leaseFor)
	}
	if err != nil {
		return err
	}
	if next == after && next != "" {
		return fmt.Errorf("%s: the list does not go on after the cursor", ListPath)
	}
	r.change(func(is *checkpoint) { is.Total = total })
	for part := range slices.Chunk(openids, slice) {
		r.change(func(is *checkpoint) { is.List.Cursor, is.Todo = part[len(part)-1], part })
		if err := r.save(ctx, leaseFor); err != nil {
			return err
		}
		if err := r.addMissing(ctx); err != nil {
			return err
		}
	}
	if next == "" {
		r.change(func(is *checkpoint) { is.List = half{Done: true} })
		return r.save(ctx, leaseFor)
	}
	return nil
}

// addMissing fetches and adds those of the openids in hand who are not in the table.
func (r *run) addMissing(ctx context.Context) error {
	if len(r.is.Todo) == 0 {
		return nil
	}
	wanted := keys(r.is.Todo)
	found, err := r.Records.Find(ctx, wanted)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(found))
	for _, f := range found {
		known[f.OpenID] = true
	}
	var missing []follower.Follower
	for _, openid := range wanted {
		if !known[openid] {
			missing = append(missing, follower.Follower{OpenID: openid})
		}
	}
	if err := r.fetchAll(ctx, missing); err != nil {
		return err
	}
	r.change(func(is *checkpoint) { is.Listed, is.Todo = is.Listed+len(is.Todo), nil })
	return nil
}

// partsOfSlice bounds how much of the table is read for one slice: most of it may have been checked already.
const partsOfSlice = 20

// verifyAll goes through the table and fetches the followers who were not fetched in this pass.
func (r *run) verifyAll(ctx context.Context) error {
	for !r.is.Verify.Done {
		if r.timeUp(0) {
			return errStop
		}
		var unchecked []follower.Follower
		cursor := r.is.Verify.Cursor
		for range partsOfSlice {
			part, next, err := r.Records.Unchecked(ctx, r.is.Began, cursor)
			if err != nil {
				return err
			}
			unchecked, cursor = append(unchecked, part...), next
			if cursor == "" || len(unchecked) >= slice {
				break
			}
		}
		if err := r.fetchAll(ctx, unchecked); err != nil {
			return err
		}
		r.change(func(is *checkpoint) { is.Verify = half{Cursor: cursor, Done: cursor == ""} })
		if err := r.save(ctx, leaseFor); err != nil {
			return err
		}
	}
	return nil
}

// named names the part that failed.
func named(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
