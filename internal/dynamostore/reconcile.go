package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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
	out, err := s.db.Scan(ctx, &dynamodb.ScanInput{
		TableName: s.table,
		FilterExpression: aws.String("sk = :follower AND attribute_not_exists(expires_at)" +
			" AND (attribute_not_exists(checked_at) OR checked_at < :before)"),
		ExpressionAttributeValues: item{
			":follower": text(table.FollowerSK),
			":before":   seconds(before),
		},
		ExclusiveStartKey: cursorKey(cursor),
		Limit:             aws.Int32(partRecords),
		ConsistentRead:    aws.Bool(true),
	})
	if err != nil {
		return nil, "", fmt.Errorf("list followers: %w", err)
	}
	return readable(out.Items), cursorOf(out.LastEvaluatedKey), nil
}

// Pending implements reconcile.Records. The index holds the pending followers alone, so its scan costs nothing else.
func (s *Store) Pending(ctx context.Context, cursor string) ([]follower.Follower, string, error) {
	out, err := s.db.Scan(ctx, &dynamodb.ScanInput{
		TableName: s.table, IndexName: aws.String("pending"), Limit: aws.Int32(partPending),
		ExclusiveStartKey: cursorKey(cursor),
	})
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
		switch value := last[name].(type) {
		case *types.AttributeValueMemberS:
			parts = append(parts, value.Value)
		case *types.AttributeValueMemberN:
			parts = append(parts, value.Value)
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
		start["pending_since"] = &types.AttributeValueMemberN{Value: parts[2]}
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
	err := s.update(ctx, f.OpenID, u, "event_time = :t AND attribute_not_exists(expires_at)")
	if err != nil && !conditionFailed(err) {
		return false, fmt.Errorf("store a profile: %w", err)
	}
	return err == nil, nil
}

// Acquire implements reconcile.Checkpoints.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) ([]byte, bool, error) {
	out, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 pack(table.ReconcileKey),
		UpdateExpression:    aws.String("SET holder = :holder, lease_until = :until"),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR holder = :holder OR lease_until <= :now"),
		ExpressionAttributeValues: item{
			":holder": text(holder), ":until": seconds(until), ":now": seconds(now),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
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
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 pack(table.ReconcileKey),
		UpdateExpression:    aws.String("SET checkpoint = :checkpoint, lease_until = :until"),
		ConditionExpression: aws.String("holder = :holder"),
		ExpressionAttributeValues: item{
			":holder": text(holder), ":until": seconds(until),
			":checkpoint": text(string(checkpoint)),
		},
	})
	if conditionFailed(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("save the checkpoint: %w", err)
	}
	return true, nil
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

// assign has the attribute set to value, or removed if that is nil.
func (u *update) assign(name string, value types.AttributeValue) {
	u.names["#"+name] = name // some are reserved words
	if value == nil {
		u.removes = append(u.removes, "#"+name)
		return
	}
	u.sets = append(u.sets, "#"+name+" = :"+name)
	u.values[":"+name] = value
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

func (s *Store) update(ctx context.Context, openid string, u *update, condition string) error {
	expression := "SET " + strings.Join(u.sets, ", ")
	if len(u.removes) > 0 {
		expression += " REMOVE " + strings.Join(u.removes, ", ")
	}
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 s.table,
		Key:                       pack(table.FollowerKey(openid)),
		UpdateExpression:          aws.String(expression),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	})
	return err
}
