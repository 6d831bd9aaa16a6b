package follower

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// MaxOwn is how much own data about one follower is stored: all names and JSON values together, in bytes.
	MaxOwn = 64 << 10
	// MaxApplied is how many updates by pushes are remembered of one follower.
	MaxApplied = 64
	// AppliedFor is how long an update is remembered, counted from the CreateTime of its push.
	AppliedFor = 48 * time.Hour

	maxOwnName = 64
)

// OwnValue is data of your own about each follower: points, a membership, an address. It is stored as JSON with the
// follower's records, and an unfollow deletes it.
//
//	type Points struct{ Total int }
//
//	var points = follower.Own[Points]("points")
type OwnValue[T any] struct{ name string }

var ownTypes sync.Map // by name, so that no two values share one

// Own returns the value of that name, which has 1 to 64 of the characters a-z, 0-9, _ and -. T is a type that encoding/json can
// write and read. Own panics if the name is wrong or has another type already, so call it for a package's variable: then
// the program does not start.
func Own[T any](name string) OwnValue[T] {
	if name == "" || len(name) > maxOwnName || strings.ContainsFunc(name, notInName) {
		panic(fmt.Sprintf("follower.Own: %q is not a name: use 1 to %d of the characters a-z, 0-9, _ and -", name, maxOwnName))
	}
	t := reflect.TypeFor[T]()
	if other, taken := ownTypes.LoadOrStore(name, t); taken && other != t {
		panic(fmt.Sprintf("follower.Own: %q is of type %v already, and now of %v: choose another name", name, other, t))
	}
	return OwnValue[T]{name}
}

func notInName(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_-", r)
}

// Load returns the follower's value as it is stored, the zero T if there is none or nobody of that openid follows.
func (o OwnValue[T]) Load(ctx context.Context, s *Service, openid string) (value T, err error) {
	data, err := s.Store.Own(ctx, openid)
	if err == nil {
		err = o.read(data, &value)
	}
	return value, err
}

// Update lets change alter the value of p's sender, stores it and returns it. If another write meets this one, change is
// called again with the newer value, so it should do nothing else. If change returns an error, nothing is stored.
//
// Each push changes a value once, however often it is delivered: Update remembers the last MaxApplied updates of a
// follower, for AppliedFor. Updates are made as the pushes arrive. If their order matters, compare p.Time() with a time that
// you keep in the value. Two events of one kind and key in the same second count as one.
//
// Update changes nothing and returns the stored value if the push was applied before, or if it is so old that this cannot
// be known any more. It changes nothing and returns the zero T if the sender has unfollowed or followed again since. A
// sender without a record begins one, as in PersonalLink, if only followers send such a push: a message, or an event with
// a key.
func (o OwnValue[T]) Update(ctx context.Context, s *Service, p wechat.Push, change func(*T) error) (T, error) {
	head, now := p.Common(), s.Now()
	f := Follower{OpenID: head.FromUserName, State: Pending, EventTime: head.Time(), PendingSince: now}
	var begins *Session
	if _, keyed := p.(wechat.Keyed); keyed || head.MsgType != "event" {
		begins = &Session{EstablishedAt: now, EventTime: f.EventTime}
	}
	push := hashed(o.name, identity(p))
	value, err := o.change(ctx, s, f, begins, change, func(data *OwnData) bool {
		return data.apply(push, f.EventTime, now)
	})
	if errors.Is(err, errNotFollowing) {
		err = nil
	}
	return value, err
}

// UpdateFor is Update for a page: there is no push, so it cannot recognise a repetition. If a visitor sends a form twice,
// the value changes twice; keep a number of the form in the value if that matters. UpdateFor returns ErrNotFound if the
// follower has unfollowed meanwhile.
func (o OwnValue[T]) UpdateFor(ctx context.Context, s *Service, openid string, change func(*T) error) (T, error) {
	always := func(*OwnData) bool { return true }
	return o.change(ctx, s, Follower{OpenID: openid}, nil, change, always)
}

var (
	errApplied      = errors.New("the push was applied before")
	errNotFollowing = fmt.Errorf("own data: %w", ErrNotFound) // distinct from the errors that a change may return
)

// change makes the change if applies says so, and returns the value that is then stored.
func (o OwnValue[T]) change(
	ctx context.Context, s *Service, f Follower, begins *Session, change func(*T) error, applies func(*OwnData) bool,
) (T, error) {
	var none, value T
	var refused error
	err := s.Store.ChangeOwn(ctx, f, begins, func(data *OwnData) error {
		value, refused = none, nil // of another try
		if err := o.read(*data, &value); err != nil {
			return err
		}
		if !applies(data) {
			return errApplied
		}
		if refused = change(&value); refused != nil {
			return refused
		}
		return o.write(data, value)
	})
	switch {
	case refused != nil:
		return none, refused
	case errors.Is(err, ErrNotFound):
		return none, errNotFollowing
	case err != nil && !errors.Is(err, errApplied):
		return none, err
	}
	return value, nil
}

// read decodes the value, which is left as it is if there is none. Its error does not quote the value.
func (o OwnValue[T]) read(data OwnData, value *T) error {
	text, ok := data.Values[o.name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return fmt.Errorf("own data %q does not fit %T: %w", o.name, *value, ErrUnreadable)
	}
	return nil
}

func (o OwnValue[T]) write(data *OwnData, value T) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("own data %q: %w", o.name, err)
	}
	if data.Values == nil {
		data.Values = map[string]string{}
	}
	data.Values[o.name] = string(text)
	size := 0
	for name, text := range data.Values {
		size += len(name) + len(text)
	}
	if size > MaxOwn {
		return fmt.Errorf("own data %q: the follower's own data would have %d bytes of JSON, and %d is the limit: keep less of each follower",
			o.name, size, MaxOwn)
	}
	return nil
}

// OwnData is the owner's own data about one follower, as a Store keeps it. The zero OwnData is that of a follower without
// any.
type OwnData struct {
	Version int64             // 1 after the first change, and one more after each
	Values  map[string]string // JSON by name
	// Applied has the CreateTime of each push that was applied lately, by a hash of the push and of the value's name.
	Applied map[string]time.Time
	// Forgotten is the latest CreateTime that was dropped from Applied. A push of that time or earlier that is not in
	// Applied may have been applied.
	Forgotten time.Time
}

// apply remembers the push and reports whether to apply it: not if it was applied before, or may have been.
func (d *OwnData) apply(push string, at, now time.Time) bool {
	if _, applied := d.Applied[push]; applied || !at.After(d.Forgotten) {
		return false
	}
	if d.Applied == nil {
		d.Applied = map[string]time.Time{}
	}
	d.Applied[push] = at
	for len(d.Applied) > 0 {
		oldest := first(d.Applied)
		if len(d.Applied) <= MaxApplied && now.Sub(d.Applied[oldest]) <= AppliedFor {
			break
		}
		if d.Applied[oldest].After(d.Forgotten) {
			d.Forgotten = d.Applied[oldest]
		}
		delete(d.Applied, oldest)
	}
	return true
}

// identity is unique among the sender's pushes. A message is identified by its time and MsgId, an event by its time, kind and
// key, and a text without a MsgId by its content. The identity is a hash, which does not reveal the content.
func identity(p wechat.Push) string {
	parts := []string{fmt.Sprint(p.Common().CreateTime), p.Common().Kind()}
	if m, ok := p.(interface{ MessageID() uint64 }); ok {
		parts = append(parts, fmt.Sprint(m.MessageID()))
	}
	if k, ok := p.(wechat.Keyed); ok {
		parts = append(parts, k.Key())
	}
	if t, ok := p.(*wechat.Text); ok && t.MsgID == 0 {
		parts = append(parts, t.Content)
	}
	return hashed(parts...)
}

// hashed returns a hash of the texts, 16 characters.
func hashed(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
