package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

var (
	_ reconcile.Records     = (*Store)(nil)
	_ reconcile.Checkpoints = (*Store)(nil)
)

const (
	batchRecords = 100  // the limit of one BatchGetItem
	partRecords  = 2000 // the records that one Scan looks at, sessions included
	partPending  = 500
	writesAtOnce = 32
)

// Find implements reconcile.Records.
func (s *Store) Find(ctx context.Context, openids []string) ([]follower.Follower, error) {
	var found []follower.Follower
	for openids := range slices.Chunk(openids, batchRecords) {
		batch, err := s.findBatch(ctx, openids)
		if err != nil {
			return nil, fmt.Errorf("find followers: %w", err)
		}
		found = append(found, batch...)
	}
	return found, nil
}

func (s *Store) findBatch(ctx context.Context, openids []string) ([]follower.Follower, error) {
	var keys []table.Key
	for _, openid := range openids {
		keys = append(keys, table.FollowerKey(openid))
	}
	items, err := s.getAll(ctx, keys...)
	return readable(items), err
}

// readable returns the followers of items, without tombstones and unreadable items.
func readable(items []item) (all []follower.Follower) {
	for _, packed := range items {
		if f, err := unpackFollower(packed); err == nil && f.OpenID != "" {
			all = append(all, f)
		}
	}
	return all
}

// Unchecked implements reconcile.Records.
func (s *Store) Unchecked(ctx context.Context, before time.Time, cursor string) ([]follower.Follower, string, error) {
	found, err := s.page(ctx, "Scan", request{
		FilterExpression: "sk = :follower AND attribute_not_exists(expires_at)" +
			" AND (attribute_not_exists(checked_at) OR checked_at < :before)",
		ExpressionAttributeValues: item{
			":follower": text(table.FollowerSK),
			":before":   seconds(before),
		},
		ExclusiveStartKey: cursorKey(cursor),
		Limit:             partRecords,
		ConsistentRead:    true,
	}, 0)
	if err != nil {
		return nil, "", fmt.Errorf("list followers: %w", err)
	}
	return readable(found.Items), cursorOf(found.LastEvaluatedKey), nil
}

// Pending implements reconcile.Records. The index holds the pending followers alone, so its scan costs nothing else.
func (s *Store) Pending(ctx context.Context, cursor string) ([]follower.Follower, string, error) {
	out, err := s.page(ctx, "Scan", request{IndexName: "pending", Limit: partPending, ExclusiveStartKey: cursorKey(cursor)}, 0)
	if err != nil {
		return nil, "", fmt.Errorf("list pending followers: %w", err)
	}
	var openids []string
	for _, packed := range out.Items {
		var key table.Key
		if err := unpack(packed, &key); err != nil {
			return nil, "", fmt.Errorf("list pending followers: %w", err)
		}
		openids = append(openids, key.PK)
	}
	found, err := s.Find(ctx, openids)
	pending := slices.DeleteFunc(found, func(f follower.Follower) bool { return f.State != follower.Pending })
	return pending, cursorOf(out.LastEvaluatedKey), err
}

// cursorOf returns the key at which a scan goes on as a text, "" for none: pk, sk and, of the index, pending_since.
func cursorOf(last item) string {
	var parts []string
	for _, name := range []string{"pk", "sk", "pending_since"} {
		for _, content := range last[name] { // a text or a number
			parts = append(parts, fmt.Sprint(content))
		}
	}
	return strings.Join(parts, "\n")
}

func cursorKey(cursor string) item {
	if cursor == "" {
		return nil
	}
	parts := strings.Split(cursor, "\n")
	start := item{"pk": text(parts[0]), "sk": text(parts[1])}
	if len(parts) > 2 {
		start["pending_since"] = value{"N": parts[2]}
	}
	return start
}

// Apply implements reconcile.Records.
func (s *Store) Apply(ctx context.Context, changes []reconcile.Change) ([]bool, error) {
	applied := make([]bool, len(changes))
	var group errgroup.Group
	group.SetLimit(writesAtOnce)
	for i, c := range changes {
		group.Go(func() (err error) {
			applied[i], err = s.apply(ctx, c)
			return err
		})
	}
	return applied, group.Wait()
}

func (s *Store) apply(ctx context.Context, c reconcile.Change) (applied bool, err error) {
	f := c.Follower
	switch c.Kind {
	case reconcile.Add:
		_, applied, err = s.Follow(ctx, f, follower.Session{EstablishedAt: c.At, EventTime: f.EventTime})
		return applied, err
	case reconcile.Remove:
		return s.unfollow(ctx, f.OpenID, c.At, c.At.Add(follower.TombstoneFor),
			"event_time = :read AND attribute_not_exists(expires_at)", item{":read": seconds(f.EventTime)})
	default:
		return s.check(ctx, f)
	}
}

func (s *Store) check(ctx context.Context, f follower.Follower) (bool, error) {
	u := profileUpdate(f)
	u.assign("checked_at", seconds(f.CheckedAt))
	u.values[":t"] = seconds(f.EventTime)
	stored, err := s.update(ctx, f.OpenID, u, "event_time = :t AND attribute_not_exists(expires_at)")
	if err != nil {
		return false, fmt.Errorf("store a profile: %w", err)
	}
	return stored, nil
}

// Acquire implements reconcile.Checkpoints.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) ([]byte, bool, error) {
	var out struct{ Attributes item }
	err := s.call(ctx, "UpdateItem", request{
		TableName:           s.table,
		Key:                 pack(table.ReconcileKey),
		UpdateExpression:    "SET holder = :holder, lease_until = :until",
		ConditionExpression: "attribute_not_exists(pk) OR holder = :holder OR lease_until <= :now",
		ExpressionAttributeValues: item{
			":holder": text(holder), ":until": seconds(until), ":now": seconds(now),
		},
		ReturnValues: "ALL_NEW",
	}, &out)
	if conditionFailed(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("acquire the lease: %w", err)
	}
	var record table.Reconcile
	if err := unpack(out.Attributes, &record); err != nil {
		return nil, false, fmt.Errorf("acquire the lease: %w", err)
	}
	return record.Saved(), true, nil
}

// Save implements reconcile.Checkpoints.
func (s *Store) Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (bool, error) {
	saved, err := s.updateItem(ctx, table.ReconcileKey, request{
		UpdateExpression:    "SET checkpoint = :checkpoint, lease_until = :until",
		ConditionExpression: "holder = :holder",
		ExpressionAttributeValues: item{
			":holder": text(holder), ":until": seconds(until),
			":checkpoint": text(string(checkpoint)),
		},
	})
	if err != nil {
		return false, fmt.Errorf("save the checkpoint: %w", err)
	}
	return saved, nil
}

// Checkpoint implements reconcile.Checkpoints.
func (s *Store) Checkpoint(ctx context.Context) ([]byte, time.Time, error) {
	var record table.Reconcile
	if err := s.get(ctx, table.ReconcileKey, &record); err != nil {
		return nil, time.Time{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	return record.Saved(), table.Time(record.LeaseUntil), nil
}

// update is an UpdateItem in the making.
type update struct {
	sets, removes []string
	names         map[string]string
	values        item
}

// assign has the attribute set to v, or removed if that is nil.
func (u *update) assign(name string, v value) {
	u.names["#"+name] = name // some are reserved words
	if v == nil {
		u.removes = append(u.removes, "#"+name)
		return
	}
	u.sets = append(u.sets, "#"+name+" = :"+name)
	u.values[":"+name] = v
}

// profileUpdate replaces the profile and its state by f's.
func profileUpdate(f follower.Follower) *update {
	u := &update{names: map[string]string{}, values: item{}}
	record := pack(table.NewFollower(f))
	for _, name := range table.ProfileAttributes {
		u.assign(name, record[name])
	}
	if f.State != follower.Pending {
		u.assign("pending_since", nil)
	}
	return u
}

// update makes u if condition holds, and reports whether it did.
func (s *Store) update(ctx context.Context, openid string, u *update, condition string) (updated bool, err error) {
	expression := "SET " + strings.Join(u.sets, ", ")
	if len(u.removes) > 0 {
		expression += " REMOVE " + strings.Join(u.removes, ", ")
	}
	return s.updateItem(ctx, table.FollowerKey(openid), request{
		UpdateExpression:          expression,
		ConditionExpression:       condition,
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	})
}
