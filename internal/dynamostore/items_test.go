package dynamostore

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// TestPack packs each kind of record as the SDK's package attributevalue does, and unpacks it again.
func TestPack(t *testing.T) {
	t.Parallel()
	key, long := table.Key{PK: "o<&>\u2028", SK: "你好 \"\\\n\x01"}, int64(1)<<62+1
	empty := ""
	for _, record := range []any{
		table.Key{PK: "p", SK: "s"},
		table.Follower{Key: key},
		table.Follower{Key: key, OpenID: "o", UnionID: "u", SubscribedAt: long, EventTime: -1, Remark: "r", Tags: []int{1, 2}, Profile: "complete"},
		table.Session{Key: key, EstablishedAt: 1, EventTime: 2, Devices: []string{"1#a", "2#b"}, Tickets: []string{"3#c"}},
		table.Own{Key: key, Version: 1, Values: map[string]string{"a": `{"b":1}`, "c": ""}, Applied: []string{"1#x"}, Forgotten: 3},
		table.Conversation{Key: key, Version: "v", Conversation: conversation.Conversation{
			Jobs: map[string]*conversation.Job{"1#2": {State: "asked", AskedAt: long, Push: &conversation.Push{To: "gh", Text: "t", MsgID: 1<<64 - 1, JSON: true},
				Pages: []string{"one", ""}, Waits: true}, "3#4": nil},
			Served: []conversation.Served{{Push: "p", Job: "j", Page: -1}},
			Turns:  []conversation.Turn{{ID: "i", Question: "q", Answer: "a", At: 5}},
		}, ExpiresAt: 9},
		table.Suggestion{Key: key, Text: &empty, At: 1, Handled: true},
		table.Suggestion{Key: key},
		table.Asked{Key: key, IDs: []string{"a", "b"}, ExpiresAt: 1},
		table.AskedAll{Key: key, Count: 3},
		table.AccessToken{Key: key, Token: "t", ValidUntil: 1, ForcedAt: 2, ForcedCount: 3},
		table.Media{Key: key, Files: media.Record{{}}},
		table.Menu{Key: key, Hash: "h", Errcode: -1},
		table.Reconcile{Key: key, Holder: "h", LeaseUntil: 1, Checkpoint: `{"a":[1]}`},
	} {
		packed := pack(record)
		if diff := cmp.Diff(asSDK(t, record), asRead(t, packed)); diff != "" {
			t.Errorf("%T (-the SDK's +ours):\n%s", record, diff)
		}
		got := reflect.New(reflect.TypeOf(record))
		if err := unpack(asRead(t, packed), got.Interface()); err != nil {
			t.Errorf("%T: %v", record, err)
		}
		if diff := cmp.Diff(record, got.Elem().Interface()); diff != "" {
			t.Errorf("%T (-packed +unpacked):\n%s", record, diff)
		}
	}
}

// asSDK returns the record as the SDK packs it, with lists in place of sets made sets.
func asSDK(t *testing.T, record any) item {
	t.Helper()
	packed, err := attributevalue.MarshalMapWithOptions(record, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		t.Fatal(err)
	}
	all := item{}
	for name, v := range packed {
		all[name] = ofSDK(v)
	}
	for _, name := range table.Sets {
		list, ok := packed[name].(*types.AttributeValueMemberL)
		if !ok {
			continue
		}
		var texts []any
		for _, v := range list.Value {
			texts = append(texts, v.(*types.AttributeValueMemberS).Value)
		}
		all[name] = value{"SS": texts}
	}
	return all
}

func ofSDK(v types.AttributeValue) value {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return value{"S": v.Value}
	case *types.AttributeValueMemberN:
		return value{"N": v.Value}
	case *types.AttributeValueMemberBOOL:
		return value{"BOOL": v.Value}
	case *types.AttributeValueMemberL:
		list := []any{}
		for _, v := range v.Value {
			list = append(list, ofSDK(v))
		}
		return value{"L": list}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, v := range v.Value {
			members[name] = ofSDK(v)
		}
		return value{"M": members}
	case *types.AttributeValueMemberNULL:
		return value{"NULL": true}
	}
	return nil
}

// asRead returns packed as it comes back in DynamoDB's JSON.
func asRead(t *testing.T, packed item) (read item) {
	t.Helper()
	written, err := json.Marshal(packed)
	if err == nil {
		err = json.Unmarshal(written, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// TestUnpackForeign has items that other programs have written.
func TestUnpackForeign(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		item item
		want error
	}{
		"a number for a text":          {item{"openid": value{"N": "1"}}, follower.ErrUnreadable},
		"a text for a number":          {item{"event_time": value{"S": "1"}}, follower.ErrUnreadable},
		"no digits":                    {item{"event_time": value{"N": "x"}}, follower.ErrUnreadable},
		"too large":                    {item{"event_time": value{"N": "9223372036854775808"}}, follower.ErrUnreadable},
		"no whole number":              {item{"event_time": value{"N": "1.5"}}, follower.ErrUnreadable},
		"a list for a text":            {item{"remark": value{"L": []any{}}}, follower.ErrUnreadable},
		"nothing":                      {item{"remark": value{"NULL": true}}, nil},
		"an attribute of the owner's":  {item{"x": value{"B": "AA=="}, "y": value{"NS": []any{"1"}}}, nil},
		"a nested one":                 {item{"x": value{"M": map[string]any{"y": value{"L": []any{value{"BOOL": true}}}}}}, nil},
		"what is no value of DynamoDB": {item{"x": value{"L": "no list"}, "y": value{"M": 1}, "z": nil}, nil},
	} {
		var record table.Follower
		if err := unpack(tt.item, &record); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
