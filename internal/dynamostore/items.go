package dynamostore

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// item is a DynamoDB item, or the values of an expression. What is empty or zero is not stored: the setters leave it
// out and the getters give the zero value for what is not there.
type item map[string]types.AttributeValue

func key(pk, sk string) item {
	return item{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

func (i item) setString(name, s string) {
	if s != "" {
		i[name] = &types.AttributeValueMemberS{Value: s}
	}
}

func (i item) setTime(name string, t time.Time) {
	if !t.IsZero() {
		i[name] = seconds(t)
	}
}

func (i item) setNumbers(name string, numbers []int) {
	if len(numbers) == 0 {
		return
	}
	list := &types.AttributeValueMemberL{}
	for _, n := range numbers {
		list.Value = append(list.Value, number(int64(n)))
	}
	i[name] = list
}

func (i item) string(name string) string {
	s, ok := i[name].(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

func (i item) int(name string) int64 { return toInt(i[name]) }

func (i item) time(name string) time.Time {
	n := i.int(name)
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func (i item) numbers(name string) []int {
	list, ok := i[name].(*types.AttributeValueMemberL)
	if !ok {
		return nil
	}
	var numbers []int
	for _, n := range list.Value {
		numbers = append(numbers, int(toInt(n)))
	}
	return numbers
}

func (i item) bool(name string) bool {
	b, ok := i[name].(*types.AttributeValueMemberBOOL)
	return ok && b.Value
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// seconds is the stored form of a time. TTL, too, wants seconds.
func seconds(t time.Time) types.AttributeValue { return number(t.Unix()) }

func toInt(v types.AttributeValue) int64 {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	value, _ := strconv.ParseInt(n.Value, 10, 64) // only this package writes them
	return value
}

func followerKey(openid string) item { return key(openid, "follower") }
func sessionKey(openid string) item  { return key(openid, "session") }
func accessTokenKey() item           { return key("#account", "access-token") }

// profileAttributes are those that Complete replaces.
var profileAttributes = []string{
	"unionid", "language", "scene", "qr_scene", "remark", "tags", "subscribed_at", "profile",
}

func followerItem(f follower.Follower) item {
	i := followerKey(f.OpenID)
	i.setString("openid", f.OpenID)
	i.setString("unionid", f.UnionID)
	i.setString("language", f.Language)
	i.setString("scene", f.Scene)
	i.setString("qr_scene", f.QRScene)
	i.setString("remark", f.Remark)
	i.setNumbers("tags", f.Tags)
	i.setTime("subscribed_at", f.SubscribedAt)
	i.setString("profile", string(f.State))
	i.setTime("event_time", f.EventTime)
	if f.State == follower.Pending {
		i.setTime("pending_since", f.PendingSince)
	}
	i.setTime("checked_at", f.CheckedAt)
	return i
}

// follower is the zero Follower for no item and for a tombstone.
func (i item) follower() follower.Follower {
	if i == nil || i.tombstone() {
		return follower.Follower{}
	}
	return follower.Follower{
		OpenID: i.string("pk"),
		Profile: follower.Profile{
			UnionID:      i.string("unionid"),
			Language:     i.string("language"),
			Scene:        i.string("scene"),
			QRScene:      i.string("qr_scene"),
			Remark:       i.string("remark"),
			Tags:         i.numbers("tags"),
			SubscribedAt: i.time("subscribed_at"),
		},
		State:        follower.ProfileState(i.string("profile")),
		EventTime:    i.time("event_time"),
		PendingSince: i.time("pending_since"),
		CheckedAt:    i.time("checked_at"),
	}
}

func (i item) tombstone() bool { return i["expires_at"] != nil }

func sessionItem(openid string, s follower.Session) item {
	i := sessionKey(openid)
	i.setTime("established_at", s.EstablishedAt)
	i.setTime("event_time", s.EventTime)
	i.setUntils("devices", s.Devices)
	i.setUntils("tickets", s.Tickets)
	i.setUntils("used_tickets", s.UsedTickets)
	return i
}

func (i item) session() follower.Session {
	return follower.Session{
		EstablishedAt: i.time("established_at"),
		EventTime:     i.time("event_time"),
		Devices:       i.untils("devices"),
		Tickets:       i.untils("tickets"),
		UsedTickets:   i.untils("used_tickets"),
	}
}

// sessionAttributes are those by which a session is known to be unchanged.
var sessionAttributes = []string{"event_time", "established_at", "devices", "tickets", "used_tickets"}

// setUntils stores hashes as a set, since an update can add to a set that is not there yet.
func (i item) setUntils(name string, hashes map[string]time.Time) {
	if len(hashes) > 0 {
		i[name] = &types.AttributeValueMemberSS{Value: follower.Entries(hashes)}
	}
}

func (i item) untils(name string) map[string]time.Time {
	set, ok := i[name].(*types.AttributeValueMemberSS)
	if !ok {
		return nil
	}
	return follower.ParseEntries(set.Value)
}

func suggestionItem(s follower.Suggestion) item {
	i := key(follower.SuggestionsKey(s.At), s.Key())
	i["text"] = &types.AttributeValueMemberS{Value: s.Text}
	i["handled"] = &types.AttributeValueMemberBOOL{Value: s.Handled}
	i.setTime("at", s.At)
	i.setTime("expires_at", s.ExpiresAt)
	return i
}

// suggestion is follower.ErrUnreadable for what is none.
func (i item) suggestion() (follower.Suggestion, error) {
	s, err := follower.ParseSuggestionKey(i.string("sk"))
	if text, ok := i["text"].(*types.AttributeValueMemberS); ok && err == nil {
		s.Text, s.Handled, s.ExpiresAt = text.Value, i.bool("handled"), i.time("expires_at")
		return s, nil
	}
	return follower.Suggestion{}, follower.ErrUnreadable
}
