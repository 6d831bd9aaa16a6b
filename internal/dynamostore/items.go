package dynamostore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// item is a DynamoDB item, a key, or the values of an expression, as in DynamoDB's JSON.
type item = map[string]value

// value is the value of an attribute: {"S": "a text"}, {"N": "1"}, {"SS": ["a", "set"]} and so on, with one member each.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
type value = map[string]any

func text(s string) value { return value{"S": s} }

func number(n int64) value { return value{"N": strconv.FormatInt(n, 10)} }

func seconds(t time.Time) value { return number(table.Seconds(t)) }

func set(texts ...string) value { return value{"SS": texts} }

// pack returns a key or a record of package table as an item: the record's JSON, each value with its type.
func pack(record any) item {
	written, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("dynamostore: %T cannot be packed: %v", record, err)) // texts, numbers and lists always can
	}
	var plain map[string]any
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.UseNumber() // of 64 bits
	if err := decoder.Decode(&plain); err != nil {
		panic(fmt.Sprintf("dynamostore: %T is not an item: %v", record, err))
	}
	packed := item{}
	for name, v := range plain {
		packed[name] = typed(v)
		if slices.Contains(table.Sets, name) {
			packed[name] = value{"SS": v}
		}
	}
	return packed
}

// typed returns a value of JSON with its type.
func typed(v any) value {
	switch v := v.(type) {
	case string:
		return text(v)
	case json.Number:
		return value{"N": v.String()}
	case bool:
		return value{"BOOL": v}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = typed(v[i])
		}
		return value{"L": list}
	case map[string]any:
		members := make(map[string]any, len(v))
		for name := range v {
			members[name] = typed(v[name])
		}
		return value{"M": members}
	}
	return value{"NULL": true}
}

// unpack reads packed into a record of package table. Its error is follower.ErrUnreadable.
func unpack(packed item, record any) error {
	plain := make(map[string]any, len(packed))
	for name, v := range packed {
		plain[name] = untyped(v)
	}
	written, err := json.Marshal(plain)
	if err != nil || json.Unmarshal(written, record) != nil {
		return follower.ErrUnreadable
	}
	return nil
}

// untyped is the inverse of typed for a value that DynamoDB has given. It returns nil for a type that no record has.
func untyped(v any) any {
	typed, _ := v.(value)
	for kind, content := range typed {
		switch kind {
		case "S", "BOOL", "SS":
			return content
		case "N":
			digits, _ := content.(string)
			return json.Number(digits)
		case "L":
			list, _ := content.([]any)
			plain := make([]any, len(list))
			for i := range list {
				plain[i] = untyped(list[i])
			}
			return plain
		case "M":
			members, _ := content.(map[string]any)
			plain := make(map[string]any, len(members))
			for name := range members {
				plain[name] = untyped(members[name])
			}
			return plain
		}
	}
	return nil
}

// unpackFollower returns the follower of an item, the zero Follower for a tombstone or no item.
func unpackFollower(packed item) (follower.Follower, error) {
	var record table.Follower
	err := unpack(packed, &record)
	return record.Follower(), err
}

// get reads the item at key into record, which stays as it is if there is none.
func (s *Store) get(ctx context.Context, key table.Key, record any) error {
	var out struct{ Item item }
	if err := s.call(ctx, "GetItem", request{TableName: s.table, Key: pack(key), ConsistentRead: true}, &out); err != nil {
		return err
	}
	return unpack(out.Item, record)
}

// getAll returns the items that there are at keys, at most 100, in no order.
func (s *Store) getAll(ctx context.Context, keys ...table.Key) (found []item, err error) {
	type some struct {
		ConsistentRead bool
		Keys           []item
	}
	left := make([]item, len(keys))
	for i, key := range keys {
		left[i] = pack(key)
	}
	for attempt := 1; ; attempt++ {
		in := map[string]any{"RequestItems": map[string]some{s.table: {true, left}}}
		var out struct {
			Responses       map[string][]item
			UnprocessedKeys map[string]some
		}
		if err := s.call(ctx, "BatchGetItem", in, &out); err != nil {
			return nil, err
		}
		found = append(found, out.Responses[s.table]...)
		// The table was too busy for these, or the answer too large.
		left = out.UnprocessedKeys[s.table].Keys
		if len(left) == 0 {
			return found, nil
		}
		if err := again(ctx, attempt); err != nil {
			return nil, err
		}
	}
}
