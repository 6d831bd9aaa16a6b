// Package dynamostore keeps followers in one DynamoDB table with the keys pk and sk. What a push does is one request;
// the conditions that put events in order are part of it, so nothing is read before it is written. Only changes of a
// session, a personal link's among them, read first (session.go).
package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store is a follower.Store in DynamoDB. It is safe for concurrent use, by any number of processes.
//
// What may pass (throttling, a conflict of transactions, a server error, a connection cut or stalled) is tried again
// until ctx ends or its retries are used up (follower.WithRetries), so every ctx must have a deadline. What cannot pass (no such table, no permission) is returned at
// once. Errors hold neither openids nor texts, but an error found by errors.As may carry an item: do not print that.
type Store struct {
	db    *dynamodb.Client
	table *string
	now   func() time.Time
}

// Options say where the table is.
type Options struct {
	Table    string           // the table's name
	Endpoint string           // URL, for example of DynamoDB Local; empty for AWS's own in the config's region
	Now      func() time.Time // by which tombstones and suggestions expire
}

// New returns a Store with connections of its own. It makes no request. Of cfg it takes the region, the credentials
// and what observes requests; how they are sent and tried again is the Store's own.
func New(cfg aws.Config, o Options) *Store {
	return newStore(cfg, o, attemptTimeout)
}

func newStore(cfg aws.Config, o Options, timeout time.Duration) *Store {
	db := dynamodb.NewFromConfig(cfg, func(d *dynamodb.Options) {
		if o.Endpoint != "" {
			d.BaseEndpoint = aws.String(o.Endpoint)
		}
		d.HTTPClient = httpClient(timeout)
		d.Retryer = newPatient()
		d.RetryMaxAttempts = 0 // otherwise it would limit the Retryer
		d.APIOptions = append(d.APIOptions, tellDurations)
	})
	return &Store{db, aws.String(o.Table), o.Now}
}

// Follow implements follower.Store.
func (s *Store) Follow(
	ctx context.Context, f follower.Follower, session follower.Session,
) (stored follower.Follower, applied bool, err error) {
	f = f.Bounded()
	refused, err := s.writePair(ctx, f.OpenID,
		s.put(followerItem(f), "attribute_not_exists(event_time) OR event_time < :t OR expires_at <= :now",
			item{":t": seconds(f.EventTime), ":now": seconds(s.now())}),
		s.put(sessionItem(f.OpenID, session), "", nil))
	if err != nil {
		return follower.Follower{}, false, fmt.Errorf("store a follow: %w", err)
	}
	if standing, ok := refused[0]; ok {
		return standing.follower(), false, nil
	}
	return followerItem(f).follower(), true, nil
}

// writePair is transact for the records of one openid.
func (s *Store) writePair(ctx context.Context, openid string, writes ...types.TransactWriteItem) (map[int]item, error) {
	if !wechat.IsOpenID(openid) {
		return nil, follower.ErrOpenID
	}
	return s.transact(ctx, writes...)
}

// Complete implements follower.Store.
func (s *Store) Complete(ctx context.Context, f follower.Follower) error {
	u := profileUpdate(f)
	u.values[":t"] = seconds(f.EventTime)
	u.values[":pending"] = &types.AttributeValueMemberS{Value: string(follower.Pending)}
	err := s.update(ctx, f.OpenID, u, "event_time = :t AND #profile = :pending")
	if err != nil && !conditionFailed(err) {
		return fmt.Errorf("complete a profile: %w", err)
	}
	return nil
}

// Unfollow implements follower.Store.
func (s *Store) Unfollow(ctx context.Context, openid string, at, expires time.Time) error {
	_, err := s.unfollow(ctx, openid, at, expires, "attribute_not_exists(event_time) OR event_time < :t"+
		" OR (event_time = :t AND attribute_not_exists(expires_at)) OR expires_at <= :now",
		item{":t": seconds(at), ":now": seconds(s.now())})
	return err
}

// unfollow leaves the tombstone alone if condition holds, and reports whether it did.
func (s *Store) unfollow(
	ctx context.Context, openid string, at, expires time.Time, condition string, values item,
) (applied bool, err error) {
	tombstone := followerKey(openid)
	tombstone.setTime("event_time", at)
	tombstone.setTime("expires_at", expires)
	refused, err := s.writePair(ctx, openid, s.put(tombstone, condition, values),
		types.TransactWriteItem{Delete: &types.Delete{TableName: s.table, Key: sessionKey(openid)}})
	if err != nil {
		return false, fmt.Errorf("store an unfollow: %w", err)
	}
	return len(refused) == 0, nil
}

// AddSuggestion implements follower.Store. In one transaction it puts the suggestion and counts it: the count is a set
// of ids, so that it is the same however often the push is delivered.
func (s *Store) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (kept bool, err error) {
	id := &types.AttributeValueMemberS{Value: suggestion.ID()}
	refused, err := s.transact(ctx,
		s.put(suggestionItem(suggestion.Bounded()), "attribute_not_exists(pk)", nil),
		types.TransactWriteItem{Update: &types.Update{
			TableName:           s.table,
			Key:                 key(follower.SuggestedKey(suggestion.At), suggestion.FollowerHash),
			UpdateExpression:    aws.String("ADD ids :ids SET expires_at = :until"),
			ConditionExpression: aws.String("attribute_not_exists(ids) OR size(ids) < :max OR contains(ids, :id)"),
			ExpressionAttributeValues: item{
				":ids":   &types.AttributeValueMemberSS{Value: []string{id.Value}},
				":id":    id,
				":max":   number(follower.MaxSuggestions),
				":until": seconds(follower.SuggestedUntil(suggestion.At)),
			},
		}})
	if err != nil {
		return false, fmt.Errorf("store a suggestion: %w", err)
	}
	_, there := refused[0]
	return there || len(refused) == 0, nil
}

// read returns the follower's record and the session of openid, each empty if there is none. It reads these two alone,
// strongly consistently.
func (s *Store) read(ctx context.Context, openid string) (record, session item, err error) {
	wanted := map[string]types.KeysAndAttributes{*s.table: {
		Keys:           []map[string]types.AttributeValue{followerKey(openid), sessionKey(openid)},
		ConsistentRead: aws.Bool(true),
	}}
	for attempt := 1; ; attempt++ {
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: wanted})
		if err != nil {
			return nil, nil, err
		}
		for _, found := range out.Responses[*s.table] {
			if i := item(found); i.string("sk") == "follower" {
				record = i
			} else {
				session = i
			}
		}
		if wanted = out.UnprocessedKeys; len(wanted) == 0 {
			return record, session, nil
		}
		if err := again(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// Lookup returns the follower and its session, the zero Session if there is none; follower.ErrNotFound for one who does
// not follow, and without a request for what is no openid. An unfollow that is stored has ended both.
func (s *Store) Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error) {
	err := follower.ErrNotFound
	var record, session item
	if wechat.IsOpenID(openid) {
		record, session, err = s.read(ctx, openid)
	}
	f := record.follower()
	if err == nil && f.EventTime.IsZero() {
		err = follower.ErrNotFound
	}
	if err != nil {
		return follower.Follower{}, follower.Session{}, fmt.Errorf("look up a follower: %w", err)
	}
	return f, session.session(), nil
}

// Suggestions returns those of month's month in China time that have not expired, oldest first, and how many records
// there cannot be read.
func (s *Store) Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error) {
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName:              s.table,
		KeyConditionExpression: aws.String("pk = :pk"),
		FilterExpression:       aws.String("attribute_not_exists(expires_at) OR expires_at > :now"),
		ExpressionAttributeValues: item{
			":pk":  &types.AttributeValueMemberS{Value: follower.SuggestionsKey(month)},
			":now": seconds(s.now()),
		},
		ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("list suggestions: %w", err)
		}
		for _, record := range page.Items {
			suggestion, err := item(record).suggestion()
			if err != nil {
				unreadable++
				continue
			}
			all = append(all, suggestion)
		}
	}
	return all, unreadable, nil
}

// MarkHandled marks the suggestion of s's time, MsgID and writer as handled, and reports whether there is one that has
// not expired; otherwise nothing is written. One that is handled already stays as it is.
func (s *Store) MarkHandled(ctx context.Context, suggestion follower.Suggestion) (found bool, err error) {
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 key(follower.SuggestionsKey(suggestion.At), suggestion.Key()),
		UpdateExpression:    aws.String("SET handled = :true"),
		ConditionExpression: aws.String("attribute_exists(pk) AND expires_at > :now"),
		ExpressionAttributeValues: item{
			":true": &types.AttributeValueMemberBOOL{Value: true},
			":now":  seconds(s.now()),
		},
	})
	if err != nil && !conditionFailed(err) {
		return false, fmt.Errorf("mark a suggestion: %w", err)
	}
	return err == nil, nil
}

// AccessToken returns the stored token, the zero AccessToken if there is none. It reads strongly consistently.
func (s *Store) AccessToken(ctx context.Context) (wechat.AccessToken, error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      s.table,
		Key:            accessTokenKey(),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return wechat.AccessToken{}, fmt.Errorf("read the access token: %w", err)
	}
	i := item(out.Item)
	return wechat.AccessToken{
		Value:       i.string("token"),
		ValidUntil:  i.time("valid_until"),
		ForcedAt:    i.time("forced_at"),
		ForcedCount: int(i.int("forced_count")),
	}, nil
}

// SaveAccessToken stores the token and keeps the mark of the last forced refresh.
func (s *Store) SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                s.table,
		Key:                      accessTokenKey(),
		UpdateExpression:         aws.String("SET #token = :token, valid_until = :until"),
		ExpressionAttributeNames: map[string]string{"#token": "token"}, // a reserved word
		ExpressionAttributeValues: item{
			":token": &types.AttributeValueMemberS{Value: value},
			":until": seconds(validUntil),
		},
	})
	if err != nil {
		return fmt.Errorf("store the access token: %w", err)
	}
	return nil
}

// MarkForced stores mark's ForcedAt and ForcedCount if the stored ForcedAt is still was's, and reports whether it was.
// Of several callers with the same was, at most one gets true: none if the answer to the one who won was lost, since
// the mark it then finds might be another's of the same second. Nobody forces then, until the next mark.
func (s *Store) MarkForced(ctx context.Context, was, mark wechat.AccessToken) (bool, error) {
	values := item{":at": seconds(mark.ForcedAt), ":count": number(int64(mark.ForcedCount))}
	condition := "attribute_not_exists(forced_at)"
	if !was.ForcedAt.IsZero() {
		condition = "forced_at = :was"
		values[":was"] = seconds(was.ForcedAt)
	}
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 s.table,
		Key:                       accessTokenKey(),
		UpdateExpression:          aws.String("SET forced_at = :at, forced_count = :count"),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeValues: values,
	})
	if err != nil && !conditionFailed(err) {
		return false, fmt.Errorf("mark a forced refresh: %w", err)
	}
	return err == nil, nil
}

func conditionFailed(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed)
}
