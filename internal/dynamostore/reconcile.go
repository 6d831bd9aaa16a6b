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
	"github.com/guanzhu/guanzhu/pkg/follower"
)

var (
	_ reconcile.Records     = (*Store)(nil)
	_ reconcile.Checkpoints = (*Store)(nil)
)

const (
	batchRecords = 100  // what DynamoDB gives in one BatchGetItem
	partRecords  = 2000 // what one Scan looks at, sessions included
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
	keys := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, openid := range openids {
		keys.Keys = append(keys.Keys, followerKey(openid))
	}
	var found []follower.Follower
	for attempt := 1; ; attempt++ {
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{*s.table: keys},
		})
		if err != nil {
			return nil, err
		}
		for _, record := range out.Responses[*s.table] {
			if f := item(record).follower(); f.OpenID != "" {
				found = append(found, f)
			}
		}
		// The table was too busy for these, or the answer too large.
		keys.Keys = out.UnprocessedKeys[*s.table].Keys
		if len(keys.Keys) == 0 {
			return found, nil
		}
		if err := again(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// Unchecked implements reconcile.Records.
func (s *Store) Unchecked(ctx context.Context, before time.Time, cursor string) ([]follower.Follower, string, error) {
	out, err := s.db.Scan(ctx, &dynamodb.ScanInput{
		TableName: s.table,
		FilterExpression: aws.String("sk = :follower AND attribute_not_exists(expires_at)" +
			" AND (attribute_not_exists(checked_at) OR checked_at < :before)"),
		ExpressionAttributeValues: item{
			":follower": &types.AttributeValueMemberS{Value: "follower"},
			":before":   seconds(before),
		},
		ExclusiveStartKey: cursorKey(cursor),
		Limit:             aws.Int32(partRecords),
		ConsistentRead:    aws.Bool(true),
	})
	if err != nil {
		return nil, "", fmt.Errorf("list followers: %w", err)
	}
	var part []follower.Follower
	for _, record := range out.Items {
		if f := item(record).follower(); f.OpenID != "" { // one that cannot be read is left alone
			part = append(part, f)
		}
	}
	return part, cursorOf(out.LastEvaluatedKey), nil
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
	for _, record := range out.Items {
		openids = append(openids, item(record).string("pk"))
	}
	found, err := s.Find(ctx, openids)
	pending := slices.DeleteFunc(found, func(f follower.Follower) bool { return f.State != follower.Pending })
	return pending, cursorOf(out.LastEvaluatedKey), err
}

// cursorOf is the text of a key at which a scan goes on, "" for none: pk, sk and, of the index, pending_since.
func cursorOf(last item) string {
	if last == nil {
		return ""
	}
	parts := []string{last.string("pk"), last.string("sk")}
	if since, ok := last["pending_since"].(*types.AttributeValueMemberN); ok {
		parts = append(parts, since.Value)
	}
	return strings.Join(parts, "\n")
}

func cursorKey(cursor string) item {
	if cursor == "" {
		return nil
	}
	parts := strings.Split(cursor, "\n")
	start := key(parts[0], parts[1])
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

func reconcileKey() item { return key("#account", "reconcile") }

// Acquire implements reconcile.Checkpoints.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) ([]byte, bool, error) {
	out, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 reconcileKey(),
		UpdateExpression:    aws.String("SET holder = :holder, lease_until = :until"),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR holder = :holder OR lease_until <= :now"),
		ExpressionAttributeValues: item{
			":holder": &types.AttributeValueMemberS{Value: holder}, ":until": seconds(until), ":now": seconds(now),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if conditionFailed(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("acquire the lease: %w", err)
	}
	return item(out.Attributes).checkpoint(), true, nil
}

// Save implements reconcile.Checkpoints.
func (s *Store) Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (bool, error) {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 reconcileKey(),
		UpdateExpression:    aws.String("SET checkpoint = :checkpoint, lease_until = :until"),
		ConditionExpression: aws.String("holder = :holder"),
		ExpressionAttributeValues: item{
			":holder": &types.AttributeValueMemberS{Value: holder}, ":until": seconds(until),
			":checkpoint": &types.AttributeValueMemberS{Value: string(checkpoint)},
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
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: s.table, Key: reconcileKey(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	i := item(out.Item)
	return i.checkpoint(), i.time("lease_until"), nil
}

// checkpoint is nil for none.
func (i item) checkpoint() []byte {
	if saved := i.string("checkpoint"); saved != "" {
		return []byte(saved)
	}
	return nil
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
	record := followerItem(f.Bounded())
	for _, name := range profileAttributes {
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
		Key:                       followerKey(openid),
		UpdateExpression:          aws.String(expression),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	})
	return err
}
